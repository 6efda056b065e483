"""Splits as inputs: rows of the file, the same whether they are kept or drawn when read."""

import gc
from dataclasses import asdict, replace

import pytest
import torch

from rfmae.datasets.store import write_dataset
from rfmae.errors import DatasetError, RecipeError
from rfmae.imaging.network_inputs import network_inputs, turned
from rfmae.imaging.render import constellation_images
from rfmae.progress import Silent
from rfmae.records import IMAGE_ALONE, ImageConfig, Modality, Plane
from rfmae.signal.receiver import Receiver
from rfmae.training import loaders
from rfmae.training.loaders import InputSplit, image_card

CPU = torch.device("cpu")
ELEVEN_BITS = {"atol": 1e-3, "rtol": 1e-3}  # of half precision
FIVE = (
    Modality(),
    Modality("signal", patch=8),
    Modality("image", "clean"),
    Modality("signal", "clean"),
    Modality("noise"),
)


@pytest.fixture
def split_of(dataset):
    def make(split="train", modalities=FIVE, **options):
        options = {"targets": True, **options}
        return InputSplit(dataset, split, modalities, CPU, Silent(), **options)

    return make


@pytest.fixture(scope="module")
def both(tiny_recipe, tmp_path_factory):
    """A data set of both views whose images show both."""
    planes = (
        Plane("symbols", "density"),
        Plane("differential-trajectory", "density", lag_symbols=0.5),
    )
    source = replace(tiny_recipe.source, receiver=Receiver(observe="both"))
    recipe = replace(tiny_recipe, source=source, image=ImageConfig(size=32, planes=planes))
    return write_dataset(recipe, tmp_path_factory.mktemp("data") / "both")


@pytest.mark.parametrize("modalities", [FIVE, IMAGE_ALONE, FIVE[1:2]], ids=len)
def test_what_fits_into_memory_does_not_change_a_number(split_of, modalities, monkeypatch):
    rows = torch.tensor([7, 0, 3, 7, 40])
    kept = split_of(modalities=modalities)
    monkeypatch.setattr(loaders, "_LARGEST_CACHE_BYTES", 0)
    read = split_of(modalities=modalities)
    for ours, theirs in zip(kept.pairs(rows), read.pairs(rows), strict=True):
        assert ours.keys() == theirs.keys() == {modality.name for modality in modalities}
        for name, values in ours.items():
            assert values.dtype == torch.float32
            assert torch.equal(values, theirs[name])


def test_rows_are_the_rows_of_the_file(split_of, dataset):
    split, pairs = split_of("validation"), dataset.read("validation")
    observed, clean = ({"symbols": torch.from_numpy(iq)} for iq in (pairs.observed.iq, pairs.clean))
    expected = network_inputs(observed, clean, dataset.image, FIVE)
    inputs, targets = split.pairs(torch.arange(len(split)))
    for name, values in expected.items():
        torch.testing.assert_close(inputs[name], values, **ELEVEN_BITS)
    torch.testing.assert_close(targets["signal"], expected["clean_signal"], **ELEVEN_BITS)
    torch.testing.assert_close(targets["image"], expected["clean_image"], **ELEVEN_BITS)
    assert torch.equal(split.label, torch.from_numpy(pairs.observed.label).long())


def test_many_readings_draw_what_one_does(split_of, monkeypatch):
    expected = split_of().inputs(torch.arange(48))
    monkeypatch.setattr(loaders, "_READ_TOGETHER", 5)
    for name, values in split_of().inputs(torch.arange(48)).items():
        assert torch.equal(values, expected[name])


def test_inputs_alone_are_those_of_the_pairs(split_of):
    rows = torch.tensor([3, 1])
    alone = split_of(targets=False).inputs(rows)
    for name, values in split_of().pairs(rows)[0].items():
        assert torch.equal(values, alone[name])


@pytest.mark.parametrize("cache_bytes", [0, 2**32], ids=["read", "kept"])
def test_rows_may_be_turned_by_quarters(split_of, dataset, monkeypatch, cache_bytes):
    monkeypatch.setattr(loaders, "_LARGEST_CACHE_BYTES", cache_bytes)
    rows, turns = torch.tensor([3, 1, 40, 2]), torch.tensor([0, 1, 2, 3])
    split = split_of()
    for found, straight in zip(split.pairs(rows, turns), split.pairs(rows), strict=True):
        expected = turned(straight, turns, dataset.image, FIVE)
        assert all(torch.equal(values, expected[name]) for name, values in found.items())


def test_planes_are_drawn_from_the_views_that_they_name(both):
    split = InputSplit(both, "train", IMAGE_ALONE, CPU, Silent(), targets=True)
    rows = torch.tensor([4, 0, 9])
    inputs, targets = split.pairs(rows)
    for images, half in ((inputs["image"], "observed"), (targets["image"], "clean")):
        for place, (plane, view) in enumerate(
            zip(both.image.planes, ("symbols", "waveform"), strict=True)
        ):
            pairs = both.read("train", view=view)
            iq = pairs.clean if half == "clean" else pairs.observed.iq
            alone = ImageConfig(size=32, planes=(plane,))
            drawn = constellation_images(torch.from_numpy(iq[rows.numpy()]), alone, 2.0)
            torch.testing.assert_close(images[:, place], drawn[:, 0], **ELEVEN_BITS)


def test_a_card_says_what_is_drawn_and_of_how_much(both, tiny_recipe):
    assert image_card(both) == {
        "image": asdict(both.image),
        "modalities": [asdict(Modality())],
        "samples": {"symbols": 64, "waveform": 128},
        "samples_per_symbol": 2.0,
    }
    signal = image_card(both, (Modality("signal", patch=8),))
    assert signal["samples"] == {"symbols": 64}
    assert signal["samples_per_symbol"] == 1.0
    assert [modality["what"] for modality in signal["modalities"]] == ["signal"]
    beside = replace(tiny_recipe, modalities=FIVE)
    assert len(image_card(beside)["modalities"]) == 5


@pytest.mark.parametrize("cache_bytes", [0, 2**32], ids=["read", "kept"])
def test_no_rows_are_no_examples(split_of, monkeypatch, cache_bytes):
    monkeypatch.setattr(loaders, "_LARGEST_CACHE_BYTES", cache_bytes)
    inputs = split_of().inputs(torch.arange(0))
    assert inputs["image"].shape == (0, 3, 32, 32)
    assert inputs["signal"].shape == (0, 2, 64)


def test_some_rows_alone_count_from_zero(split_of):
    rows = torch.tensor([1, 30, 40])
    everything, some = split_of(), split_of(rows=rows)
    assert torch.equal(some.label, everything.label[rows])
    alone, among = some.inputs(torch.tensor([2, 0])), everything.inputs(torch.tensor([40, 1]))
    assert all(torch.equal(values, among[name]) for name, values in alone.items())


def test_modalities_that_a_data_set_cannot_show_are_refused(split_of):
    with pytest.raises(RecipeError, match="signal is read from the waveform"):
        split_of(modalities=(Modality("signal", view="waveform"),))


def test_clean_twins_are_requested_where_they_are_needed_alone(dataset):
    imported = replace(dataset, card={**dataset.card, "synthetic": False})
    InputSplit(imported, "test", FIVE[:2], CPU, Silent())
    with pytest.raises(DatasetError, match="holds no clean twins"):
        InputSplit(imported, "test", FIVE[:2], CPU, Silent(), targets=True)


def test_a_split_that_is_held_is_not_drawn_again(dataset):
    first = InputSplit(dataset, "train", IMAGE_ALONE, CPU, Silent(), targets=True)
    again = InputSplit(dataset, "train", IMAGE_ALONE, CPU, Silent())
    rows = torch.arange(1, len(first), 2)
    some = InputSplit(dataset, "train", IMAGE_ALONE, CPU, Silent(), rows=rows)
    part = IMAGE_ALONE[0].content
    assert again._kept[part].data_ptr() == first._kept[part].data_ptr()
    every = first.inputs(torch.arange(len(first)))["image"]
    assert torch.equal(some.inputs(torch.arange(len(rows)))["image"], every[rows])
    before = first._kept[part]
    del first, again, some
    gc.collect()
    second = InputSplit(dataset, "train", IMAGE_ALONE, CPU, Silent())
    torch.testing.assert_close(second._kept[part], before)
