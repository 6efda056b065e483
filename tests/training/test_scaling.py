"""Mean and deviation of encoder inputs."""

from dataclasses import replace

import pytest
import torch

from rfmae.models.patches import PatchGrid
from rfmae.models.presets import patch_grid
from rfmae.progress import Silent
from rfmae.records import IMAGE_ALONE, Modality
from rfmae.training.loaders import InputSplit
from rfmae.training.scaling import moments, scaled_grids

CPU = torch.device("cpu")
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
