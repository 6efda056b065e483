"""The likelihood receiver on a data set reaches the ceiling."""

from functools import cache

import numpy as np
import pytest

from rfmae.baselines.likelihood import LikelihoodReceiver
from rfmae.datasets.recipe import parse_recipe
from rfmae.datasets.synthesis import examples
from rfmae.errors import RecipeError, ShapeError
from rfmae.evaluation.classification import collect_answers, counted
from rfmae.records import wilson_interval
from rfmae.signal.modulations import find_modulation
from rfmae.theory.ceiling import compute_ceiling
from rfmae.theory.ceiling_spec import CeilingSpec

RECIPE = """
schema = 1
name = "small"
about = "A few short examples."
seed = 11
[source]
modulations = [{names}]
symbols_per_example = 128
samples_per_symbol = 4
receiver = {{ observe = "{observe}" }}
[source.channel]
snr = "{snr}"
[splits]
train = 1
validation = 1
test = 50
"""

DATA_SETS = {
    "memoryless symbols": ("symbols", "OOK BPSK QPSK 16QAM 8ASK", "-6:2:8"),
    "waveforms with memory": ("waveform", "OOK QPSK OQPSK GMSK", "-9:-3:6"),
}


def recipe_of(observe, names, snr):
    listed = ", ".join(f'"{name}"' for name in names.split())
    return parse_recipe(RECIPE.format(names=listed, observe=observe, snr=snr))


def spec_of(recipe, **changes):
    source = recipe.source
    settings = {
        "symbols_per_example": source.symbols_per_example,
        "samples_per_symbol": source.samples_per_symbol,
        "pulse": source.pulse,
    }
    return CeilingSpec(recipe.modulations, source.channel.snr_db, **settings, **changes)


def accuracy(recipe, receiver):
    """Hits and examples at each SNR of the test split."""

    def answer(data):
        batch = data[receiver.view]
        return receiver(batch.iq, batch.snr_db)

    splits = (
        {view: pairs.observed for view, pairs in made.views.items()}
        for made in examples(recipe, "test")
    )
    answers = collect_answers(
        answer,
        splits,
        snr_db=recipe.source.channel.snr_db,
        classes=recipe.classes,
        snr_reference="symbol",
    )
    report = counted(answers)
    return report.hits_per_snr, report.examples_per_snr


@cache
def with_known_snr(name):
    recipe = recipe_of(*DATA_SETS[name])
    return accuracy(recipe, LikelihoodReceiver(spec_of(recipe), DATA_SETS[name][0]))


@pytest.mark.parametrize("name", DATA_SETS)
def test_with_the_snr_known_it_reaches_the_ceiling(name):
    observe = DATA_SETS[name][0]
    ceiling = compute_ceiling(spec_of(recipe_of(*DATA_SETS[name])), frames=150)
    hits, counts = with_known_snr(name)
    low, high = wilson_interval(hits, counts).T
    # the interval of the test set, and that of the ceiling
    margin = 2 * ceiling.posterior_error
    # of a waveform the receiver leaves out 14 of 128 symbols at its ends, worth 0.5 dB
    lost = 0.04 if observe == "waveform" else 0.0
    assert (low - margin <= ceiling.mean_posterior).all()
    assert (ceiling.mean_posterior <= high + margin + lost).all()


@pytest.mark.slow
def test_without_the_snr_it_comes_close():
    recipe = recipe_of(*DATA_SETS["memoryless symbols"])
    known, counts = with_known_snr("memoryless symbols")
    blind, _ = accuracy(recipe, LikelihoodReceiver(spec_of(recipe, snr="unknown"), "symbols"))
    assert (blind / counts > known / counts - 0.08).all()


def test_gain_and_phase_of_what_is_received_carry_no_information(rng):
    spec = CeilingSpec(
        tuple(map(find_modulation, ("BPSK", "QPSK"))), (0.0,), symbols_per_example=64
    )
    receiver = LikelihoodReceiver(spec, "symbols")
    iq = rng.normal(size=(4, 64)) + 1j * rng.normal(size=(4, 64))
    iq /= np.sqrt(np.mean(np.abs(iq) ** 2, axis=1, keepdims=True))
    turned = iq * np.exp(2j)
    snr_db = np.zeros(4)
    np.testing.assert_allclose(receiver(iq, snr_db), receiver(turned, snr_db), atol=1e-6)


def test_probabilities_are_shared_by_classes_that_send_the_same(rng):
    names = ("QPSK", "BPSK", "DQPSK")
    spec = CeilingSpec(tuple(map(find_modulation, names)), (0.0,), symbols_per_example=32)
    receiver = LikelihoodReceiver(spec, "symbols")
    iq = (rng.normal(size=(5, 32)) + 1j * rng.normal(size=(5, 32))).astype(np.complex64)
    probabilities = receiver(iq, np.zeros(5))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(probabilities[:, 0], probabilities[:, 2])
    assert receiver.classes == names


def test_classes_with_memory_need_the_waveform():
    spec = CeilingSpec(tuple(map(find_modulation, ("QPSK", "OQPSK", "GMSK"))), (0.0,))
    with pytest.raises(RecipeError, match=r"OQPSK, GMSK needs the waveform.*\"both\""):
        LikelihoodReceiver(spec, "symbols")


def test_the_snr_must_be_given_where_it_counts_as_known():
    spec = CeilingSpec(tuple(map(find_modulation, ("BPSK", "QPSK"))), (0.0,))
    with pytest.raises(ShapeError, match="SNR of each example"):
        LikelihoodReceiver(spec, "symbols")(np.ones((2, 32), np.complex64))
