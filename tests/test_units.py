"""Decibels, kinds of SNR, and the grammar of an SNR grid."""

import math
import re
from fractions import Fraction

import numpy as np
import pytest

from rfmae.errors import UnitError
from rfmae.units import (
    db_to_ratio,
    ebn0_to_es_n0,
    noise_power_per_sample,
    parse_snr_grid,
    ratio_to_db,
    snr_to_es_n0,
    whole_ratio,
)

# --- decibels


@pytest.mark.parametrize("value_db", [-120.0, -10.0, -3.0, 0.0, 0.1, 17.0, 100.0])
def test_decibels_come_back_from_their_ratio(value_db):
    assert ratio_to_db(db_to_ratio(value_db)) == pytest.approx(value_db, abs=1e-12)


@pytest.mark.parametrize(("value_db", "ratio"), [(0, 1), (10, 10), (-20, 0.01), (3, 1.9952623)])
def test_decibels_are_ratios_of_power(value_db, ratio):
    assert db_to_ratio(value_db) == pytest.approx(ratio, rel=1e-7)


def test_decibels_are_taken_of_whole_arrays():
    ratios = db_to_ratio(np.array([0.0, 10.0]))
    assert ratios.tolist() == [1.0, 10.0]
    assert ratio_to_db(ratios).tolist() == [0.0, 10.0]


# --- kinds of SNR


@pytest.mark.parametrize("samples_per_symbol", [1, 2, 8, 20])
@pytest.mark.parametrize("snr_db", [-10.0, 0.0, 7.5])
def test_both_references_give_the_same_noise_when_they_mean_the_same(snr_db, samples_per_symbol):
    es_n0_db = snr_to_es_n0(snr_db, samples_per_symbol)
    per_sample = noise_power_per_sample(snr_db, "sample", samples_per_symbol)
    per_symbol = noise_power_per_sample(es_n0_db, "symbol", samples_per_symbol)
    assert per_symbol == pytest.approx(per_sample, rel=1e-12)


@pytest.mark.parametrize(
    ("snr_reference", "power"), [("symbol", 8 / 10), ("sample", 1 / 10)], ids=["symbol", "sample"]
)
def test_noise_power_is_that_of_a_unit_waveform(snr_reference, power):
    assert noise_power_per_sample(10.0, snr_reference, 8) == pytest.approx(power)


def test_noise_cannot_be_scaled_to_what_a_data_set_says():
    with pytest.raises(UnitError, match=r"'symbol', 'sample' or, .* 'bit', got 'dataset'"):
        noise_power_per_sample(0.0, "dataset", 8)


def test_noise_by_bit_needs_bits():
    with pytest.raises(UnitError, match="where symbols carry bits, 'bit', got 'bit'"):
        noise_power_per_sample(0.0, "bit", 8)


@pytest.mark.parametrize("bits", [1, 2, 6, 1.3])
def test_noise_by_bit_is_that_of_the_symbol_which_carries_so_many(bits):
    by_symbol = noise_power_per_sample(ebn0_to_es_n0(3.0, bits), "symbol", 4)
    assert noise_power_per_sample(3.0, "bit", 4, bits) == pytest.approx(by_symbol)
    assert by_symbol == pytest.approx(4 / (bits * 10**0.3))


# --- samples per symbol


@pytest.mark.parametrize(
    ("value", "ratio"), [(1, (1, 1)), (2.5, (5, 2)), (250 / 81, (250, 81)), (8, (8, 1))]
)
def test_samples_per_symbol_are_a_fraction_of_small_numbers(value, ratio):
    assert whole_ratio(value) == Fraction(*ratio)


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf])
def test_samples_per_symbol_are_positive_and_finite(value):
    with pytest.raises(UnitError, match="positive and finite"):
        whole_ratio(value)


def test_a_number_that_is_no_small_fraction_is_named_with_the_nearest():
    with pytest.raises(UnitError, match=r"at most 128, got 2\.7182; the nearest is 2\.718"):
        whole_ratio(2.7182)


# --- the grid

GRIDS = [
    ("-10:10:5", (-10, -5, 0, 5, 10)),
    ("-2:2", (-2, -1, 0, 1, 2)),
    ("0:1:0.25", (0, 0.25, 0.5, 0.75, 1)),
    ("0:0.3:0.1", (0, 0.1, 0.2, 0.3)),
    ("-20:18:2", tuple(range(-20, 19, 2))),
    ("5", (5,)),
    ("-3.5", (-3.5,)),
    ("7:7", (7,)),
    ("7:7:2", (7,)),
    ("1e1:12", (10, 11, 12)),
    (" -1 : 1 ", (-1, 0, 1)),
]


@pytest.mark.parametrize(("text", "grid"), GRIDS, ids=[text for text, _ in GRIDS])
def test_a_grid_holds_both_its_ends(text, grid):
    assert parse_snr_grid(text) == grid  # exactly: 0.1 + 0.2 reads 0.3


def test_a_fine_grid_gathers_no_rounding():
    assert parse_snr_grid("-10:10:0.01") == tuple(n / 100 for n in range(-1000, 1001))


REFUSED = [
    ("10:-10", "runs upwards", "-10:10"),
    ("10:-10:2", "runs upwards", "-10:10:2"),
    ("10:-10:-2", "runs upwards", "-10:10:2"),
    ("-10:2:10", "must divide", "-10:10:2"),
    ("-20:2:18", "must divide", "-20:18:2"),
    ("0:0.5:10", "must divide", "0:10:0.5"),
]


@pytest.mark.parametrize(("text", "rule", "spelling"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_refused_grid_is_answered_with_the_spelling_that_was_meant(text, rule, spelling):
    with pytest.raises(UnitError, match=rule) as caught:
        parse_snr_grid(text)
    message = str(caught.value)
    assert repr(text) in message
    suggested = re.search(r"write (\S+)$", message)
    assert suggested
    assert suggested[1] == spelling
    assert parse_snr_grid(suggested[1])  # the way out is open


@pytest.mark.parametrize(
    "text",
    ["", ":", "a:b", "1:2:3:4", "nan:1", "0:inf", "-inf", "1:", ":1", "1..3", "0:1:nan"],
)
def test_what_is_no_grid_is_answered_with_the_grammar(text):
    with pytest.raises(UnitError, match=r"start:stop\[:step\] in dB, such as .*") as caught:
        parse_snr_grid(text)
    assert f"got {text!r}" in str(caught.value)


@pytest.mark.parametrize("text", ["0:1:0", "0:10:-1", "5:5:0", "5:5:-1"])
def test_a_step_that_does_not_go_up_is_refused(text):
    with pytest.raises(UnitError, match=f"step .*must be positive, got '{text}'"):
        parse_snr_grid(text)


@pytest.mark.parametrize("text", ["0:5:2", "0:1:3", "0:1:0.3", "-10:10:7"])
def test_a_step_that_misses_the_end_is_refused(text):
    with pytest.raises(UnitError, match=f"step must divide the range .*got '{text}'"):
        parse_snr_grid(text)


@pytest.mark.parametrize("text", ["0:100:0.01", "0:1:1e-9", "0:10:1e-320"])
def test_a_grid_without_end_is_refused(text):
    with pytest.raises(UnitError, match=f"at most 10000 points, got '{text}'"):
        parse_snr_grid(text)


@pytest.mark.parametrize("text", ["0:10000", "4000", "-301", "-1e308:1e308"])
def test_an_snr_beyond_all_numbers_is_refused(text):
    with pytest.raises(UnitError, match=f"between -300 and 300 dB, got '{text}'"):
        parse_snr_grid(text)


def test_the_largest_grid_is_allowed():
    assert len(parse_snr_grid("0:99.99:0.01")) == 10_000


def test_commas_join_pieces_so_that_points_can_be_left_out():
    whole = parse_snr_grid("-10:10")
    assert parse_snr_grid("-10:-1,1:10") == tuple(point for point in whole if point != 0)
    assert parse_snr_grid("-4,0,2.5:3.5:0.5") == (-4.0, 0.0, 2.5, 3.0, 3.5)


@pytest.mark.parametrize("text", ["1:3,3:5", "1:3,2", "4,1", "0,0", "1:2,", ",1", "1,,2"])
def test_pieces_that_overlap_run_down_or_are_empty_are_refused(text):
    with pytest.raises(UnitError, match="SNR grid"):
        parse_snr_grid(text)


def test_pieces_together_hold_no_more_points_than_one():
    with pytest.raises(UnitError, match="at most 10000"):
        parse_snr_grid("0:50:0.01,60:120:0.01")
