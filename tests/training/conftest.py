import pytest
import torch

from rfmae.datasets.recipe import parse_recipe
from rfmae.datasets.store import write_dataset

RECIPE = """
schema = 1
name = "two"
about = "Two modulations for the tests of training."
seed = 3
[source]
modulations = ["BPSK", "QPSK"]
symbols_per_example = 64
samples_per_symbol = 2
[source.channel]
snr = "10:20:10"
[image]
size = 32
[splits]
train = 12
validation = 4
test = 4
"""


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    return write_dataset(parse_recipe(RECIPE), tmp_path_factory.mktemp("data") / "two")


@pytest.fixture
def one_thread():
    """Sums in a fixed order, so that two runs can be compared bit for bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
