import pytest
import torch

from rfmae.errors import TrainingError
from rfmae.imaging.render import constellation_images
from rfmae.progress import Silent
from rfmae.training import loaders
from rfmae.training.engine import epoch_rows
from rfmae.training.loaders import ImageSplit, labelled_subset
from rfmae.workflows.training import Finetuning, finetune

CPU = torch.device("cpu")


def test_what_fits_into_memory_does_not_change_a_number(dataset, monkeypatch):
    rows = torch.tensor([7, 0, 3])
    kept = ImageSplit(dataset, "train", CPU, Silent(), clean=True)
    monkeypatch.setattr(loaders, "_LARGEST_CACHE_BYTES", 0)
    drawn = ImageSplit(dataset, "train", CPU, Silent(), clean=True)
    assert torch.equal(kept.noisy(rows), drawn.noisy(rows))
    assert torch.equal(kept.clean(rows), drawn.clean(rows))


def test_rows_are_the_rows_of_the_file(dataset):
    split = ImageSplit(dataset, "validation", CPU, Silent(), clean=True)
    pairs = dataset.read("validation")
    images = constellation_images(torch.from_numpy(pairs.clean), dataset.image)
    torch.testing.assert_close(split.clean(torch.arange(len(split))), images, atol=1e-3, rtol=1e-3)


def test_some_rows_alone_count_from_zero(dataset):
    rows = torch.tensor([1, 30, 40])
    everything = ImageSplit(dataset, "train", CPU, Silent(), clean=False)
    some = ImageSplit(dataset, "train", CPU, Silent(), clean=False, rows=rows)
    assert torch.equal(some.label, everything.label[rows])
    assert torch.equal(some.noisy(torch.tensor([2, 0])), everything.noisy(torch.tensor([40, 1])))


def test_a_labelled_subset_is_balanced_and_decided_by_its_generator():
    label = torch.arange(3).repeat_interleave(40)
    first, again, other = (
        labelled_subset(label, 10, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.bincount(label[first]).tolist() == [4, 3, 3]
    assert len(first.unique()) == 10
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_more_labels_than_examples_are_refused(dataset, tmp_path):
    with pytest.raises(TrainingError, match="between the 2 classes and the 48 training examples"):
        finetune(dataset, Finetuning("tiny", labels=49), tmp_path / "run")


def test_an_epoch_shows_every_example_once():
    rows = torch.cat([epoch_rows(step, 20, 5, seed=1) for step in range(4)])
    assert rows.sort().values.tolist() == list(range(20))
    next_epoch = torch.cat([epoch_rows(step, 20, 5, seed=1) for step in range(4, 8)])
    assert next_epoch.sort().values.tolist() == list(range(20))
    assert not torch.equal(rows, next_epoch)
