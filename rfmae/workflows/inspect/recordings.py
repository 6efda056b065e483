"""Classification of recordings."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rfmae.captures.reading import Capture, read_capture
from rfmae.errors import CaptureError
from rfmae.inference import Answer, load_classifier


@dataclass(frozen=True, slots=True)
class Verdict:
    """The prediction of a classifier for one recording."""

    capture: Capture
    answer: Answer


def classify(
    recordings: Sequence[Path],
    model: Path,
    *,
    datatype: str | None = None,
    sample_rate_hz: float | None = None,
    device: str = "auto",
) -> list[Verdict]:
    """Classify the modulation of recordings of symbol-spaced samples."""
    classifier = load_classifier(model, device)
    captures = [  # all are read before the first is classified
        read_capture(path, datatype=datatype, sample_rate_hz=sample_rate_hz) for path in recordings
    ]
    for capture in captures:
        if not np.any(capture.iq):
            raise CaptureError(f"{capture.path} holds nothing but zeros")
    return [Verdict(capture, classifier.answer(capture.iq)) for capture in captures]


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain JSON."""
    answer = verdict.answer
    return {
        "recording": str(verdict.capture.path),
        "labels": list(verdict.capture.labels),
        "samples": len(verdict.capture.iq),
        "window_length": answer.window_length,
        "class": answer.name,
        "probability": float(answer.whole.max()),
        "probabilities": dict(zip(answer.classes, answer.whole.tolist(), strict=True)),
        "windows": [
            {"class": answer.classes[int(row.argmax())], "probability": float(row.max())}
            for row in answer.windows
        ],
    }
