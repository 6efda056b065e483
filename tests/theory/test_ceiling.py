"""Bayes accuracy by Monte Carlo: two estimates that agree, and what must hold of any ceiling."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from rfmae.datasets.recipe import load_recipe
from rfmae.errors import RecipeError
from rfmae.signal.modulations import find_modulation
from rfmae.theory.ceiling import (
    BLOCK,
    check_signal_models,
    compute_ceiling,
    frames_drawn,
    groups_of,
    tally_at,
)
from rfmae.theory.ceiling_spec import CeilingSpec


def spec_of(names, *snr_db, **changes):
    settings = {"symbols_per_example": 32, "samples_per_symbol": 4, **changes}
    return CeilingSpec(tuple(map(find_modulation, names.split())), snr_db, **settings)


CLASS_LISTS = {
    "awgn-ten": " ".join(load_recipe("awgn-ten").classes),
    "sdr-linear": " ".join(load_recipe("sdr-linear").classes),
    "linear part of radio-24": "OOK 4ASK 16PSK 32PSK 16APSK 32APSK 32QAM 256QAM",
    "with memory": "OQPSK MSK GMSK GFSK pi/2-BPSK pi/4-DQPSK 4FSK",
}


@pytest.mark.parametrize("names", CLASS_LISTS.values(), ids=list(CLASS_LISTS))
@pytest.mark.parametrize("snr_db", [-3.0, 3.0])
def test_hits_are_as_frequent_as_posteriors_say(names, snr_db):
    # edges of a frame are taken as if their neighbours were noise: 1/K of the evidence
    spec = spec_of(names, snr_db, symbols_per_example=64)
    found = tally_at(spec, snr_db, groups_of(spec), 60, seed=1)
    error = math.hypot(found.hit_error, found.posterior_error)
    assert abs(found.hit_rate - found.mean_posterior) < 3.5 * error + 1 / 64


@pytest.mark.parametrize("es_n0", [0.3, 1.0, 3.0])
def test_one_symbol_of_bpsk_against_noise_is_found_as_often_as_the_normal_law_says(es_n0):
    spec = spec_of(
        "BPSK NOISE", 10 * math.log10(es_n0), phase="known", symbols_per_example=1
    )  # fmt: skip
    found = tally_at(spec, spec.snr_db[0], groups_of(spec), 4000, seed=0)
    # the mean of exp(ρ(±2x − 1)) exceeds one beyond this threshold
    threshold = math.acosh(math.exp(es_n0)) / (2 * es_n0)
    noise = norm(0, math.sqrt(1 / (2 * es_n0)))
    quiet = noise.cdf(threshold) - noise.cdf(-threshold)
    sent = noise.sf(threshold - 1) + noise.cdf(-threshold - 1)
    # the cut pulse leaves some interference, 0.1 % of the energy
    assert found.mean_posterior == pytest.approx(
        (quiet + sent) / 2, abs=4 * found.posterior_error + 2e-3
    )


def test_equal_signals_are_guessed():
    found = compute_ceiling(spec_of("QPSK DQPSK", 10.0), frames=10)
    assert found.groups == (("QPSK", "DQPSK"),)
    assert found.mean_posterior[0] == found.hit_rate[0] == 0.5
    assert found.merged_mean_posterior[0] == found.merged_hit_rate[0] == 1.0


def test_a_ceiling_rises_with_snr_and_length():
    short = compute_ceiling(spec_of("BPSK QPSK 8PSK", -6.0, 0.0, 6.0), frames=100)
    long = compute_ceiling(
        spec_of("BPSK QPSK 8PSK", -6.0, 0.0, 6.0, symbols_per_example=128), frames=100
    )
    assert (np.diff(short.mean_posterior) > 0).all()
    assert (long.mean_posterior > short.mean_posterior).all()
    assert short.mean_posterior[0] > 1 / 3


@pytest.mark.parametrize("what", ["phase", "snr", "amplitude"])
def test_what_is_unknown_costs_accuracy(what):
    spec = spec_of("BPSK QPSK 4ASK", -6.0, 0.0, symbols_per_example=16, phase="known")
    known = compute_ceiling(spec, frames=100)
    unknown = compute_ceiling(replace(spec, **{what: "unknown"}), frames=100)
    margin = 3 * np.hypot(known.posterior_error, unknown.posterior_error)
    assert (unknown.mean_posterior < known.mean_posterior + margin).all()
    error = np.hypot(0.5 / math.sqrt(300), unknown.posterior_error)
    assert (abs(unknown.hit_rate - unknown.mean_posterior) < 3.5 * error + 1 / 16).all()


def test_frames_are_the_same_whatever_else_is_requested():
    one = compute_ceiling(spec_of("BPSK QPSK", 0.0), frames=20)
    two = compute_ceiling(spec_of("BPSK QPSK", -5.0, 0.0), frames=20)
    assert one.mean_posterior[0] == two.mean_posterior[1]
    assert compute_ceiling(spec_of("BPSK QPSK", 0.0), frames=20, seed=1).hit_rate != one.hit_rate


def test_more_frames_begin_with_the_same():
    spec, heard = spec_of("BPSK QPSK", 0.0), []
    compute_ceiling(spec, frames=BLOCK + 5, advance=heard.append)
    assert heard == [2 * BLOCK, 10]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"planes": ("symbols",)},
        {"planes": ("symbols",), "snr": "unknown"},
        {"planes": ("symbols",), "snr": "unknown", "units": "absolute"},
    ],
    ids=["sequence", "images", "SNR unknown", "exact, SNR unknown"],
)
def test_all_frames_are_reported_of_when_they_are_done(changes):
    spec, heard = spec_of("BPSK QPSK", 0.0, 6.0, **changes), []
    compute_ceiling(spec, frames=5, advance=heard.append)
    assert sum(heard) == frames_drawn(spec, 5)


def test_images_of_one_snr_have_the_same_ceiling_whether_it_is_reported_or_not():
    spec = spec_of("BPSK QPSK MSK", 0.0, planes=("symbols", "differential"))
    known = compute_ceiling(spec, frames=20)
    unknown = compute_ceiling(replace(spec, snr="unknown"), frames=20)
    assert unknown.hit_rate == known.hit_rate
    assert unknown.mean_posterior == pytest.approx(known.mean_posterior, rel=1e-9)


def test_an_image_of_symbols_knows_of_an_unknown_snr_what_the_sequence_knows():
    spec = spec_of(
        "OOK QPSK 8PSK", -4.0, 2.0, symbols_per_example=64, units="absolute", snr="unknown"
    )
    sequence = compute_ceiling(spec, frames=100)
    image = compute_ceiling(replace(spec, planes=("symbols",)), frames=100)
    assert image.is_bound
    margin = 4 * np.hypot(sequence.posterior_error, image.posterior_error)
    np.testing.assert_array_less(abs(image.mean_posterior - sequence.mean_posterior), margin)


def test_an_image_of_symbols_knows_what_the_sequence_of_memoryless_classes_knows():
    spec = spec_of("OOK QPSK 8PSK", -4.0, 2.0, symbols_per_example=64, units="absolute")
    sequence = compute_ceiling(spec, frames=100)
    image = compute_ceiling(replace(spec, planes=("symbols",)), frames=100)
    assert image.is_bound
    margin = 4 * np.hypot(sequence.posterior_error, image.posterior_error)
    np.testing.assert_array_less(abs(image.mean_posterior - sequence.mean_posterior), margin)


def test_an_image_of_classes_with_memory_is_no_bound():
    spec = spec_of("QPSK GMSK", 4.0, planes=("symbols",))
    assert not compute_ceiling(spec, frames=20).is_bound
    assert compute_ceiling(replace(spec, planes=()), frames=20).is_bound


def test_classes_without_a_likelihood_are_all_named_with_those_that_have_one():
    with pytest.raises(RecipeError, match=r"AM-DSB-SC, WBFM.*--classes BPSK,QPSK"):
        check_signal_models(spec_of("BPSK AM-DSB-SC QPSK WBFM", 0.0))
    with pytest.raises(RecipeError, match="WBFM"):
        check_signal_models(spec_of("BPSK QPSK WBFM", 0.0))
