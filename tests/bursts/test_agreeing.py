"""Bursts that are alike speak for one that is slightly beyond the outlier score."""

from dataclasses import replace

import pytest

from rfmae.bursts.agreeing import OUTLIER, judged_together
from rfmae.bursts.records import UNKNOWN, BurstAnswer

KNOWN = BurstAnswer(0, 9000, 50e3, 80e3, 15.0, "QPSK", 0.95, "QPSK", {"QPSK": 0.95}, 0.7)
BEYOND = replace(KNOWN, start=20_000, stop=30_000, modulation=UNKNOWN, reasons=(OUTLIER,))
BEYOND = replace(BEYOND, outlier_score=1.2)


def test_the_median_of_bursts_that_are_alike_decides():
    found = judged_together([KNOWN, BEYOND, replace(KNOWN, start=40_000, stop=50_000)])
    assert [answer.modulation for answer in found] == ["QPSK"] * 3
    assert found[1].notes == ("named by 3 bursts of its band",)


@pytest.mark.parametrize(
    "changed",
    [
        {"best": "BPSK"},
        {"probability": 0.6},
        {"centre_hz": 120e3},
        {"bandwidth_hz": 200e3},
        {"reasons": ("too short",)},
    ],
)
def test_a_burst_that_is_not_alike_stays_unknown(changed: dict[str, object]):
    other = replace(BEYOND, **changed)  # type: ignore[arg-type]
    found = judged_together([KNOWN, other, replace(KNOWN, start=40_000, stop=50_000)])
    assert found[1] == other


def test_where_most_are_beyond_none_is_named():
    assert judged_together([KNOWN, BEYOND, BEYOND, BEYOND])[1:] == [BEYOND] * 3
    assert judged_together([BEYOND]) == [BEYOND]
