from dataclasses import replace

import pytest
import torch

from rfmae.errors import ShapeError
from rfmae.models.patches import (
    PatchGrid,
    PatchMask,
    patchify,
    put_back,
    take,
    take_patches,
    unpatchify,
)

SHAPES = [
    ((3, 32, 32), 8),
    ((1, 24, 24), 4),
    ((2, 16, 16), 16),
    ((2, 8, 24), 4),
    ((1, 20, 5), 5),
    ((2, 64), 8),
    ((1, 12), 12),
]


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(5)


@pytest.mark.parametrize(("shape", "patch"), SHAPES, ids=str)
def test_patchify_then_unpatchify_is_identity(shape, patch, generator):
    grid = PatchGrid("any", shape, patch)
    inputs = torch.rand(3, *shape, generator=generator)
    patches = patchify(inputs, patch)
    assert patches.shape == (3, grid.patches, grid.patch_values)
    assert torch.equal(unpatchify(patches, grid), inputs)


def test_patches_are_numbered_row_by_row():
    images = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert patchify(images, 2)[0, 1].tolist() == [2, 3, 6, 7]
    assert patchify(images, 2)[0, 2].tolist() == [8, 9, 12, 13]


def test_a_flat_patch_holds_its_values_plane_by_plane():
    images = torch.arange(12.0).reshape(1, 3, 2, 2)
    assert patchify(images, 2)[0, 0].tolist() == list(range(12))


def test_patches_of_a_sequence_follow_each_other_in_time():
    sequence = torch.arange(12.0).reshape(1, 2, 6)
    assert patchify(sequence, 3)[0].tolist() == [[0, 1, 2, 6, 7, 8], [3, 4, 5, 9, 10, 11]]


def test_rows_and_columns_of_an_image_that_is_no_square_are_not_exchanged():
    grid = PatchGrid("wide", (1, 2, 6), 2)
    images = torch.arange(12.0).reshape(1, 1, 2, 6)
    assert grid.counts == (1, 3)
    assert patchify(images, 2)[0].tolist() == [[0, 1, 6, 7], [2, 3, 8, 9], [4, 5, 10, 11]]


@pytest.mark.parametrize(("shape", "size"), [((1, 1, 12, 12), "12×12"), ((1, 1, 12), "12")])
def test_a_side_that_is_no_multiple_of_the_patch_is_refused(shape, size):
    with pytest.raises(ShapeError, match=f"multiples of patch 5, got {size}"):
        patchify(torch.zeros(shape), 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape": (8,)}, r"must be \(C, H, W\) or \(C, T\), got \(8,\)"),
        ({"patch": 0}, "multiples of patch 0"),
        ({"patch": 5}, "multiples of patch 5, got 8×12"),
        ({"mean": (0.0, 0.0)}, "each of its 2 planes, got 2 and 0"),
        ({"mean": (0.0,), "deviation": (1.0,)}, "each of its 2 planes, got 1 and 1"),
        ({"mean": (0.0, 0.0), "deviation": (1.0, 0.0)}, "deviations of image must be positive"),
        ({"mean": (0.0, 0.0), "deviation": (1.0, float("nan"))}, "must be positive"),
    ],
    ids=str,
)
def test_a_grid_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(ShapeError, match=message):
        replace(PatchGrid("image", (2, 8, 12), 4), **change)


def test_patches_of_another_grid_are_not_put_together():
    with pytest.raises(ShapeError, match=r"must be \(N, 6, 32\), got \(1, 6, 16\)"):
        unpatchify(torch.zeros(1, 6, 16), PatchGrid("image", (2, 8, 12), 4))


def test_hidden_is_true_just_where_a_patch_is_hidden():
    mask = PatchMask(torch.tensor([[3, 0]]), torch.tensor([[2, 1]]))
    assert mask.hidden.tolist() == [[False, True, True, False]]


def test_a_mask_knows_its_counts_and_the_patches_of_its_tokens():
    mask = PatchMask(torch.tensor([[3, 0, 5]]), torch.tensor([[2, 1, 4]]), unplaced=1, noised=2)
    assert (len(mask), mask.visible, mask.patches) == (1, 3, 6)
    assert mask.patch_ids.tolist() == [[3, 0, 5, 2, 1, 4]]


def test_a_piece_of_a_mask_is_the_mask_of_these_examples(generator):
    order = torch.rand(6, 8, generator=generator).argsort(dim=1)
    whole = PatchMask(order[:, :4], order[:, 4:], unplaced=1, noised=2)
    microbatch = whole[2:5]
    assert (len(microbatch), microbatch.unplaced, microbatch.noised) == (3, 1, 2)
    assert torch.equal(microbatch.patch_ids, order[2:5])
    assert torch.equal(microbatch.hidden, whole.hidden[2:5])


@pytest.mark.parametrize(("unplaced", "noised"), [(3, 0), (0, 3), (1, 2), (-1, 1), (3, -1)])
def test_more_marked_tokens_than_visible_ones_are_refused(unplaced, noised):
    with pytest.raises(ShapeError, match=f"the 2 visible, got {unplaced} and {noised}"):
        PatchMask(torch.tensor([[3, 0]]), torch.tensor([[2, 1]]), unplaced, noised)


def test_take_picks_the_rows_that_ids_name(generator):
    tokens = torch.rand(2, 5, 3, generator=generator)
    ids = torch.tensor([[4, 0, 4], [1, 2, 3]])
    expected = torch.stack([tokens[0, ids[0]], tokens[1, ids[1]]])
    assert torch.equal(take(tokens, ids), expected)


def test_a_row_that_is_taken_twice_gets_both_gradients(generator):
    tokens = torch.rand(2, 5, 3, generator=generator).requires_grad_()
    take(tokens, torch.tensor([[4, 0, 4], [1, 2, 3]])).sum().backward()
    assert tokens.grad[..., 0].tolist() == [[1, 0, 0, 0, 2], [0, 1, 1, 1, 0]]


def test_what_is_put_back_can_be_taken_again_and_the_rest_is_nothing(generator):
    tokens = torch.rand(3, 4, 2, generator=generator)
    ids = torch.rand(3, 9, generator=generator).argsort(dim=1)[:, :4]
    everywhere = put_back(tokens, ids, 9)
    assert torch.equal(take(everywhere, ids), tokens)
    assert everywhere.sum() == pytest.approx(tokens.sum().item())


@pytest.mark.parametrize("shape", [(3, 16, 24), (1, 8, 8), (2, 64)])
def test_patches_straight_from_the_input_are_those_that_were_cut_and_taken(shape):
    grid = PatchGrid("any", shape, 8)
    drawn = torch.Generator().manual_seed(0)
    inputs = torch.rand(5, *shape, generator=drawn)
    ids = torch.rand(5, grid.patches, generator=drawn).argsort(dim=1)[:, : grid.patches // 2 + 1]
    straight = take_patches(inputs, grid, ids)
    assert torch.equal(straight, take(patchify(inputs, 8), ids))
    wider = torch.rand(5, shape[0] + 1, *shape[1:], generator=drawn)
    assert torch.equal(take_patches(wider[:, 1:], grid, ids), take(patchify(wider[:, 1:], 8), ids))
