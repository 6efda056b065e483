"""Fixtures that many tests share: seeded generators, a small link, a tiny recipe."""

import os

# Two runs of a test must agree, and two workers share the processor. It counts only before numpy
# is imported: the linear algebra of numpy and scipy starts its threads then.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import subprocess
import zlib

import less_work
import numpy as np
import pytest

from rfmae.datasets.recipe import parse_recipe
from rfmae.signal.impairments import Channel
from rfmae.signal.link import Link

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
def rng():
    return np.random.default_rng(20250225)


@pytest.fixture(scope="session")
def streams_of():
    """Seed to the generators of every purpose, the same at each call."""

    def streams(seed):
        return lambda purpose: np.random.default_rng([seed, zlib.crc32(purpose.encode())])

    return streams


@pytest.fixture
def streams(streams_of):
    return streams_of(20250225)


@pytest.fixture
def link():
    return Link(
        symbols_per_example=64,
        samples_per_symbol=4,
        channel=Channel(snr="0", phase_offset_turns="none"),
    )


@pytest.fixture(scope="session")
def tiny_toml():
    return TINY


@pytest.fixture(scope="session")
def tiny_recipe():
    return parse_recipe(TINY)


@pytest.fixture
def no_figures():
    with less_work.no_figures():
        yield


@pytest.fixture
def few_directions():
    with less_work.few_directions():
        yield


@pytest.fixture(scope="session")
def succeed():
    """Run a command that must succeed; its standard output."""

    def run(command, cwd):
        done = subprocess.run(
            [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run
