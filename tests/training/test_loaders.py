from dataclasses import replace

import pytest
import torch

from rfmae.datasets.store import write_dataset
from rfmae.errors import TrainingError
from rfmae.imaging.render import constellation_images
from rfmae.progress import Silent
from rfmae.records import ImageConfig, Plane
from rfmae.signal.receiver import Receiver
from rfmae.training import loaders
from rfmae.training.engine import epoch_rows
from rfmae.training.loaders import ImageSplit, image_card, labelled_subset
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


def test_planes_are_drawn_from_the_views_that_they_name(tiny_recipe, tmp_path):
    planes = (
        Plane("symbols", "density"),
        Plane("differential-trajectory", "density", lag_symbols=0.5),
    )
    source = replace(tiny_recipe.source, receiver=Receiver(observe="both"))
    recipe = replace(tiny_recipe, source=source, image=ImageConfig(size=32, planes=planes))
    both = write_dataset(recipe, tmp_path / "both")
    split = ImageSplit(both, "train", CPU, Silent(), clean=True)
    rows = torch.tensor([4, 0, 9])
    for images, half in ((split.noisy(rows), "observed"), (split.clean(rows), "clean")):
        for place, (plane, view) in enumerate(zip(planes, ("symbols", "waveform"), strict=True)):
            pairs = both.read("train", view=view)
            iq = pairs.clean if half == "clean" else pairs.observed.iq
            alone = ImageConfig(size=32, planes=(plane,))
            drawn = constellation_images(torch.from_numpy(iq[rows.numpy()]), alone, 2.0)
            # half precision holds eleven bits
            torch.testing.assert_close(images[:, place], drawn[:, 0], atol=1e-3, rtol=1e-3)
    card = image_card(both)
    assert card["samples"] == {"symbols": 64, "waveform": 128}
    assert card["samples_per_symbol"] == 2.0


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
