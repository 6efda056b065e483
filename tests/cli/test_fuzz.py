"""Edited and damaged artefacts: an answer or one clear line, and never a traceback."""

import os
import re
import shutil
import subprocess
import sys
import time
import zlib
from pathlib import Path

import fuzzed_readers
import numpy as np
import pytest
from damage import damaged
from fuzzed_readers import READERS, Reader, case
from rfmae_cli.app import app
from typer.testing import CliRunner

from rfmae.errors import ArtefactError

TRIES = 15  # of each artefact
SECONDS = 30  # of each reader

COMMANDS = {
    "data": (
        "show data",
        "plot data --out figure.png",
        "pretrain --data data --preset tiny --epochs 1 --out new --device cpu",
        "finetune --data data --network cnn --epochs 1 --out new --device cpu",
        "baseline histogram --data data --out new",
        "audit data --out new",
    ),
    "pretrained": (
        "show pretrained",
        "plot pretrained --out figure.png",
        "pretrain --data data --preset tiny --epochs 1 --out pretrained --resume --device cpu",
        "probe --data data --model pretrained --out new --device cpu",
        "finetune --data data --model pretrained --epochs 1 --out new --device cpu",
    ),
    "classifier": (
        "show classifier",
        "eval-snr --data data --model classifier --no-cost --no-open-set --out new --device cpu",
    ),
    "baseline": (
        "show baseline",
        "eval-snr --data data --model baseline --no-cost --no-open-set --out new --device cpu",
    ),
    "report": ("show report", "report report --out new"),
    "curve": ("report curve --out new",),
}
"""What is requested of an artefact once something in it was changed."""

MADE = (
    "pretrain --data data --preset tiny --epochs 1 --out pretrained --device cpu",
    "finetune --data data --network cnn --epochs 1 --out classifier --device cpu",
    "baseline histogram --data data --out baseline",
    "eval-snr --data data --model classifier --model baseline --no-cost --out report --device cpu",
    "curve --data data --methods histogram --labels-per-class 1,2 --seeds 2 --out curve",
)


def run(command):
    return CliRunner().invoke(app, command.split())


@pytest.fixture(scope="module")
def whole(dataset, tmp_path_factory):
    """One artefact of each kind, made by the commands themselves."""
    home = tmp_path_factory.mktemp("whole")
    shutil.copytree(dataset.folder, home / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        for command in MADE:
            done = run(command)
            assert done.exit_code == 0, f"{command}: {done.exception!r} {done.stderr}"
    return home


def files_of(folder):
    """What may be damaged: all but figures, pages and tables, which nothing reads."""
    kept_out = {".png", ".svg", ".html", ".md", ".csv", ".lock"}
    return sorted(
        path for path in folder.rglob("*") if path.is_file() and path.suffix not in kept_out
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_no_damage_ends_in_a_traceback(whole, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    found = []
    for _ in range(TRIES):
        for folder in tmp_path.iterdir():
            plain = folder.is_symlink() or folder.is_file()
            folder.unlink() if plain else shutil.rmtree(folder)
        shutil.copytree(whole / name, tmp_path / name)
        if name != "data":
            (tmp_path / "data").symlink_to(whole / "data")
        files = files_of(tmp_path / name)
        said = damaged(files[int(rng.integers(len(files)))], rng)
        for command in COMMANDS[name]:
            shutil.rmtree(tmp_path / "new", ignore_errors=True)
            done = run(command)
            clean = done.exit_code in (0, 1) or (
                done.exit_code == 2 and done.stderr.count("error: ") == 1
            )
            if not clean or not (done.exception is None or isinstance(done.exception, SystemExit)):
                found.append(f"{said} | {command} | {done.exit_code} {done.exception!r}")
    assert not found, "\n".join(found)


def of_hdf5_itself(case_text, done):
    """Whether the library of HDF5 crashed or stalled, which none of its users can prevent."""
    newest = re.findall(r'File "(.*?)"', done.stderr)[:3]
    inside = done.returncode < 0 or any("h5py" in place for place in newest)
    return inside and (".h5" in case_text or "73.mat" in case_text)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_minute_of_damage_ends_in_values_and_lines(name, tmp_path):
    found, first, until = [], 0, time.monotonic() + SECONDS
    while (left := until - time.monotonic()) > 2:
        arguments = [fuzzed_readers.__file__, name, f"{left:.1f}", tmp_path, str(first)]
        done = subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS + 120,
        )
        found += done.stdout.splitlines()
        said = (tmp_path / "case.txt").read_text() if (tmp_path / "case.txt").exists() else "0: "
        if done.returncode and not of_hdf5_itself(said, done):
            found.append(f"{said} | ended with {done.returncode}: {done.stderr[-1000:]}")
        first = int(re.match(r"\d+", said)[0]) + 1
    assert not found, "\n".join(found)
    assert first > 20  # cases: it did read


def fill(folder):
    (folder / "some.txt").write_text("some text")


def stops(error):
    def read(path, out):
        raise error

    return read


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda path, out: path.read_bytes(), ""),
        (stops(ArtefactError("one line")), ""),
        (stops(KeyError("lost")), "KeyError"),
        (stops(MemoryError("much")), "MemoryError"),
        (stops(SystemExit("gone")), "SystemExit"),
    ],
)
def test_what_a_damaged_input_may_end_in(tmp_path, read, words):
    fill_folder = tmp_path / "whole"
    fill_folder.mkdir()
    fill(fill_folder)
    found = case(Reader(fill, read), "some", 3, fill_folder, tmp_path)
    assert (words in found) if words else found == ""


def test_a_case_that_writes_elsewhere_or_takes_memory_is_found(tmp_path):
    script = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(fuzzed_readers.__file__).parent)!r})
import fuzzed_readers as it
import numpy as np
elsewhere = Path({str(tmp_path)!r}) / "elsewhere.txt"
reads = (lambda path, out: elsewhere.write_text("x"), lambda path, out: np.ones(1 << 28),
         lambda path, out: (out / "inside").write_text("x"))
home = Path({str(tmp_path)!r}) / "home"
(home / "whole").mkdir(parents=True)
(home / "whole" / "some.txt").write_text("some text")
it.stay_inside(home)
it.limit_memory()
for read in reads:
    print(it.case(it.Reader(None, read), "some", 1, home / "whole", home) or "nothing")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    elsewhere, memory, inside = done.stdout.splitlines()
    assert "open outside" in elsewhere
    assert "MemoryError" in memory
    assert inside == "nothing"
    assert not (tmp_path / "elsewhere.txt").exists()
