"""Ceilings of images with so many pixels, beside those of the points themselves."""

import numpy as np
import pytest

from rfmae.errors import RecipeError
from rfmae.signal.modulations import find_modulation
from rfmae.theory.ceiling import compute_ceiling
from rfmae.theory.ceiling_spec import CeilingSpec

LINEAR = tuple(map(find_modulation, ("BPSK", "QPSK", "8PSK", "16QAM", "4PAM")))


def ceiling_of(pixels, *, phase="unknown", rows=LINEAR, frames=60):
    planes = ("symbols",) if pixels else ()
    spec = CeilingSpec(
        rows, (0.0,), symbols_per_example=128, phase=phase, planes=planes, pixels=pixels
    )
    return compute_ceiling(spec, frames=frames)


@pytest.mark.parametrize("phase", ["known", "unknown"])
def test_pixels_lose_and_fine_ones_lose_nothing(phase):
    blurred, coarse, fine, points = (ceiling_of(n, phase=phase) for n in (3, 12, 96, 0))
    accuracy = [float(item.mean_posterior[0]) for item in (blurred, coarse, fine, points)]
    # standard errors are 0.01 each
    assert accuracy[0] < accuracy[3] - 0.05
    assert accuracy[0] < accuracy[1] < accuracy[3] + 0.03
    assert accuracy[2] == pytest.approx(accuracy[3], abs=0.04)


def test_both_estimates_of_an_image_agree():
    found = ceiling_of(16, frames=200)
    # 1,000 frames hit with a standard error of 0.016
    assert found.hit_rate[0] == pytest.approx(found.mean_posterior[0], abs=0.05)
    assert found.is_bound
    assert found.kind == "symbols in 16 × 16 pixels"


def test_with_memory_an_image_gives_no_bound():
    rows = tuple(map(find_modulation, ("QPSK", "GMSK", "MSK")))
    found = ceiling_of(16, rows=rows, frames=20)
    assert not found.is_bound
    assert np.array_equal(found.accuracy, found.hit_rate)


def test_pixels_of_another_plane_are_refused():
    with pytest.raises(RecipeError, match="a plane of symbols, got 32 pixels of"):
        CeilingSpec(LINEAR, (0.0,), planes=("symbols", "trajectory"), pixels=32)
    with pytest.raises(RecipeError, match="a plane of symbols"):
        CeilingSpec(LINEAR, (0.0,), pixels=32)


def test_pixels_and_extent_decide_the_key():
    keys = {
        CeilingSpec(LINEAR, (0.0,), planes=("symbols",), pixels=pixels, extent=extent).key
        for pixels in (0, 32, 64)
        for extent in (2.0, 2.5)
    }
    assert len(keys) == 5  # without pixels there is no extent
