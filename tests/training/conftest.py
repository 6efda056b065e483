from dataclasses import replace

import pytest
import torch

from rfmae.datasets.recipe import Splits
from rfmae.datasets.store import write_dataset


@pytest.fixture(scope="session")
def dataset(tiny_recipe, tmp_path_factory):
    """Two distinct modulations, twelve training examples each at two SNR points."""
    source = replace(tiny_recipe.source, modulations=("BPSK", "QPSK"))
    recipe = replace(tiny_recipe, source=source, splits=Splits(train=12, validation=4, test=4))
    return write_dataset(recipe.with_snr("10:20:10"), tmp_path_factory.mktemp("data") / "two")


@pytest.fixture
def one_thread():
    """Sums in a fixed order, so that two runs can be compared bit for bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
