"""The examples that few labels are measured on, each drawn and rendered once for all processes."""

import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rfmae.datasets.recipe import Recipe, load_recipe
from rfmae.datasets.store import Dataset, open_dataset
from rfmae.progress import Progress, Silent
from rfmae.records import ImageConfig, Modality, Plane
from rfmae.signal.impairments import Fading
from rfmae.training.loaders import InputSplit
from rfmae.workflows.data import synth
from rfmae.workflows.importing import import_dataset

HOME = Path(__file__).parent.parent / "artifacts" / "results"
RECIPES = Path(__file__).parent / "results"
CPU = torch.device("cpu")

PAIRS = "awgn-ten-pairs"


@cache
def dataset_of(name: str) -> Dataset:
    """A recipe of the study as a data set."""
    return synthesised(_recipe(name))


def synthesised(recipe: Recipe) -> Dataset:
    """Any recipe as a data set of the study."""
    return synth(recipe, HOME / "datasets" / recipe.folder_name, workers=1, progress=Silent())


def _recipe(name: str) -> Recipe:
    own = RECIPES / f"{name}.toml"
    return load_recipe(str(own) if own.is_file() else name)


@cache
def split_of(
    folder: Path,
    image: ImageConfig,
    split: str,
    modalities: tuple[Modality, ...],
    targets: bool = False,
) -> InputSplit:
    """A split of a data set, whole, held for whoever wants it next."""
    dataset = open_dataset(folder).rendered_as(image)
    return KeptSplit(dataset, split, modalities, CPU, Silent(), targets=targets)


class KeptSplit(InputSplit):
    """A split that is rendered once for all processes of the study."""

    def _all_rendered(self, progress: Progress) -> dict[Modality, torch.Tensor]:
        names = "-".join(part.name for part in self._renderer.parts)
        planes = "-".join(plane.what for plane in self._dataset.image.planes)
        name = f"{self._dataset.folder.name}-{self._split}-{planes}-{names}.pt"
        path = HOME / "few-labels" / "rendered" / name
        if not path.is_file():
            rendered = super()._all_rendered(progress)
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_suffix(f".{os.getpid()}")
            torch.save([rendered[part] for part in self._renderer.parts], beside)
            beside.replace(path)
            return rendered
        return dict(zip(self._renderer.parts, torch.load(path, mmap=True), strict=True))


# --- five classes and the other five

DISJOINT = (
    ("OOK", "8ASK", "16PAM", "OQPSK", "GFSK"),
    ("OOK", "4ASK", "DQPSK", "CPFSK", "GMSK"),
)
"""Classes that are pre-trained on; labels are of the other five."""


def disjoint_halves(split: int) -> tuple[Recipe, Recipe]:
    """The pairs of five classes, and labelled examples of the other five."""
    base = _recipe(PAIRS)
    seen = DISJOINT[split]
    other = tuple(name for name in base.classes if name not in seen)
    first, second = (
        replace(
            base, name=f"awgn-five-{word}{split}", source=replace(base.source, modulations=names)
        )
        for word, names in (("seen", seen), ("other", other))
    )
    return first, replace(second, splits=replace(base.splits, train=10, test=192))


# --- other channels

CHANNELS: dict[str, dict[str, Any]] = {
    "carrier offset": {"carrier_offset_turns_per_symbol": (-0.002, 0.002)},
    "timing error": {"timing_offset_symbols": (-0.2, 0.2)},
    "fading": {
        "fading": Fading(
            kind="rician", k_factor_db=6.0, delays_symbols=(0.0, 0.7), powers_db=(0.0, -9.0)
        )
    },
    "roll-off 0.2": {},
}
"""What the channel does to labelled examples; pre-training saw white noise alone."""


def other_channel(name: str) -> Recipe:
    """Labelled examples of the same classes that came over another channel."""
    base = _recipe(PAIRS)
    source = replace(base.source, channel=replace(base.source.channel, **CHANNELS[name]))
    if "roll-off" in name:
        source = replace(source, pulse=replace(source.pulse, rolloff=0.2))
    else:
        source = replace(source, receiver=replace(source.receiver, timing="none", carrier="none"))
    return replace(
        base,
        name="awgn-ten-" + name.replace(" ", "-").replace(".", "-"),
        source=source,
        splits=replace(base.splits, train=10),
    )


# --- other data

WAVEFORM = ImageConfig(
    size=32,
    extent=2.5,
    planes=(
        Plane("trajectory", "density", normalise="points"),
        Plane("differential-trajectory", "density", lag_symbols=1.0, normalise="points"),
    ),
)
"""What the waveform alone shows, for data without symbols."""

TRANSFERS = {"sdr-linear": False, "radio-24": True, "imported": True}
"""Data that the network is taken to, and whether they are waveforms alone."""


def transfer_target(name: str) -> Dataset:
    """Labelled examples that have nothing to do with those that were pre-trained on."""
    if name == "imported":
        return foreign_data()
    recipe = _recipe(name)
    if not TRANSFERS[name]:
        receiver = replace(recipe.source.receiver, observe="both", waveform="filtered")
        recipe = replace(recipe, source=replace(recipe.source, receiver=receiver))
    points = len(recipe.classes) * len(recipe.source.channel.snr_db)
    test = -(-20_000 // points)
    counts = replace(recipe.splits, train=20, validation=10, test=test)
    return synthesised(replace(recipe, name=f"{name}-labelled", splits=counts))


FOREIGN_SNRS_DB = tuple(range(-10, 21, 2))


def foreign_data() -> Dataset:
    """Signals of komm in its raised cosine and white noise, imported from an .npz file."""
    path = HOME / "few-labels" / "komm-six.npz"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **_komm_signals(each=240))
    return import_dataset(
        path,
        None,
        HOME / "datasets",
        shares=(0.08, 0.05, 0.87),
        samples_per_symbol=8.0,
    )


def _komm_signals(each: int, symbols: int = 128, samples: int = 8) -> dict[str, Any]:
    """Examples (N, 2, 1024) of six alphabets at every SNR, their carrier phase unknown."""
    import komm

    alphabets = {
        "BPSK": komm.PSKConstellation(2),
        "QPSK": komm.PSKConstellation(4),
        "8PSK": komm.PSKConstellation(8),
        "4PAM": komm.PAMConstellation(4),
        "16QAM": komm.QAMConstellation(16),
        "64QAM": komm.QAMConstellation(64),
    }
    pulse = komm.RaisedCosinePulse(0.25).waveform(
        np.arange(-8 * samples, 8 * samples + 1) / samples
    )
    random = np.random.default_rng(611)
    iq, label, snr_db = [], [], []
    for name, alphabet in alphabets.items():
        points = np.asarray(alphabet.matrix).ravel()
        for point in FOREIGN_SNRS_DB:
            sent = np.zeros((each, (symbols + 32) * samples), complex)
            sent[:, ::samples] = random.choice(points, (each, symbols + 32))
            kernel = np.fft.fft(pulse, sent.shape[1])
            wave = np.fft.ifft(np.fft.fft(sent) * kernel)[:, 24 * samples :][:, : symbols * samples]
            wave /= np.sqrt(np.mean(np.abs(wave) ** 2))
            noise = random.normal(size=(2, *wave.shape)) * np.sqrt(10 ** (-point / 10) / 2)
            turn = np.exp(2j * np.pi * random.random((each, 1)))
            seen = wave * turn + noise[0] + 1j * noise[1]
            iq.append(np.stack([seen.real, seen.imag], axis=1).astype(np.float32))
            label.append(np.full(each, name))
            snr_db.append(np.full(each, point))
    return {
        "iq": np.concatenate(iq),
        "label": np.concatenate(label),
        "snr_db": np.concatenate(snr_db),
    }
