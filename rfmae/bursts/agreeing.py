"""Bursts of one band and one probable class, which are judged together."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from rfmae.bursts.records import UNKNOWN, BurstAnswer

OUTLIER = "like none of the classes"
"""The reason of a burst whose outlier score is above 1."""

_FEWEST = 2
_SURE = 0.8  # probability of the class of a burst that others may speak for
_NEAR = 0.3  # bandwidths between the centres
_AS_WIDE = 1.5


def judged_together(answers: Sequence[BurstAnswer]) -> list[BurstAnswer]:
    """Answers (B,) where a burst slightly beyond the outlier score is named by those like it.

    One emitter sends them all: the median of their scores decides for those that are sure of one
    class in one band.
    """
    return [_with_its_like(answer, answers) for answer in answers]


def _with_its_like(answer: BurstAnswer, answers: Sequence[BurstAnswer]) -> BurstAnswer:
    if answer.reasons != (OUTLIER,) or answer.probability < _SURE:
        return answer
    like = [other for other in answers if _is_like(answer, other)]
    if len(like) <= _FEWEST or not median(other.outlier_score for other in like) <= 1:
        return answer
    note = f"named by {len(like)} bursts of its band"
    return replace(answer, modulation=answer.best, reasons=(), notes=(*answer.notes, note))


def _is_like(one: BurstAnswer, other: BurstAnswer) -> bool:
    """Whether two bursts have one band and are sure of one class, known or beyond the score."""
    if other.best != one.best or other.probability < _SURE:
        return False
    if other.modulation == UNKNOWN and other.reasons != (OUTLIER,):
        return False
    wide, narrow = sorted((one.bandwidth_hz, other.bandwidth_hz), reverse=True)
    return abs(one.centre_hz - other.centre_hz) < _NEAR * wide and wide < _AS_WIDE * narrow
