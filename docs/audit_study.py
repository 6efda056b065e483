"""How small a leak `rfmae audit` names, and how often it names one that is none, into audit.json.

python docs/audit_study.py [--sets 50] [--out docs/audit.json]
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
from pages import write_results

from rfmae.datasets.recipe import Recipe, Splits, load_recipe
from rfmae.datasets.store import Dataset, open_dataset, write_dataset
from rfmae.progress import Silent
from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.records.audit_report import AuditReport, Finding
from rfmae.units import db_to_ratio
from rfmae.workflows.auditing.leak_audit import audit
from rfmae.workflows.importing import import_dataset

CLEAN = {
    "awgn-ten": ("-10:10:5", 10),
    "awgn-ten-quick": ("-10:10:10", 8),
    "sdr-linear": ("0:30:10", 12),
    "radio-24": ("-20:30:25", 10),
}
"""Recipes with the SNRs and the examples of a class and SNR of a small set of them."""

BELOW_DB = 20  # what the audit says that it sees, in steps of 1 dB
PLANTED_CLASS = 3  # 4PAM: its symbols have zero mean


def small(name: str, seed: int) -> Recipe:
    """A small set of a recipe."""
    snr, count = CLEAN[name]
    recipe = replace(load_recipe(name), splits=Splits(count, 1, count))
    return recipe.with_snr(snr).with_seed(seed)


def failures(dataset: Dataset, folder: Path) -> list[str]:
    """The tests that a data set fails."""
    report = audit(dataset, folder, progress=Silent()).report
    return [finding.name for finding in report.of("leak", "wrong")]


def without_twins(
    iq: ComplexArray, label: IntArray, snr_db: FloatArray, dataset: Dataset, folder: Path
) -> Dataset:
    """The same examples as somebody else's arrays."""
    names = np.array(dataset.classes)[label]
    np.savez(folder / "arrays.npz", iq=iq, labels=names, snr=snr_db)
    return import_dataset(
        folder / "arrays.npz",
        folder / "imported",
        folder,
        form="arrays",
        shares=(0.45, 0.1, 0.45),
        progress=Silent(),
    )


def everything(dataset: Dataset) -> tuple[ComplexArray, IntArray, FloatArray]:
    """All examples of a set."""
    parts = [dataset.read_observed(split) for split in ("train", "validation", "test")]
    return (
        np.concatenate([part.iq for part in parts]),
        np.concatenate([part.label for part in parts]).astype(np.int64),
        np.concatenate([part.snr_db for part in parts]),
    )


def false_alarms(sets: int) -> Iterator[tuple[str, list[str]]]:
    """The tests that clean sets fail: each recipe in turn, with its twins and without them."""
    names = list(CLEAN)
    for number in range(sets):
        name = names[number % len(names)]
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            made = write_dataset(small(name, 100 + number), folder / "made", progress=Silent())
            yield "with twins", failures(made, folder / "report")
            other = without_twins(*everything(made), made, folder)
            yield "without twins", failures(other, folder / "other")


Plant = Callable[[ComplexArray, np.random.Generator], ComplexArray]


def of_mean(iq: ComplexArray, rng: np.random.Generator) -> ComplexArray:
    """A constant of unit power."""
    return np.ones_like(iq)


def of_tone(iq: ComplexArray, rng: np.random.Generator) -> ComplexArray:
    """A tone of unit power between two frequencies of the transform, at any phase."""
    turns = 0.2003 * np.arange(iq.shape[1]) + rng.random((len(iq), 1))
    return np.exp(2j * np.pi * turns).astype(np.complex64)


def of_time(iq: ComplexArray, rng: np.random.Generator) -> ComplexArray:
    """Noise of unit power in a sixteenth of an example."""
    added = np.zeros_like(iq)
    length = iq.shape[1] // 16
    parts = rng.normal(size=(2, len(iq), length)) / np.sqrt(2)
    added[:, 3 * length : 4 * length] = parts[0] + 1j * parts[1]
    return added


def of_sample(iq: ComplexArray, rng: np.random.Generator) -> ComplexArray:
    """One sample of unit power, of one phase."""
    added = np.zeros_like(iq)
    added[:, 100] = 1
    return added


PLANTS: dict[str, tuple[Plant, str]] = {
    "mean": (of_mean, "mean"),
    "tone": (of_tone, "tones"),
    "time": (of_time, "energy in time"),
    "sample": (of_sample, "single samples"),
}


def least_found(kind: str, *, twins: bool) -> dict[str, float]:
    """The least planted power in dB from which on a leak is named, and what the audit said."""
    plant, title = PLANTS[kind]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made = write_dataset(small("awgn-ten", 7), folder / "made", progress=Silent())
        clean = named(planted(made, plant, -np.inf, folder / "clean", twins=twins), title)
        stated = clean.noticeable_db if clean.noticeable_db is not None else np.nan
        for step in range(round(stated) - BELOW_DB, 31):
            found = planted(made, plant, float(step), folder / str(step), twins=twins)
            if named(found, title).verdict == "leak":
                return {"planted_db": step, "stated_db": round(float(stated), 1)}
        raise SystemExit(f"no {kind} was found")


def named(report: AuditReport, title: str) -> Finding:
    """The finding whose name begins so."""
    return next(item for item in report.findings if item.name.startswith(title))


def planted(
    made: Dataset, plant: Plant, power_db: float, folder: Path, *, twins: bool
) -> AuditReport:
    """The audit of a set, one class of which has something added."""
    folder.mkdir()
    amplitude = np.sqrt(db_to_ratio(power_db))
    rng = np.random.default_rng(1)
    if not twins:
        iq, label, snr_db = everything(made)
        mine = label == PLANTED_CLASS
        iq[mine] += (amplitude * plant(iq[mine], rng)).astype(np.complex64)
        changed = without_twins(iq, label, snr_db, made, folder)
    else:
        shutil.copytree(made.folder, folder / "copy")
        for split in ("train", "validation", "test"):
            with h5py.File(folder / "copy" / f"{split}.h5", "a") as file:
                iq, ratio = file["symbols/observed"][:], db_to_ratio(file["snr_db"][:])
                mine = file["label"][:] == PLANTED_CLASS
                share = np.sqrt(ratio / (1 + ratio))[mine, None]  # of the signal in unit power
                iq[mine] += (amplitude * share * plant(iq[mine], rng)).astype(np.complex64)
                file["symbols/observed"][:] = iq
        changed = open_dataset(folder / "copy")
    return audit(changed, folder / "report", progress=Silent()).report


def measured_alarms(sets: int) -> dict[str, int]:
    """How many of so many clean sets fail, with twins and without."""
    alarms = {"with twins": 0, "without twins": 0}
    for kind, found in false_alarms(sets):
        print(kind, found, flush=True)
        alarms[kind] += bool(found)
    return alarms


def main() -> None:
    """Measure what the file does not have yet, and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=50)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("audit.json"))
    options = parser.parse_args()
    found = json.loads(options.out.read_text(encoding="utf-8")) if options.out.exists() else {}
    if found.get("sets") != options.sets:
        found = {"sets": options.sets, "false_alarms": measured_alarms(options.sets)}
        write_results(options.out, found)
    least = found.setdefault("least", {})
    for kind in PLANTS:
        for name, twins in (("with twins", True), ("without twins", False)):
            if name not in least.setdefault(kind, {}):
                least[kind][name] = least_found(kind, twins=twins)
                write_results(options.out, found)


if __name__ == "__main__":
    main()
