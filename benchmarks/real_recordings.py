"""Recordings of real signals, with the truth from their annotations.

They are looked for in the folder that RFMAE_RECORDINGS names, or in `../shared/recordings`.
"""

import math
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rfmae.captures.reading import read_sigmf
from rfmae.captures.record import Annotation

HOME = Path(os.environ.get("RFMAE_RECORDINGS", Path(__file__).parents[2] / "shared" / "recordings"))
CLASS_OF = {
    "GMSK": "GMSK/MSK",
    "MSK": "GMSK/MSK",
    "GFSK": "2FSK/GFSK",
    "2FSK": "2FSK/GFSK",
    "π/4-QPSK": "π/4-DQPSK",
    "8PSK": "8PSK",
}
"""Classes of labels that are named otherwise."""

Identify = Callable[[npt.NDArray[np.complex64], float], Any]


def real_rows(identify: Identify, home: Path = HOME) -> Iterator[dict[str, Any]]:
    """What is said of each recording."""
    for path in sorted(home.glob("*.sigmf-meta")):
        capture = read_sigmf(path)
        truth, rate_hz = truth_of(capture.annotations)
        sample_rate_hz = capture.sample_rate_hz
        if not sample_rate_hz:
            continue
        bursts = identify(capture.iq, sample_rate_hz).bursts
        yield {"name": path.stem, "truth": truth, "stated_rate_hz": rate_hz, **_said(bursts)}


def truth_of(annotations: tuple[Annotation, ...]) -> tuple[str, float | None]:
    """The class of all annotations, or their labels and comments, and the rate stated in one."""
    labels = {mark.label or mark.comment.partition("\n")[0] for mark in annotations}
    rates = [re.search(r"symbol_rate=([\d.]+)", mark.comment) for mark in annotations]
    known = [float(found[1]) for found in rates if found]
    named = ", ".join(sorted(CLASS_OF.get(label, label) for label in labels))
    return named, known[0] if known else None


def _said(bursts: tuple[Any, ...]) -> dict[str, Any]:
    """The answer that has the most energy, and the surest burst of it."""
    if not bursts:
        nothing = {"answer": "nothing", "probability": None, "symbol_rate_hz": None}
        return {"bursts": 0, "answers": {}, **nothing}
    energy: dict[str, float] = {}
    answers: dict[str, int] = {}
    for burst in bursts:
        energy[burst.modulation] = energy.get(burst.modulation, 0.0) + _energy(burst)
        answers[burst.modulation] = answers.get(burst.modulation, 0) + 1
    answer = max(energy, key=lambda name: energy[name])
    surest = max(
        (burst for burst in bursts if burst.modulation == answer),
        key=lambda burst: burst.probability,
    )
    rate = surest.symbol_rate_hz
    return {
        "bursts": len(bursts),
        "answers": answers,
        "answer": answer,
        "probability": float(surest.probability),
        "symbol_rate_hz": rate and float(rate.value),
    }


def _energy(burst: Any) -> float:
    """Over the density of the noise; a burst without a floor counts as one of 20 dB."""
    snr_db = burst.snr_db if math.isfinite(burst.snr_db) else 20.0
    ratio = 10 ** (snr_db / 10)
    return float(ratio * burst.bandwidth_hz * (burst.stop - burst.start))
