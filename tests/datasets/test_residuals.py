"""What is between an example and its twin is known from the recipe."""

import pytest

from rfmae.datasets.recipe import parse_recipe
from rfmae.datasets.residuals import adds_constant, mirrors, why_not_noise

CASES = {
    "noise alone": ("", "symbols", ("", False, False)),
    "imbalance": ("iq_gain_imbalance_db = 1.0", "waveform", ("", True, False)),
    "constant": ("dc_offset_rms = 0.1", "waveform", ("", False, True)),
    "clipping": ("clip_level_rms = 2.0", "waveform", ("depends on the signal", False, False)),
    "corrected": (
        "dc_offset_rms = 0.1\ncarrier_offset_turns_per_symbol = [-0.1, 0.1]",
        "symbols",
        ("the receiver corrects", False, True),
    ),
}


@pytest.mark.parametrize(("effects", "view", "expected"), CASES.values(), ids=list(CASES))
def test_a_recipe_says_what_is_left(tiny_toml, effects, view, expected):
    text = tiny_toml.replace(
        "samples_per_symbol = 2", f'samples_per_symbol = 2\nreceiver = {{ observe = "{view}" }}'
    )
    head, channel, tail = text.partition("[source.channel]\n")
    recipe = parse_recipe(f"{head}{channel}{effects}\n{tail}")
    why, mirrored, constant = expected
    assert (mirrors(recipe), adds_constant(recipe)) == (mirrored, constant)
    assert why in why_not_noise(recipe, view)
    assert bool(why) == bool(why_not_noise(recipe, view))
