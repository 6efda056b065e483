"""Rises of noise and sidelobes are no signals of their own."""

from dataclasses import replace

import pytest

from rfmae.bursts.leaving_out import own_signals
from rfmae.bursts.records import NOISE, UNKNOWN, BurstAnswer

STRONG = BurstAnswer(1000, 9000, 50e3, 80e3, 15.0, "QPSK", 0.9, "QPSK", {"QPSK": 0.9})
SIDELOBE = replace(STRONG, start=1100, centre_hz=180e3, snr_db=1.0, modulation=UNKNOWN)


def test_a_weak_nameless_burst_at_the_times_of_a_stronger_one_beside_it_is_its_sidelobe():
    kept, notes = own_signals([STRONG, SIDELOBE])
    assert kept == [STRONG]
    assert notes == ("left out: a stretch beside stronger bursts at the same times: sidelobes",)


@pytest.mark.parametrize(
    "changed",
    [
        {"modulation": "BPSK"},
        {"snr_db": 9.0},
        {"centre_hz": 400e3},
        {"start": 4000},
        {"stop": 20_000},
    ],
)
def test_a_burst_of_its_own_stays(changed: dict[str, object]):
    other = replace(SIDELOBE, **changed)  # type: ignore[arg-type]
    assert own_signals([STRONG, other])[0] == [STRONG, other]


def test_noise_that_rises_a_little_is_told_in_a_note_and_strong_noise_is_a_row():
    weak = replace(STRONG, modulation=NOISE, snr_db=2.0, start=20_000, stop=30_000)
    strong = replace(weak, snr_db=12.0)
    kept, notes = own_signals([weak, weak, strong])
    assert kept == [strong]
    assert notes == ("left out: 2 stretches where noise alone rises by less than 6 dB",)


def test_a_burst_without_a_floor_is_no_sidelobe_of_itself():
    nameless = replace(SIDELOBE, snr_db=float("inf"))
    assert own_signals([nameless])[0] == [nameless]


def test_a_burst_inside_of_wider_ones_at_its_times_has_no_name_of_its_own():
    wide = replace(STRONG, bandwidth_hz=800e3, stop=2500)
    kept, _ = own_signals([STRONG, wide])
    assert kept[0].modulation == UNKNOWN and "inside of wider bursts" in kept[0].reasons[0]
    later = replace(wide, start=20_000, stop=30_000)
    assert own_signals([STRONG, later])[0] == [STRONG, later]
