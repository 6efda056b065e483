"""Classification of recordings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rfmae.captures.read_options import ReadOptions
from rfmae.captures.reading import Capture, read_recording, recordings_of
from rfmae.errors import CaptureError, RecipeError
from rfmae.inference import Answer, load_classifier
from rfmae.records import View
from rfmae.signal.blind import Estimate, ReceiveOptions, Reception
from rfmae.signal.modulations import find_modulation

_WHOLE = ReadOptions()


@dataclass(frozen=True, slots=True)
class ReceiverChoice:
    """What a caller says of the signal, instead of the receiver's own estimates."""

    symbol_rate_hz: float | None = None
    roll_off: float | None = None


BLIND = ReceiverChoice()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The prediction of a classifier for one recording."""

    capture: Capture
    answer: Answer


def classify(
    recordings: Sequence[Path],
    model: Path,
    read_options: ReadOptions = _WHOLE,
    *,
    receiver: ReceiverChoice | None = BLIND,
    device: str = "auto",
) -> list[Verdict]:
    """Classify the modulation of recordings, of collections each.

    Samples that are no symbols go through the blind receiver; None leaves it out.
    """
    classifier = load_classifier(model, device)
    captures = [  # all are read before the first is classified
        read_recording(path, read_options)
        for listed in recordings
        for path in recordings_of(listed)
    ]
    for capture in captures:
        if not np.any(capture.iq):
            raise CaptureError(f"{capture.path} holds nothing but zeros")
    options = [
        receive_options(capture.sample_rate_hz, capture.symbol_rate_hz, receiver)
        for capture in captures
    ]
    answers = (
        classifier.answer(capture.iq, said) for capture, said in zip(captures, options, strict=True)
    )
    return [
        Verdict(capture, _beside_the_file(answer, capture, classifier.views))
        for capture, answer in zip(captures, answers, strict=True)
    ]


def receive_options(
    sample_rate_hz: float, stated_hz: float | None, choice: ReceiverChoice | None
) -> ReceiveOptions | None:
    """What the receiver is told of a recording: its rates, and what the caller says."""
    if choice is None:
        return None
    return ReceiveOptions(sample_rate_hz, choice.symbol_rate_hz, stated_hz, choice.roll_off)


def _beside_the_file(answer: Answer, capture: Capture, views: tuple[View, ...]) -> Answer:
    """The answer with what the file says of itself: its symbol rate and its labels."""
    doubts, notes = [*capture.doubts, *answer.doubts], [*capture.notes, *answer.notes]
    stated = capture.symbol_rate_hz
    received = answer.reception is not None and answer.reception.locked
    below = stated is not None and stated < 0.99 * capture.sample_rate_hz
    if "symbols" in views and stated and below and not received:
        ratio = capture.sample_rate_hz / stated
        doubts.append(
            f"the file states {stated:,.12g} symbols a second, {ratio:.2f} samples a symbol"
        )
    if answer.reception is not None and received and stated:
        notes += _rate_notes(answer.reception, stated)
    for label in capture.labels:
        name = _known_name(label)
        if name not in answer.classes:
            notes.append(f"the file is labelled {label}, which is no class of this model")
        elif not doubts and name != answer.best:
            notes.append(f"the file is labelled {label}, but was named {answer.best}")
    return replace(answer, doubts=tuple(doubts), notes=tuple(notes))


def _rate_notes(reception: Reception, stated: float) -> list[str]:
    """A note where the symbol rate is not the one that the file states, within its error."""
    found = reception.symbol_rate
    if found is None or abs(found.value - stated) <= 3 * found.standard_error:
        return []
    ppm = (found.value / stated - 1) * 1e6
    return [f"the file states {stated:,.12g} symbols a second; it is {ppm:+,.0f} ppm from that"]


def _known_name(label: str) -> str:
    """The name that the table of modulations has for a label, or the label itself."""
    try:
        return find_modulation(label).name
    except RecipeError:
        return label


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain JSON."""
    answer = verdict.answer
    return {
        "recording": str(verdict.capture.path),
        "labels": list(verdict.capture.labels),
        "samples": len(verdict.capture.iq),
        "window_length": answer.window_length,
        "class": answer.name,
        "best": answer.best,
        "probability": None if answer.doubts else float(answer.whole.max()),
        "doubts": list(answer.doubts),
        "notes": list(answer.notes),
        "receiver": None if answer.reception is None else _reception_json(answer.reception),
        "probabilities": dict(zip(answer.classes, answer.whole.tolist(), strict=True)),
        "windows": [
            {"class": answer.classes[int(row.argmax())], "probability": float(row.max())}
            for row in answer.windows
        ],
    }


def _reception_json(reception: Reception) -> dict[str, Any]:
    """What the receiver found, as plain JSON: values with their standard errors."""
    return {
        "locked": reception.locked,
        "family": reception.family,
        "symbols": len(reception.symbols),
        "first_sample": reception.samples.start,
        "samples": len(reception.samples),
        **{
            name: {"value": found.value, "standard_error": found.standard_error}
            for name, found in reception.estimates.items()
        },
    }


def reception_words(reception: Reception) -> str:
    """What the receiver found, in one line: each estimate ± its standard error."""
    units = {
        "symbol_rate_hz": ("symbol rate", " Bd"),
        "carrier_offset_hz": ("carrier offset", " Hz"),
        "roll_off": ("roll-off", ""),
        "snr_db": ("Es/N0", " dB"),
    }
    found = reception.estimates
    parts = [
        f"{words} {with_error(found[name])}{unit}"
        for name, (words, unit) in units.items()
        if name in found
    ]
    if "snr_db" not in found:
        parts.append("no noise floor beside the signal to measure Es/N0 on")
    return f"received: {len(reception.symbols):,} symbols; {', '.join(parts)}"


def with_error(estimate: Estimate) -> str:
    """A value ± its standard error, to the error's second digit; one that was told has none."""
    value, error = estimate.value, estimate.standard_error
    if not error > 0:
        return f"{value:,.10g}"
    digits = min(max(1 - int(f"{error:e}".partition("e")[2]), 0), 12)
    return f"{value:,.{digits}f} ± {error:.{digits}f}"
