"""Recordings of bursts that other people's modulators made, with what is true of each.

One burst in noise, or an analog signal all along: 500 to 4,000 symbols at 2.2 to 12 samples each
after a rational resampling, on a carrier within ±0.2 of the sample rate, at SNRs over the occupied
band. The origins are GNU Radio, liquid-dsp and TorchSig, rfmae itself in the same distribution, and
signals of none of the classes. Everything follows from the seed.

    python benchmarks/peer_recordings.py --out DIR [--only ORIGIN] [--per-class N] [--snr 0:30:5]

writes a file for each origin and class, which `recordings.py` scores. An origin whose library is
absent is left out in one line; `pip install -e '.[bench]'` and `apt install gnuradio` bring them.
"""

import argparse
import dataclasses
import importlib
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
from peers.bursts import PeerRecording, recorded, recorded_noise
from peers.unknowns import ACCEPTED, BELOW_NOISE_DB

from rfmae.units import parse_snr_grid

ORIGINS = {
    "gnuradio": "gnuradio_bursts",
    "liquid": "liquid_bursts",
    "torchsig": "torchsig_bursts",
    "rfmae": "our_bursts",
    "unknowns": "unknowns",
}
PER_CLASS = 10
SNRS = "0:30:5"
SEED = 1

_FULL_SCALE = 32_000  # of 16 bits


def recordings(
    origin: str, per_class: int, snr_db: Sequence[float], seed: int, only: Sequence[str] = ()
) -> Iterator[PeerRecording]:
    """`per_class` recordings of each class (or those of `only`) of an origin at each SNR.

    Raises `ImportError` where the library of the origin is absent.
    """
    modulators = importlib.import_module(f"peers.{ORIGINS[origin]}")
    for name in modulators.NAMES:
        if not only or name in only:
            yield from _of_class(modulators, origin, name, per_class, snr_db, seed)
    if origin == "rfmae" and (not only or "noise" in only):
        for point, number in _places(per_class, snr_db):
            rng = _generator(seed, origin, "noise", point, number)
            yield recorded_noise(modulators.ORIGIN, point, rng)


def _of_class(
    modulators: ModuleType,
    origin: str,
    name: str,
    per_class: int,
    snr_db: Sequence[float],
    seed: int,
) -> Iterator[PeerRecording]:
    places = _places(per_class, snr_db)
    generators = [_generator(seed, origin, name, *place) for place in places]
    accepted = ACCEPTED.get(name, ("unknown",)) if origin == "unknowns" else (name,)
    made = modulators.bursts(name, generators)
    for (point, number), rng, burst in zip(places, generators, made, strict=True):
        below = BELOW_NOISE_DB * (number % 2) if name == "DSSS" else 0.0
        yield recorded(burst, name, modulators.ORIGIN, point + below, rng, accepted)


def _places(per_class: int, snr_db: Sequence[float]) -> list[tuple[float, int]]:
    return [(float(point), number) for point in snr_db for number in range(per_class)]


def _generator(
    seed: int, origin: str, name: str, snr_db: float, number: int
) -> np.random.Generator:
    """The generator of an address, so that no recording depends on which others are made."""
    words = (zlib.crc32(f"{origin} {name}".encode()), round(1000 * snr_db) + 10**6, number)
    return np.random.default_rng((seed, *words))


def write(path: Path, made: Sequence[PeerRecording]) -> None:
    """The recordings of a class in one file, of 16 bits, each at its full scale."""
    samples = [_as_integers(item.iq) for item in made]
    truths = [
        {
            field.name: getattr(item, field.name)
            for field in dataclasses.fields(item)
            if field.name != "iq"
        }
        for item in made
    ]
    lengths = [len(item) for item in samples]
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}")
    with beside.open("wb") as file:
        np.savez(file, iq=np.concatenate(samples), lengths=lengths, truths=json.dumps(truths))
    beside.replace(path)


def read(path: Path) -> Iterator[PeerRecording]:
    """The recordings of a file that `write` made."""
    with np.load(path) as stored:
        samples, lengths = stored["iq"], stored["lengths"]
        truths = json.loads(str(stored["truths"]))
    for part, truth in zip(np.split(samples, np.cumsum(lengths)[:-1]), truths, strict=True):
        iq = (part.astype(np.float32) / _FULL_SCALE).view(np.complex64)[:, 0]
        yield PeerRecording(iq, **truth | {"accepted": tuple(truth["accepted"])})


def file_name(truth: str) -> str:
    """A class as the name of its file: 2FSK/GFSK is 2FSK-GFSK.npz."""
    return truth.replace("/", "-").replace(" ", "-") + ".npz"


def _as_integers(iq: npt.NDArray[np.complex64]) -> npt.NDArray[np.int16]:
    pairs = iq.view(np.float32).reshape(-1, 2)
    return np.rint(pairs * (_FULL_SCALE / np.abs(pairs).max())).astype(np.int16)


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--only", action="append", choices=ORIGINS, default=[])
    parser.add_argument("--per-class", type=int, default=PER_CLASS)
    parser.add_argument("--snr", default=SNRS, help="dB over the occupied band, START:STOP:STEP")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    points = parse_snr_grid(options.snr)
    for origin in options.only or ORIGINS:
        try:
            names = importlib.import_module(f"peers.{ORIGINS[origin]}").NAMES
        except (ImportError, OSError) as error:
            print(f"left out {origin}: {str(error).splitlines()[0]}")
            continue
        for name in (*names, "noise") if origin == "rfmae" else names:
            made = list(recordings(origin, options.per_class, points, options.seed, (name,)))
            write(options.out / origin / file_name(name), made)
        print(f"{origin}: {len(names)} classes in {options.out / origin}", flush=True)


if __name__ == "__main__":
    main()
