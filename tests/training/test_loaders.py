import gc
import threading
import time
from dataclasses import asdict, replace

import pytest
import torch
from toy_task import assert_same_run, train_toy

from rfmae.datasets.store import write_dataset
from rfmae.errors import DatasetError, RecipeError
from rfmae.imaging.network_inputs import network_inputs, turned
from rfmae.imaging.render import constellation_images
from rfmae.models.patches import PatchGrid
from rfmae.models.presets import patch_grid
from rfmae.progress import Silent
from rfmae.records import IMAGE_ALONE, ImageConfig, Modality, Plane
from rfmae.signal.receiver import Receiver
from rfmae.training import engine, loaders
from rfmae.training.loaders import (
    InputSplit,
    Prefetcher,
    image_card,
    in_steps,
    moments,
    scaled_grids,
)

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


BOTH = (*IMAGE_ALONE, Modality("signal"))


def test_a_plane_that_never_changes_has_deviation_one():
    values = torch.full((4, 2, 8), 0.3)
    values[:2, 1], values[2:, 1] = 0.0, 1.0  # the second plane is 1 in one half
    batches = [{"signal": part} for part in values.split(2)]
    grid = PatchGrid("signal", (2, 8), 8).scaled_by(*moments(batches)["signal"])
    assert (grid.mean, grid.deviation) == ((0.3, 0.5), (1.0, 0.5))


def test_the_size_of_batches_changes_nothing():
    values = torch.rand(12, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    whole = moments([{"image": values}])["image"]
    parts = moments({"image": part} for part in values.split(5))["image"]
    for found, expected in zip(parts, whole, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)


def test_scaled_inputs_have_mean_0_and_deviation_1(dataset):
    split = InputSplit(dataset, "train", BOTH, CPU, Silent())
    inputs = split.inputs(torch.arange(len(split)))
    grids = tuple(patch_grid(m, tuple(inputs[m.name].shape[1:]), patch=8) for m in BOTH)
    for grid in scaled_grids(dataset, BOTH, grids, CPU):
        planes = inputs[grid.name].transpose(0, 1).flatten(1)
        mean, deviation = torch.tensor(grid.mean), torch.tensor(grid.deviation)
        scaled = (planes - mean[:, None]) / deviation[:, None]
        # four digits are kept
        torch.testing.assert_close(scaled.mean(1), torch.zeros(len(planes)), atol=2e-3, rtol=0)
        torch.testing.assert_close(scaled.std(1), torch.ones(len(planes)), atol=2e-3, rtol=0)
        assert replace(grid, mean=(), deviation=()) in grids


def test_every_process_finds_the_same(dataset):
    grids = (patch_grid(IMAGE_ALONE[0], (3, 32, 32)),)
    found = {scaled_grids(dataset, IMAGE_ALONE, grids, CPU) for _ in range(2)}
    assert len(found) == 1
    assert found.pop()[0].mean == pytest.approx((0.05, 0.4, 0.5), abs=0.5)


@pytest.mark.parametrize("ahead", [0, 1, 2, 9])
def test_batches_come_in_order_and_each_is_made_once(ahead):
    made = []
    with Prefetcher(lambda number: made.append(number) or number, 5, CPU, ahead) as prefetcher:
        assert [prefetcher.take() for _ in range(5)] == [0, 1, 2, 3, 4]
    assert made == [0, 1, 2, 3, 4]


def test_a_feed_runs_ahead_as_far_as_configured():
    made = []
    with Prefetcher(made.append, 9, CPU, 2) as prefetcher:
        prefetcher.take()
        deadline = time.monotonic() + 5
        while len(made) < 3 and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(0.02)
        assert made == [0, 1, 2]


def test_an_error_shows_where_its_batch_would_have_been_taken():
    def make(number):
        if number == 2:
            raise KeyError("bad example")
        return number

    with Prefetcher(make, 9, CPU) as prefetcher:
        assert [prefetcher.take(), prefetcher.take()] == [0, 1]
        with pytest.raises(KeyError, match="bad example"):
            prefetcher.take()


@pytest.mark.parametrize("error", [None, KeyError])
def test_the_thread_ends_when_the_loop_does(error):
    def feeders():
        return [thread for thread in threading.enumerate() if thread.name.startswith("feed")]

    try:
        with Prefetcher(lambda number: number, 99, CPU) as prefetcher:
            prefetcher.take()
            assert feeders()
            if error:
                raise error
    except KeyError:
        pass
    assert not feeders()


def test_waiting_is_the_time_that_taking_takes():
    def slow(number):
        time.sleep(0.02)

    with Prefetcher(slow, 4, CPU, ahead=0) as prefetcher:
        prefetcher.take()
        prefetcher.take()
        assert 0.04 <= prefetcher.waited_s() < 1
        assert prefetcher.waited_s() == 0
    with Prefetcher(slow, 4, CPU) as prefetcher:
        time.sleep(0.3)  # two are ready by now, on the busiest machine
        prefetcher.take()
        assert prefetcher.waited_s() < 0.02


def test_nothing_that_is_fed_needs_gradients():
    weight = torch.ones(2, requires_grad=True)
    with Prefetcher(lambda number: weight * 2, 1, CPU) as prefetcher:
        assert not prefetcher.take().requires_grad


def test_steps_are_fed_piece_by_piece():
    microbatches = [slice(0, 4), slice(4, 8)]
    make, count = in_steps(lambda step, microbatch: (step, microbatch.start), 7, 9, microbatches)
    assert [make(number) for number in range(count)] == [(7, 0), (7, 4), (8, 0), (8, 4)]


def test_how_far_a_feed_runs_ahead_changes_no_number(tmp_path, monkeypatch, one_thread):
    train_toy(tmp_path / "ahead")
    monkeypatch.setattr(engine, "Prefetcher", lambda *arguments: Prefetcher(*arguments, ahead=0))
    train_toy(tmp_path / "at-once")
    assert_same_run(tmp_path / "ahead", tmp_path / "at-once")
