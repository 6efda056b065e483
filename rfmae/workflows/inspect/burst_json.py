"""What was found in a recording as plain JSON: fields and units are in docs/classify.md."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from rfmae.bursts.records import BurstAnswer, RecordingAnswer
from rfmae.captures.record import Capture, Segment
from rfmae.signal.blind.spectrum import Estimate
from rfmae.workflows.inspect.bands import centre_of
from rfmae.workflows.inspect.burst_tables import centre_at

Json = dict[str, Any]


def answer_json(capture: Capture, answer: RecordingAnswer) -> Json:
    """A recording and its bursts."""
    return {
        "recording": str(capture.path),
        "samples": answer.samples,
        "sample_rate_hz": answer.sample_rate_hz,
        "centre_frequency_hz": _finite(centre_of(capture)),
        "datatype": capture.datatype,
        "labels": list(capture.labels),
        "noise_density_db": _finite(answer.noise_density_db),
        "notes": [*capture.notes, *answer.notes],
        "bursts": [
            burst_json(burst, answer.sample_rate_hz, capture.segments) for burst in answer.bursts
        ],
    }


def burst_json(burst: BurstAnswer, sample_rate_hz: float, segments: Sequence[Segment]) -> Json:
    """One burst; what was not measured is null."""
    radio_hz = centre_at(segments, burst.start)
    return {
        "start_sample": burst.start,
        "stop_sample": burst.stop,
        "start_s": burst.start / sample_rate_hz,
        "stop_s": burst.stop / sample_rate_hz,
        "centre_hz": burst.centre_hz,
        "centre_frequency_hz": _finite(radio_hz + burst.centre_hz),
        "bandwidth_hz": burst.bandwidth_hz,
        "drift_hz": burst.drift_hz,
        "snr_db": _finite(burst.snr_db),
        "modulation": burst.modulation,
        "probability": burst.probability,
        "best": burst.best,
        "probabilities": dict(burst.probabilities),
        "outlier_score": _finite(burst.outlier_score),
        "reasons": list(burst.reasons),
        "notes": list(burst.notes),
        "symbol_rate_hz": _estimate(burst.symbol_rate_hz),
        "carrier_hz": _estimate(burst.carrier_hz),
        "roll_off": _estimate(burst.roll_off),
        "symbol_snr_db": _estimate(burst.symbol_snr_db),
        "windows": _windows(burst),
    }


def failure_json(name: str, problem: str) -> Json:
    """A recording that could not be read or classified."""
    return {"recording": name, "error": problem}


def _windows(burst: BurstAnswer) -> list[Json]:
    """Each part of a burst with its most probable class."""
    if burst.windows is None:
        return []
    names, rows = list(burst.probabilities), np.asarray(burst.windows)
    return [{"best": names[int(row.argmax())], "probability": float(row.max())} for row in rows]


def _estimate(estimate: Estimate | None) -> Json | None:
    if estimate is None:
        return None
    return {"value": estimate.value, "standard_error": _finite(estimate.standard_error)}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
