"""The report of a leak audit of a data set: one finding and verdict per test."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rfmae.records.iq import FloatArray

Verdict = Literal["pass", "leak", "wrong", "note"]
"""Of a test: no leak, a leak, a wrong label, or something a user must know."""


@dataclass(frozen=True, slots=True)
class ChanceTest:
    """Hits of a classifier that should do no better than guessing, against chance.

    `p_value` is the exact binomial probability of so many hits or more by chance, times the number
    of tests of the audit (Bonferroni), at most 1. `noticeable` is the least accuracy that would
    have been reported as a leak; above 1 there were too few examples to detect any.
    """

    hits: int
    examples: int
    accuracy: float
    low: float  # 95 % Wilson
    high: float
    chance: float
    p_value: float
    noticeable: float


TOLERANCE_DB = 0.3
"""Largest accepted difference of a measured SNR from its label."""


@dataclass(frozen=True, slots=True)
class SnrErrors:
    """Measured over stated SNR in dB of each group, with its interval."""

    names: tuple[str, ...]
    mean_db: FloatArray  # (G,)
    low_db: FloatArray
    high_db: FloatArray

    @property
    def wrong(self) -> npt.NDArray[np.bool_]:
        """Groups whose whole interval is beyond the tolerance."""
        return (self.low_db > TOLERANCE_DB) | (self.high_db < -TOLERANCE_DB)


@dataclass(frozen=True, slots=True)
class PlaceTest:
    """A comparison of mean scores between classes at many places: samples, frequencies, times.

    `label` and `place` stand out most. Sizes are powers in dB over that of the signal: of what was
    found, and the least that would have been. `places` are all where a class stands out.
    """

    label: int
    place: int
    difference: float  # of mean scores, the class less the others
    p_value: float  # corrected for places, classes and the tests of the audit
    size_db: float  # not a number where a difference has no power
    noticeable: float  # the least difference that is significant
    noticeable_db: float
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CarrierLines:
    """Carriers in turns per sample that all examples of a class share, by class.

    `common` is a carrier that explains all of them, none where there is none; carriers closer than
    `resolution` are one.
    """

    turns: dict[int, float]
    common: float | None
    resolution: float


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one test; `value` is in `unit`: accuracy, examples, dB, ….

    `p_value` and `noticeable_db` are of tests that compare classes place by place: the least power
    over that of the signal that would have been found.
    """

    name: str
    verdict: Verdict
    value: float
    unit: str
    explanation: str
    test: ChanceTest | None = None  # where a classifier was tested
    p_value: float | None = None
    noticeable_db: float | None = None


@dataclass(frozen=True, slots=True)
class AuditReport:
    """All findings of a data set, and their provenance."""

    data_set: str
    findings: tuple[Finding, ...]
    provenance: dict[str, Any]

    def of(self, *verdicts: Verdict) -> tuple[Finding, ...]:
        """The findings of these verdicts."""
        return tuple(item for item in self.findings if item.verdict in verdicts)

    @property
    def is_clean(self) -> bool:
        """Whether nothing leaks and no label is wrong."""
        return not self.of("leak", "wrong")

    @property
    def headline(self) -> str:
        """The outcome in at most 20 words."""
        if self.is_clean:
            return f"{self.data_set}: {len(self.findings)} tests found no leak."
        first, *rest = (item.name for item in self.of("leak", "wrong"))
        failed = f"{len(rest) + 1} of {len(self.findings)} tests"
        others = f" and {len(rest)} more" if rest else ""
        return f"{self.data_set} fails {failed}: {first}{others}."
