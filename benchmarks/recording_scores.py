"""Answers about recordings against the truth: one row a recording, and what rows say together."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Protocol

import numpy as np
from peers.bursts import CLASSES, PeerRecording
from scipy.stats import rankdata

MISSED = "missed"
NOISE = "noise"
UNKNOWN = "unknown"
KNOWN = tuple(name for name in CLASSES if name != NOISE)

SURE = 0.5  # a wrong answer above this probability is a confident one
RATE_TOLERANCE = 0.01  # relative, of a symbol rate that counts as found
_LEAST_SHARE = 0.3  # of a burst, and of what was sent, that must be common to both


class Estimated(Protocol):
    """A number that was measured."""

    value: float


class Answered(Protocol):
    """What is read of a `BurstAnswer`."""

    start: int
    stop: int
    low_hz: float
    high_hz: float
    modulation: str
    probability: float
    outlier_score: float
    symbol_rate_hz: Estimated | None
    carrier_hz: Estimated | None


@dataclass(frozen=True, slots=True)
class Row:
    """What was said of a recording.

    `answer` is a class, `unknown`, `noise` where a burst or nothing was named noise, or `missed`.
    `outcome` is `right`, `wrong`, `unknown` or `missed`. The error of the rate is relative, that of
    the carrier in units of the occupied bandwidth; None where nothing was estimated.
    """

    truth: str
    snr_db: float
    answer: str
    outcome: str
    probability: float = 0.0  # of the most probable class
    outlier_score: float | None = None
    further: int = 0  # bursts where nothing was sent
    rate_error: float | None = None
    carrier_error: float | None = None


def score(sent: PeerRecording, bursts: Sequence[Answered]) -> Row:
    """The row of a recording and the bursts that were seen in it."""
    if sent.start == sent.stop:
        return _row_of_noise(sent, bursts)
    found = max(bursts, key=lambda burst: _common(sent, burst), default=None)
    covered = sum(_common(sent, burst) for burst in bursts)
    if found is None or covered < _LEAST_SHARE * _time_on(sent):
        outcome = "right" if NOISE in sent.accepted else MISSED
        return Row(sent.truth, sent.snr_db, MISSED, outcome, further=_beside(sent, bursts))
    return Row(
        sent.truth,
        sent.snr_db,
        found.modulation,
        _outcome(sent, found.modulation),
        float(found.probability),
        _finite(found.outlier_score),
        _beside(sent, bursts),
        _rate_error(sent, found),
        _carrier_error(sent, found),
    )


def _row_of_noise(sent: PeerRecording, bursts: Sequence[Answered]) -> Row:
    named = [burst for burst in bursts if burst.modulation not in (NOISE, UNKNOWN)]
    if named:
        surest = max(named, key=lambda burst: burst.probability)
        probability = float(surest.probability)
        score = _finite(surest.outlier_score)
        return Row(
            sent.truth, sent.snr_db, surest.modulation, "wrong", probability, score, len(bursts)
        )
    seen = [burst for burst in bursts if burst.modulation == UNKNOWN]
    answer, outcome = (UNKNOWN, UNKNOWN) if seen else (NOISE, "right")
    return Row(sent.truth, sent.snr_db, answer, outcome, further=len(seen))


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _outcome(sent: PeerRecording, answer: str) -> str:
    if answer in sent.accepted:
        return "right"
    return UNKNOWN if answer in (UNKNOWN, NOISE) else "wrong"


def _common(sent: PeerRecording, burst: Answered) -> int:
    """The samples that are common, 0 where the bands do not meet or most of the burst is beside.

    Bands meet where the centre of one of them lies in the other.
    """
    low, high = sent.centre_hz - sent.bandwidth_hz / 2, sent.centre_hz + sent.bandwidth_hz / 2
    centre = (burst.low_hz + burst.high_hz) / 2
    if not (low <= centre <= high or burst.low_hz <= sent.centre_hz <= burst.high_hz):
        return 0
    common = min(sent.stop, burst.stop) - max(sent.start, burst.start)
    return common if common >= _LEAST_SHARE * (burst.stop - burst.start) else 0


def _time_on(sent: PeerRecording) -> float:
    """The samples in which there is a signal, which pulses have in part."""
    return (sent.stop - sent.start) * float(sent.details.get("duty", 1.0))


def _beside(sent: PeerRecording, bursts: Sequence[Answered]) -> int:
    return sum(_common(sent, burst) == 0 for burst in bursts)


def _rate_error(sent: PeerRecording, found: Answered) -> float | None:
    if sent.symbol_rate_hz is None or found.symbol_rate_hz is None:
        return None
    return abs(found.symbol_rate_hz.value / sent.symbol_rate_hz - 1)


def _carrier_error(sent: PeerRecording, found: Answered) -> float | None:
    if found.carrier_hz is None:
        return None
    return abs(found.carrier_hz.value - sent.carrier_hz) / sent.bandwidth_hz


def cells(rows: Iterable[Row]) -> dict[str, dict[str, dict[str, Any]]]:
    """What rows say together, by truth and SNR."""
    groups: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        groups.setdefault(row.truth, {}).setdefault(f"{row.snr_db:g}", []).append(row)
    return {
        truth: {point: cell(points[point]) for point in sorted(points, key=float)}
        for truth, points in sorted(groups.items(), key=lambda group: _place(group[0]))
    }


def _place(truth: str) -> tuple[int, str]:
    """Classes in their order, then other signals by name."""
    return (CLASSES.index(truth) if truth in CLASSES else len(CLASSES), truth)


def cell(rows: Sequence[Row]) -> dict[str, Any]:
    """Counts, and the medians of the errors that there are."""
    rates = [row.rate_error for row in rows if row.rate_error is not None]
    carriers = [row.carrier_error for row in rows if row.carrier_error is not None]
    wrong = [row for row in rows if row.outcome == "wrong"]
    return {
        "count": len(rows),
        **{name: sum(row.outcome == name for row in rows) for name in ("right", UNKNOWN, MISSED)},
        "wrong": len(wrong),
        "confidently_wrong": sum(row.probability > SURE for row in wrong),
        "further": sum(row.further for row in rows),
        "rates": len(rates),
        "rates_found": sum(error <= RATE_TOLERANCE for error in rates),
        "rate_error": median(rates) if rates else None,
        "carriers": len(carriers),
        "carrier_error": median(carriers) if carriers else None,
    }


def novelty(known: Sequence[Row], unknown: Sequence[Row]) -> dict[str, dict[str, float | None]]:
    """How well the outlier score tells signals of no class from those of a class, kind by kind.

    `falsely_named` is the share of recordings that were given a class which they are not; `auroc`
    compares what was detected of either, None where there is nothing to compare.
    """
    reference = _scores(known)
    kinds: dict[str, list[Row]] = {"all": list(unknown)}
    for row in unknown:
        kinds.setdefault(row.truth, []).append(row)
    return {
        kind: {
            "count": len(rows),
            "falsely_named": sum(row.outcome == "wrong" for row in rows),
            "surely": sum(row.outcome == "wrong" and row.probability > SURE for row in rows),
            "auroc": auroc(_scores(rows), reference),
        }
        for kind, rows in kinds.items()
    }


def _scores(rows: Sequence[Row]) -> list[float]:
    return [row.outlier_score for row in rows if row.outlier_score is not None]


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """The chance that a positive score is above a negative one, ties half."""
    if not positive or not negative:
        return None
    ranks = rankdata(np.concatenate([positive, negative]))
    count = len(positive)
    return float((ranks[:count].sum() / count - (count + 1) / 2) / len(negative))


def summary(rows: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """Cells of every origin, and how the unknown ones differ from all others."""
    known = [row for origin, found in rows.items() if origin != "unknowns" for row in found]
    found: dict[str, Any] = {"origins": {origin: cells(part) for origin, part in rows.items()}}
    if "unknowns" in rows:
        known = [row for row in known if row.truth != NOISE]
        found["novelty"] = novelty(known, rows["unknowns"])
    return found
