"""An encoder for images of another size than it was pre-trained with."""

import pytest
import torch

from rfmae.models.patches import PatchGrid
from rfmae.models.transformer import sine_cosine_positions
from rfmae.models.vit import (
    EncoderConfig,
    are_resized,
    interpolated,
    resized,
    resized_positions,
)

IMAGE, SNR = PatchGrid("image", (3, 32, 32), 8), PatchGrid("snr", (1, 1), 1)
SMALL = EncoderConfig((IMAGE, SNR), 16, 2, 2)


def test_the_same_grid_keeps_its_codes():
    codes = torch.rand(16, 8)
    assert interpolated(codes, (4, 4), (4, 4)) is codes


def test_what_is_the_same_everywhere_stays_so():
    codes = torch.full((16, 8), 0.3)
    torch.testing.assert_close(interpolated(codes, (4, 4), (7, 5)), torch.full((35, 8), 0.3))


def test_a_slope_stays_the_slope_between_the_centres_of_the_patches():
    rows = (torch.arange(8.0) + 0.5).repeat_interleave(8)[:, None]  # in patches of the first grid
    found = interpolated(rows, (8, 8), (16, 16)).unflatten(0, (16, 16))[..., 0]
    expected = (torch.arange(16.0) + 0.5) / 2
    inside = slice(4, 12)  # the edges are repeated beyond
    # torch's cubic (a = -0.75) bends a slope by a twentieth of a patch
    torch.testing.assert_close(found[inside, 3], expected[inside], atol=0.06, rtol=0)
    torch.testing.assert_close(found[inside, 3], found[inside, 12])


def test_rows_and_columns_are_not_exchanged():
    codes = torch.zeros(2, 3, 1)
    codes[:, 2] = 1.0  # the last column
    found = interpolated(codes.flatten(0, 1), (2, 3), (2, 6)).unflatten(0, (2, 6))[..., 0]
    assert found[:, -1].min() > 0.9
    assert found[:, 0].abs().max() < 0.2


@pytest.mark.parametrize("kind", ["sine-cosine", "learned"])
def test_positions_are_interpolated_from_fixed_and_from_learned_ones(kind):
    learnt = EncoderConfig((IMAGE, SNR), 16, 2, 2, kind)
    own = resized(learnt, "image", (3, 64, 64))
    codes = sine_cosine_positions((4, 4), 16) if kind == "sine-cosine" else torch.rand(16, 16)
    weights = {} if kind == "sine-cosine" else {"stems.image.positions": codes}
    found = resized_positions(weights, learnt, own)
    assert found.keys() == {"stems.image.positions"}
    torch.testing.assert_close(found["stems.image.positions"], interpolated(codes, (4, 4), (8, 8)))
    assert resized_positions(weights, learnt, learnt) == {}


def test_only_another_size_of_images_counts_as_resized():
    assert are_resized(SMALL, resized(SMALL, "image", (3, 64, 64)))
    assert not are_resized(SMALL, SMALL)
    assert not are_resized(
        SMALL, resized(EncoderConfig((IMAGE, SNR), 16, 3, 2), "image", (3, 64, 64))
    )
    assert not are_resized(SMALL, "rings")
