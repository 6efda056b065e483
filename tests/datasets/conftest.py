"""Recipes small enough to synthesise in a blink."""

import pytest

from rfmae.datasets.recipe import parse_recipe

TINY = """
schema = 1
name = "tiny"
about = "A few short examples."
seed = 7

[source]
modulations = ["BPSK", "16QAM", "GMSK"]
symbols_per_example = 64
samples_per_symbol = 2

[source.channel]
snr = "0:10:10"

[image]
size = 32

[splits]
train = 2
validation = 1
test = 1
"""


@pytest.fixture
def tiny_toml():
    return TINY


@pytest.fixture(scope="session")
def tiny_recipe():
    return parse_recipe(TINY)
