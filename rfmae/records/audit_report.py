"""What a leak audit found of a data set: one finding a question, and the verdict on each."""

from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["pass", "leak", "wrong", "note"]
"""Of a question: no leak, a leak, a label that is not true, or something a reader must know."""


@dataclass(frozen=True, slots=True)
class ChanceTest:
    """Hits of a classifier that should be guessing, against what guessing reaches.

    `p_value` is the exact binomial chance of so many hits or more by luck, times the number of
    tests of the audit (Bonferroni), at most 1. `noticeable` is the least accuracy that would have
    been called a leak; above 1 there were too few examples to call anything one.
    """

    hits: int
    examples: int
    accuracy: float
    low: float  # 95 % Wilson
    high: float
    chance: float
    p_value: float
    noticeable: float


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question; `value` is in `unit`: accuracy, examples, dB, …."""

    name: str
    verdict: Verdict
    value: float
    unit: str
    explanation: str
    test: ChanceTest | None = None  # where a classifier was asked


@dataclass(frozen=True, slots=True)
class AuditReport:
    """All findings of a data set, and how they came about."""

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
        """The outcome in one sentence."""
        if self.is_clean:
            return f"{self.data_set}: no leak was found by {len(self.findings)} questions."
        bad = self.of("leak", "wrong")
        return f"{self.data_set} fails: {', '.join(item.name for item in bad)}."
