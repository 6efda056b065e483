"""Readers of files from elsewhere, one under seeded damage in a process of its own.

`python fuzzed_readers.py READER SECONDS FOLDER [FIRST]` damages inputs of its own, case by case
from FIRST on, and prints a line for each case that ends in anything but a value or an `RfmaeError`
of one line. A case of more than ten seconds ends the process; `FOLDER/case.txt` names it. Memory
beyond a gigabyte is a MemoryError, and writing outside of FOLDER an error, too.
"""

import faulthandler
import json
import os
import pickle
import resource
import shutil
import sys
import time
import traceback
import warnings
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from damage import mutated

from rfmae.errors import RfmaeError

TESTS = Path(__file__).parents[1]
ROOMS = ("", "imports", "captures", "reporting")  # whose helpers make the inputs
LONGEST_S = 10
MOST_MEMORY = 1 << 30
LONGEST_ERROR = 1700  # characters
RECIPE = """
schema = 1
name = "tiny"
about = "A few short examples."
seed = 7
source.modulations = ["BPSK", "16QAM", "GMSK"]
source.symbols_per_example = 64
source.samples_per_symbol = 2
source.receiver.observe = "both"
source.channel.snr = "0:10:10"
source.channel.carrier_offset_turns_per_symbol = [-0.001, 0.001]
image.size = 32
splits = { train = 2, validation = 1, test = 1 }
"""
IQ = np.exp(0.7j * np.arange(512)).astype(np.complex64)


@dataclass(frozen=True, slots=True)
class Reader:
    """`make` fills a folder, one of whose files is damaged, and `read` opens what belongs to it."""

    make: Callable[[Path], None]
    read: Callable[[Path, Path], None]  # the damaged file, a place for what is made of it
    patterns: tuple[str, ...] = ("*",)


# recipes and data sets -----------------------------------------------------------------------


def make_recipes(folder: Path) -> None:
    from rfmae.datasets.recipe import known_recipes, load_recipe, recipe_to_toml

    for name, path in known_recipes().items():
        shutil.copy(path, folder / f"{name}.toml")
        (folder / f"{name}-resolved.toml").write_text(recipe_to_toml(load_recipe(name)))


def read_recipe(path: Path, _: Path) -> None:
    from rfmae.datasets.cards import dataset_card
    from rfmae.datasets.recipe import load_recipe, parse_recipe, recipe_to_toml

    recipe = load_recipe(path)
    dataset_card(recipe)
    assert parse_recipe(recipe_to_toml(recipe)) == recipe, "its TOML is another recipe"


def make_dataset(folder: Path) -> None:
    from rfmae.datasets.recipe import parse_recipe
    from rfmae.datasets.store import write_dataset

    write_dataset(parse_recipe(RECIPE), folder / "data")
    without(folder / "data" / "card.json", "card_sha256")


def without(card: Path, key: str) -> None:
    """Without its hash, as in cards of older versions, an edit is not refused at once."""
    content = json.loads(card.read_text())
    content.pop(key)
    card.write_text(json.dumps(content))


def read_dataset(path: Path, _: Path) -> None:
    from rfmae.datasets.recipe import SPLITS
    from rfmae.datasets.store import open_dataset
    from rfmae.workflows.inspect.inspecting import show

    show(path.parent)
    dataset = open_dataset(path.parent)
    assert dataset.image.size
    assert dataset.modalities
    for split in SPLITS:
        dataset.labels(split)
        dataset.sampled(split)
        for view in dataset.views:
            dataset.read_observed(split, view=view)
            with suppress(RfmaeError):  # each is a reader of its own
                dataset.snr_estimator(view)
            with suppress(RfmaeError):
                dataset.read(split, view=view)


# public data sets, arrays --------------------------------------------------------------------


def make_public(folder: Path) -> None:
    from miniatures import python2_pickle, radioml_cells, write_hisarmod, write_radioml2018

    rng = np.random.default_rng(1)
    cells = radioml_cells(rng)
    for protocol in (0, 2):
        (folder / f"protocol-{protocol}.pkl").write_bytes(python2_pickle(cells, protocol))
    (folder / "python-3.pkl").write_bytes(pickle.dumps(cells, protocol=4))
    write_radioml2018(folder / "2018.h5", rng)
    write_hisarmod(folder / "hisarmod", rng)


def make_pickles(folder: Path) -> None:
    make_public(folder)
    shutil.rmtree(folder / "hisarmod")
    (folder / "2018.h5").unlink()


def make_tables(folder: Path) -> None:
    make_public(folder)
    for path in folder.glob("*.pkl"):
        path.unlink()


def read_import(path: Path, out: Path) -> None:
    from rfmae.workflows.importing import import_dataset
    from rfmae.workflows.inspect.inspecting import show

    inside = next((part for part in path.parents if part.name == "hisarmod"), None)
    source = inside or path
    with suppress(RfmaeError):
        show(source)
    import_dataset(source, out / "imported", out)


def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    iq = (rng.normal(size=(40, 32)) + 1j * rng.normal(size=(40, 32))).astype(np.complex64)
    label = np.tile(np.array(["QPSK", "BPSK"]), 20)
    return {"iq": iq, "label": label, "snr": np.repeat(np.arange(4.0), 10)}


def make_numpy(folder: Path) -> None:
    held = arrays()
    numbers = {**held, "label": np.tile([0, 1], 20)}
    np.savez(folder / "stored.npz", **held)
    np.savez_compressed(folder / "packed.npz", **numbers)
    np.save(folder / "iq.npy", held["iq"])
    np.save(folder / "wide.npy", np.stack([held["iq"].real, held["iq"].imag], axis=1))
    np.save(folder / "label.npy", numbers["label"])
    (folder / "snr.csv").write_text("snr\n" + "".join(f"{item}\n" for item in held["snr"]))
    (folder / "label.json").write_text(json.dumps(held["label"].tolist()))


def make_matlab(folder: Path) -> None:
    import scipy.io
    from test_array_source import write_mat_73

    held = arrays()
    numbers = {**held, "label": np.tile([0, 1], 20)}
    scipy.io.savemat(folder / "stored.mat", held)
    scipy.io.savemat(folder / "packed.mat", numbers, do_compression=True)
    cell = {**held, "label": held["label"].astype(object)}
    scipy.io.savemat(folder / "cells.mat", cell)
    scipy.io.savemat(folder / "struct.mat", {"set": cell})
    write_mat_73(folder / "version-73.mat", held["iq"])


def make_containers(folder: Path) -> None:
    """HDF5 with words and groups, a pickle of a dictionary, one of keys, and tensors."""
    import h5py
    import torch

    held = arrays()
    with h5py.File(folder / "words.h5", "w") as file:
        file["X"], file["snr"] = held["iq"], held["snr"]
        file.create_dataset("y", data=held["label"].astype(object), dtype=h5py.string_dtype())
    with h5py.File(folder / "groups.h5", "w") as file:
        for name in ("QPSK", "BPSK"):
            file[f"{name}/10dB"] = held["iq"][held["label"] == name]
    words = {"X": held["iq"], "y": held["label"].tolist(), "z": held["snr"]}
    (folder / "words.pkl").write_bytes(pickle.dumps(words, 4))
    keys = {(name, 2): held["iq"][held["label"] == name] for name in ("QPSK", "BPSK")}
    (folder / "keys.pkl").write_bytes(pickle.dumps(keys, 2))
    tensors = {"X": torch.from_numpy(held["iq"]), "y": words["y"]}
    torch.save(tensors, folder / "tensors.pt")


def read_arrays(path: Path, out: Path) -> None:
    from rfmae.imports.arrays.array_source import ArrayOptions
    from rfmae.imports.opening import SourceOptions
    from rfmae.workflows.importing import import_dataset
    from rfmae.workflows.inspect.inspecting import show

    beside = {name: path.parent / name for name in ("label.npy", "label.json", "snr.csv")}
    with suppress(RfmaeError):
        show(path)
    if path.suffix in (".npz", ".mat") and "73" not in path.stem:
        options = SourceOptions(arrays=ArrayOptions(classes=("QPSK", "BPSK")))
        import_dataset(path, out / "imported", out, options=options)
        return
    if not beside["label.npy"].exists():
        make_numpy(path.parent)
    iq = path if path.name not in beside else path.parent / "iq.npy"
    for name in ("label.npy", "label.json"):
        given = () if name.endswith("json") else ("QPSK", "BPSK")
        with suppress(RfmaeError):
            options = ArrayOptions(labels=beside[name], snr=beside["snr.csv"], classes=given)
            import_dataset(iq, out / name, out, options=SourceOptions(arrays=options))


# recordings ----------------------------------------------------------------------------------


def make_sigmf(folder: Path) -> None:
    from sigmf import fromfile

    from rfmae.captures.reading import Annotation
    from rfmae.captures.sigmf_writing import write_sigmf

    marks = [Annotation(10, 20, "QPSK")]
    path = write_sigmf(folder / "pair", IQ, sample_rate_hz=48e3, annotations=marks)
    fromfile(path).archive(str(folder / "archive.sigmf"))
    content = json.loads(path.read_text())
    del content["global"]["core:sha512"]
    content["captures"].append(
        {
            "core:sample_start": 100,
            "core:frequency": 1e6,
            "core:header_bytes": 0,
            "core:datetime": "2026-01-01T00:00:00Z",
        }
    )
    content["global"]["core:dataset"] = "pair.sigmf-data"
    (folder / "other.sigmf-meta").write_text(json.dumps(content))


def make_wav(folder: Path) -> None:
    from scipy.io import wavfile
    from test_wav import riff

    parts = np.stack([IQ.real, IQ.imag], -1)
    for kind, scale in (("u1", 60), ("<i2", 3e4), ("<i4", 1e9), ("<f4", 1), ("<f8", 1)):
        offset = 128 if kind == "u1" else 0
        wavfile.write(folder / f"{kind[-2:]}.wav", 48000, (parts * scale + offset).astype(kind))
    (folder / "24.wav").write_bytes(riff(bytes(range(240)), depth=24))


def make_raw(folder: Path) -> None:
    parts = np.stack([IQ.real, IQ.imag], -1).ravel()
    names = {
        "a.cf32": ("<f4", 1),
        "a.cs16": ("<i2", 3e4),
        "a.iq": ("<f4", 1),
        "gqrx_20260101_000000_433920000_1800000_fc.raw": ("<f4", 1),
        "g001_433.92M_250k.cu8": ("u1", 60),
    }
    for name, (kind, scale) in names.items():
        (folder / name).write_bytes((parts * scale + (128 if kind == "u1" else 0)).astype(kind))


def read_recording(path: Path, _: Path) -> None:
    from rfmae.captures.read_options import ReadOptions
    from rfmae.captures.reading import read_capture
    from rfmae.captures.sigmf_annotating import write_annotated
    from rfmae.workflows.inspect.inspecting import show

    raw = path.suffix not in (".wav", ".sigmf") and not path.suffix.startswith(".sigmf-")
    rate = 1e6 if raw and "_" not in path.name else None
    (path.parent / "new.sigmf-meta").unlink(missing_ok=True)
    with suppress(RfmaeError):
        show(path, ReadOptions(sample_rate_hz=rate))
    with suppress(RfmaeError):
        read_capture(path, sample_rate_hz=rate, first_sample=100, count=50)
    capture = read_capture(path, sample_rate_hz=rate)
    with suppress(RfmaeError):
        write_annotated(capture, [], path.with_name("new.sigmf-meta"))


# networks ------------------------------------------------------------------------------------


def small_data(folder: Path):
    from rfmae.datasets.recipe import parse_recipe
    from rfmae.datasets.store import write_dataset

    return write_dataset(parse_recipe(RECIPE), folder)


def make_runs(folder: Path) -> None:
    from rfmae.api import finetune, pretrain
    from rfmae.workflows.learning.baselines import train_baseline

    data = small_data(folder / "data")
    small = {"preset": "tiny", "epochs": 1, "device": "cpu"}
    pretrain(data, out=folder / "pretrained", network="vit", **small)
    pretrain(data, out=folder / "rings", network="rings", method="denoiser", **small)
    finetune(data, out=folder / "classifier", network="cnn", epochs=1, device="cpu")
    finetune(data, out=folder / "vit", preset="tiny", epochs=1, device="cpu")
    train_baseline(data, "histogram", folder / "baseline")
    for card in folder.glob("*/checkpoints/*/card.json"):
        without(card, "weights_sha256")


def read_run(path: Path, _: Path) -> None:
    from rfmae.inference import load_classifier, load_denoiser, load_encoder
    from rfmae.training.run_folder import RunFolder
    from rfmae.workflows.inspect.inspecting import show

    folder = next(part for part in path.parents if part.parent.name == "work")
    with suppress(RfmaeError):
        show(folder)
    shown = IQ[None, :64]
    if folder.name == "baseline":
        from rfmae.baselines.files import load_baseline

        load_baseline(folder)({"symbols": shown, "waveform": shown})
        return
    with suppress(RfmaeError):
        RunFolder(folder).load_last()
    with suppress(RfmaeError):
        RunFolder(folder).metrics()
    with suppress(RfmaeError):
        assert RunFolder(folder).numerics is not None or True
    with suppress(RfmaeError):
        encode = load_encoder(folder, device="cpu")
        encode(shown)
    if folder.name in ("classifier", "vit"):
        load_classifier(folder, device="cpu").answer(shown[0])
    else:
        denoise = load_denoiser(folder, device="cpu")
        denoise(denoise.inputs(shown))


def read_resumed(path: Path, _: Path) -> None:
    from rfmae.api import finetune, pretrain
    from rfmae.datasets.store import open_dataset

    folder = next(part for part in path.parents if part.parent.name == "work")
    data = open_dataset(folder.parent / "data")
    again = {"out": folder, "epochs": 1, "device": "cpu", "resume": True}
    if folder.name == "classifier":
        finetune(data, network="cnn", **again)
    elif folder.name == "vit":
        finetune(data, preset="tiny", **again)
    else:
        rings = {"network": "rings", "method": "denoiser"}
        extra = rings if folder.name == "rings" else {"network": "vit"}
        pretrain(data, preset="tiny", **extra, **again)


def make_reports(folder: Path) -> None:
    from less_work import no_figures
    from sample_reports import all_answers, sample_report

    from rfmae.reporting.folder import write_report

    with no_figures():
        write_report(sample_report(), folder / "report", all_answers())


def read_reports(path: Path, out: Path) -> None:
    from less_work import no_figures

    from rfmae.workflows.report_jobs import report

    with no_figures():
        report([path.parent if path.parent.name != "answers" else path.parents[1]], out / "again")


READERS = {
    "recipes": Reader(make_recipes, read_recipe),
    "cards": Reader(make_dataset, read_dataset, ("card.json",)),
    "splits": Reader(make_dataset, read_dataset, ("*.h5",)),
    "pickles": Reader(make_pickles, read_import),
    "tables": Reader(make_tables, read_import),
    "numpy": Reader(make_numpy, read_arrays),
    "matlab": Reader(make_matlab, read_arrays),
    "containers": Reader(make_containers, read_import),
    "sigmf": Reader(make_sigmf, read_recording),
    "wav": Reader(make_wav, read_recording),
    "raw": Reader(make_raw, read_recording),
    "checkpoints": Reader(
        make_runs, read_run, ("*.json", "*.jsonl", "*.safetensors", "*.pt", "*.npz")
    ),
    "states": Reader(make_runs, read_resumed, ("checkpoints/*/*", "metrics.jsonl", "best.json")),
    "reports": Reader(make_reports, read_reports, ("report.json", "card.json", "*.npz")),
}
"""All that opens files which others may have written."""


# the process ---------------------------------------------------------------------------------


def stay_inside(folder: Path) -> None:
    """Raise where Python writes, renames or removes outside of a folder, or starts a program."""
    os.chdir(folder)
    allowed = (str(folder), "/dev/null")
    changes = {
        "os.rename",
        "os.remove",
        "os.mkdir",
        "os.rmdir",
        "os.link",
        "os.symlink",
        "shutil.rmtree",
        "os.truncate",
        "os.chmod",
    }

    def hook(event: str, arguments: tuple) -> None:
        writes = (
            event == "open"
            and isinstance(arguments[0], str | bytes)
            and (
                (isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"))
                or (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR))
            )
        )
        if writes or event in changes:
            where = str(Path(os.fsdecode(arguments[0])).absolute())
            # a name that is relative to an open folder is relative here, too
            if not where.startswith(allowed) and "__pycache__" not in where:
                raise AssertionError(f"{event} outside: {where}")
        if event in ("subprocess.Popen", "os.exec", "os.system", "os.fork", "os.posix_spawn"):
            raise AssertionError(f"{event} {arguments[:1]}")

    sys.addaudithook(hook)


def limit_memory() -> None:
    """At most a gigabyte more than now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def damageable(reader: Reader, whole: Path) -> list[Path]:
    found = {path for pattern in reader.patterns for path in whole.rglob(pattern)}
    data = {
        path
        for path in found
        if "data" in path.relative_to(whole).parts
        and len({part.name for part in whole.iterdir()}) > 1
    }
    return sorted(path for path in found - data if path.is_file())


def case(reader: Reader, name: str, number: int, whole: Path, home: Path) -> str:
    """One damaged input; what is wrong with how it was read, or nothing."""
    rng = np.random.default_rng([zlib.crc32(name.encode()), number])
    work, out = home / "work", home / "out"
    for folder in (work, out):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, work)
    out.mkdir()
    paths = damageable(reader, whole)
    path = work / paths[int(rng.integers(len(paths)))].relative_to(whole)
    said = f"{number}: {path.relative_to(work)}: "
    (home / "case.txt").write_text(said)
    said += mutated(path, rng)
    (home / "case.txt").write_text(said)
    faulthandler.dump_traceback_later(LONGEST_S, exit=True)
    try:
        reader.read(path, out)
    except RfmaeError as error:
        text = str(error)
        return f"{said} | {text!r:.300}" if "\n" in text or len(text) > LONGEST_ERROR else ""
    except BaseException as error:
        last = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in last if "/rfmae/" in frame.filename][-1:]
        where = ", ".join(f"{frame.filename}:{frame.lineno}" for frame in [*own, last[-1]])
        return f"{said} | {type(error).__name__}: {str(error)[:300]!r} at {where}"
    finally:
        faulthandler.cancel_dump_traceback_later()
    return ""


def main(name: str, seconds: str, folder: str, first: str = "0") -> None:
    reader, home = READERS[name], Path(folder).resolve()
    sys.path += [str(TESTS / room) for room in ROOMS]
    os.environ["MPLCONFIGDIR"] = str(home / "matplotlib")  # it writes there when it is loaded
    whole = home / "whole"
    if not whole.exists():
        whole.mkdir(parents=True)
        reader.make(whole)
    faulthandler.enable()
    warm_up(reader, whole, home)
    stay_inside(home)
    limit_memory()
    warnings.simplefilter("error", RuntimeWarning)
    until, number = time.monotonic() + float(seconds), int(first)
    while time.monotonic() < until:
        if found := case(reader, name, number, whole, home):
            print(found.replace("\n", "\\n"), flush=True)
        number += 1
    (home / "case.txt").write_text(f"{number} cases\n")


def warm_up(reader: Reader, whole: Path, home: Path) -> None:
    """Every whole input is read: what is loaded then counts as no memory of a case."""
    work, out = home / "work", home / "out"
    for path in damageable(reader, whole):
        for folder in (work, out):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole, work)
        out.mkdir()
        reader.read(work / path.relative_to(whole), out)


if __name__ == "__main__":
    main(*sys.argv[1:])
