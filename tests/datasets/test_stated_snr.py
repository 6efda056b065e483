"""The SNR that a label promises is the one that is made, for every reference and view."""

from dataclasses import replace

import numpy as np
import pytest

from rfmae.datasets.recipe import Splits, parse_recipe
from rfmae.datasets.stated_snr import measurable, snr_view, stated_snr, why_unmeasured
from rfmae.datasets.store import write_dataset
from rfmae.evaluation.leak_features import measured_snr
from rfmae.units import ratio_to_db

TEXT = """
schema = 1
name = "stated"
about = "Examples whose SNR is measured."
seed = 3

[source]
modulations = ["BPSK", "16QAM", "GMSK", "WBFM"]
symbols_per_example = 256
samples_per_symbol = 4
receiver = { observe = "VIEW" }

[source.channel]
snr = "0:20:10"
snr_reference = "REFERENCE"
EFFECT

[image]
size = 32
planes = [{ what = "WHAT", half_width = 5 }]

[splits]
train = 1
validation = 1
test = 20
"""


def recipe_of(view="waveform", reference="symbol", effect="", observe=None):
    what = "symbols" if view == "symbols" else "trajectory"
    text = TEXT.replace('observe = "VIEW"', observe or f'observe = "{view}"')
    text = text.replace("REFERENCE", reference).replace("EFFECT", effect).replace("WHAT", what)
    if reference == "bit":
        text = text.replace(', "WBFM"', "")
    return parse_recipe(text)


EFFECTS = {
    "nothing": "",
    "offset": "snr_offset_db = [-3.0, 3.0]",
    "carrier": "carrier_offset_turns_per_symbol = [-0.1, 0.1]",
    "imbalance": "iq_gain_imbalance_db = [-1.0, 1.0]",
}


@pytest.mark.parametrize("effect", EFFECTS.values(), ids=list(EFFECTS))
@pytest.mark.parametrize("reference", ["symbol", "sample", "bit"])
@pytest.mark.parametrize("view", ["symbols", "waveform"])
def test_measured_and_stated_agree(view, reference, effect, tmp_path):
    recipe = recipe_of(view, reference, effect)
    data = write_dataset(recipe, tmp_path / "data")
    if why_unmeasured(data, recipe):
        assert (view, effect) == ("symbols", EFFECTS["imbalance"])
        return
    pairs, sampled = data.read("test"), data.sampled("test")
    observed = pairs.observed
    offset = sampled.get("snr_offset_db", np.zeros(len(pairs)))
    stated = stated_snr(data, recipe, observed.label, observed.snr_db, offset)
    ratio = measured_snr(observed.iq, pairs.clean) / stated
    for index, is_able in enumerate(measurable(data, recipe)):
        if is_able:
            # of twenty frames of 256 symbols at three SNRs: the power of a frame of 16QAM
            # scatters by 4 %, the noise of a frame by 6 %
            assert ratio_to_db(ratio[observed.label == index].mean()) == pytest.approx(0, abs=0.15)


def test_symbols_of_a_pulse_of_their_own_are_not_measured(tmp_path):
    recipe = recipe_of("symbols")
    data = write_dataset(replace(recipe, splits=Splits(1, 1, 1)), tmp_path / "data")
    assert measurable(data, recipe) == [True, True, False, False]
    assert snr_view(data) == "symbols"


UNMEASURED = {
    "interference": ("interference = { carrier_to_interference_db = 10.0 }", "", "waveform"),
    "converter": ("quantiser_bits = 4", "", "waveform"),
    "timing": ("timing_offset_symbols = 0.2", 'observe = "symbols", timing = "none"', "symbols"),
    "filter": ("", 'observe = "waveform", waveform = "filtered"', "waveform"),
}


@pytest.mark.parametrize(("effect", "receiver", "view"), UNMEASURED.values(), ids=list(UNMEASURED))
def test_what_is_no_white_noise_is_named(effect, receiver, view, tmp_path):
    recipe = recipe_of(view, effect=effect, observe=receiver or None)
    data = write_dataset(replace(recipe, splits=Splits(1, 1, 1)), tmp_path / "data")
    assert why_unmeasured(data, recipe)
    assert not why_unmeasured(data, recipe_of(view))
