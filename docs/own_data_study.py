"""What pre-training on data without clean twins is worth, into docs/own-data.json.

python docs/own_data_study.py [--recordings FOLDER] [--seeds 2]

Resumable: what is measured is kept, and run folders stay in artifacts/own-data.
"""

import argparse
import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rfmae.configuration.training import Pretraining
from rfmae.datasets.recipe import Recipe, Splits, load_recipe
from rfmae.datasets.store import Dataset
from rfmae.imports.import_plan import Appearance
from rfmae.imports.opening import SourceOptions
from rfmae.progress import Silent
from rfmae.records import ImageConfig, Plane
from rfmae.signal.pulses import Pulse
from rfmae.workflows.data import synth
from rfmae.workflows.importing import import_dataset
from rfmae.workflows.learning.probing import LINEAR, probe
from rfmae.workflows.learning.training import pretrain, pretraining_of

HERE = Path(__file__).parent
HOME = HERE.parent / "artifacts" / "own-data"
FOUND = HERE / "own-data.json"

IMAGE = ImageConfig(
    size=64, planes=tuple(Plane("trajectory", "decay", half_width) for half_width in (5, 25, 50))
)
LABELS = (5, 20, 100)
EPOCHS = 20
NOISES = ("-5:5", "0:10", "5:15", "10:20")

RECORDED = {
    "BPSK": ("entrysat_bpsk_iq", "picsat_9k6_bpsk_iq", "pwsat2_bpsk_iq"),
    "QPSK": ("meteor_qpsk_iq",),
    "GMSK": ("orbicraft_gmsk_iq",),
    "GFSK": ("toy_gfsk_iq",),
    "OOK": ("adsb_ook_iq",),
}
"""The recordings of waveforms, by class."""


@dataclass(frozen=True)
class Way:
    """One way of pre-training: its settings, and whether it is on pairs of another recipe."""

    words: str
    settings: dict[str, Any]
    first: str = "own"  # or twins, pairs, and pairs-own: first pairs of another recipe, then own

    def run(self, own: Dataset, pairs: Dataset, twins: Dataset | None, seed: int) -> Path | None:
        """The checkpoint; none where the set has not what the way needs."""
        folder = HOME / "runs" / f"{own.name}-{self.words.replace(' ', '-')}-{seed}"
        if self.first == "twins":
            return None if twins is None else pretrained(twins, folder, seed, self.settings)
        if self.first == "own":
            return pretrained(own, folder, seed, self.settings)
        start = HOME / "runs" / f"pairs-{seed}"
        first = pretrained(pairs, start, seed, {})
        return (
            first if self.first == "pairs" else pretrained(own, folder, seed, self.settings, first)
        )


WAYS = (
    Way("random weights", {"epochs": 1, "learning_rate": 1e-12}),
    Way("masked autoencoder", {"method": "mae", "masking": {"ratio": 0.5}}),
    *(Way(f"noise added {noise}", {"added_noise": noise}) for noise in NOISES),
    Way("noise added 0:10, 30 epochs", {"added_noise": "0:10", "epochs": 30}),
    Way("synthetic pairs", {}, "pairs"),
    Way("synthetic pairs, then noise added", {"added_noise": "0:10", "epochs": 10}, "pairs-own"),
    Way("its own clean twins", {}, "twins"),
)


def pretrained(
    data: Dataset, folder: Path, seed: int, settings: dict[str, Any], model: Path | None = None
) -> Path:
    """A rings network, pre-trained once."""
    table = {"preset": "small", "epochs": EPOCHS, "seed": seed, **settings}
    if model is None:
        table["network"] = "rings"
    read: Pretraining = pretraining_of(table, data, with_model=model is not None)
    return pretrain(
        data, read, folder, model=model, resume=folder.exists(), device="cpu", progress=Silent()
    )


def radio_like(seed: int, rolloff: float, train: int) -> Recipe:
    """Waveforms of eight classes in white noise, as RadioML has them: 1,024 samples, rate 8."""
    plain = load_recipe("sdr-linear")
    source = replace(
        plain.source,
        modulations=(*plain.source.modulations, "GMSK"),
        symbols_per_example=128,
        pulse=Pulse(shape="rrc", rolloff=rolloff, span_symbols=12),
        channel=replace(
            plain.source.channel,
            snr="-6:18:4",
            snr_reference="sample",
        ),
        receiver=replace(plain.source.receiver, observe="waveform", waveform="received"),
    )
    return replace(
        plain,
        name=f"radio-like-{rolloff * 100:.0f}",
        seed=seed,
        source=source,
        image=IMAGE,
        splits=Splits(train=train, validation=20, test=60),
    )


def as_foreign(twins: Dataset) -> Dataset:
    """The same examples as somebody's arrays, in which no clean twins are."""
    folder = HOME / "foreign"
    if not (folder / "card.json").is_file():
        parts = {}
        for split in ("train", "test"):
            batch = twins.read_observed(split, view="waveform")
            names = np.array(twins.classes)[batch.label]
            parts |= {f"X_{split}": batch.iq, f"y_{split}": names, f"snr_{split}": batch.snr_db}
        HOME.mkdir(parents=True, exist_ok=True)
        np.savez(HOME / "foreign.npz", **parts)
    looks = Appearance(IMAGE, any_phase=True)
    return import_dataset(HOME / "foreign.npz", folder, HOME, looks=looks, progress=Silent())


def windowed(
    name: str, classes: dict[str, tuple[str, ...]], recordings: Path, samples: int, hop: int
) -> Dataset:
    """Windows of recordings off the air."""
    table = HOME / f"{name}.csv"
    HOME.mkdir(parents=True, exist_ok=True)
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "label"])
        for label, files in classes.items():
            writer.writerows([recordings.resolve() / f"{each}.sigmf-meta", label] for each in files)
    return import_dataset(
        table,
        HOME / name,
        HOME,
        options=SourceOptions(samples=samples, hop=hop),
        shares=(0.6, 0.1, 0.3),
        looks=Appearance(IMAGE, any_phase=True),
        progress=Silent(),
    )


def accuracy(own: Dataset, checkpoint: Path, labels: int, seed: int) -> float:
    """Of the linear probe on the test split, in percent."""
    folder = HOME / "reports" / f"{own.name}-{labels}"
    report = probe(
        own, checkpoint, folder, labels_per_class=labels, seed=seed, device="cpu", progress=Silent()
    ).report
    counted = report.accuracy[LINEAR]
    return 100 * float(counted.hits_per_snr.sum() / counted.examples_per_snr.sum())


def main() -> None:
    """Measure what is not measured yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=Path)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--train", type=int, default=120)
    given = parser.parse_args()
    twins = synth(radio_like(71, 0.25, given.train), HOME / "twins", workers=1, progress=Silent())
    pairs = synth(radio_like(72, 0.35, given.train), HOME / "pairs", workers=1, progress=Silent())
    sets: dict[str, tuple[Dataset, Dataset | None]] = {"foreign": (as_foreign(twins), twins)}
    if given.recordings is not None:
        sets["recorded"] = (windowed("recorded", RECORDED, given.recordings, 256, 128), None)
    found = json.loads(FOUND.read_text(encoding="utf-8")) if FOUND.is_file() else {}
    for seed in range(given.seeds):
        for name, (own, own_twins) in sets.items():
            for way in WAYS:
                cells = found.setdefault(name, {}).setdefault(way.words, {})
                if str(seed) in cells:
                    continue
                checkpoint = way.run(own, pairs, own_twins, seed)
                if checkpoint is None:
                    continue
                cells[str(seed)] = [accuracy(own, checkpoint, count, seed) for count in LABELS]
                FOUND.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
                print(name, way.words, seed, np.round(cells[str(seed)], 1), flush=True)


if __name__ == "__main__":
    main()
