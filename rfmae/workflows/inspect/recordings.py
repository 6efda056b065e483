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
from rfmae.signal.modulations import find_modulation

_WHOLE = ReadOptions()


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
    device: str = "auto",
) -> list[Verdict]:
    """Classify the modulation of recordings of symbol-spaced samples, of collections each."""
    classifier = load_classifier(model, device)
    captures = [  # all are read before the first is classified
        read_recording(path, read_options)
        for listed in recordings
        for path in recordings_of(listed)
    ]
    for capture in captures:
        if not np.any(capture.iq):
            raise CaptureError(f"{capture.path} holds nothing but zeros")
    return [
        Verdict(capture, _beside_the_file(classifier.answer(capture.iq), capture, classifier.views))
        for capture in captures
    ]


def _beside_the_file(answer: Answer, capture: Capture, views: tuple[View, ...]) -> Answer:
    """The answer with what the file says of itself: its symbol rate and its labels."""
    doubts, notes = [*capture.doubts, *answer.doubts], [*capture.notes, *answer.notes]
    stated = capture.symbol_rate_hz
    if "symbols" in views and stated and stated < 0.99 * capture.sample_rate_hz:
        ratio = capture.sample_rate_hz / stated
        doubts.append(
            f"the file states {stated:,.12g} symbols a second, {ratio:.2f} samples a symbol"
        )
    for label in capture.labels:
        name = _known_name(label)
        if name not in answer.classes:
            notes.append(f"the file is labelled {label}, which is no class of this model")
        elif not doubts and name != answer.best:
            notes.append(f"the file is labelled {label}, but was named {answer.best}")
    return replace(answer, doubts=tuple(doubts), notes=tuple(notes))


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
        "probabilities": dict(zip(answer.classes, answer.whole.tolist(), strict=True)),
        "windows": [
            {"class": answer.classes[int(row.argmax())], "probability": float(row.max())}
            for row in answer.windows
        ],
    }
