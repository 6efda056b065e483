import pytest
import torch

from rfmae.errors import ShapeError
from rfmae.models.patches import (
    PatchMask,
    complementary_masks,
    patchify,
    random_mask,
    take,
    unpatchify,
    visible_count,
)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(5)


@pytest.mark.parametrize(("planes", "size", "patch"), [(3, 32, 8), (1, 24, 4), (2, 16, 16)])
def test_patchify_then_unpatchify_is_identity(planes, size, patch, generator):
    images = torch.rand(3, planes, size, size, generator=generator)
    assert torch.equal(unpatchify(patchify(images, patch), patch, planes), images)


def test_patches_are_numbered_row_by_row():
    images = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert patchify(images, 2)[0, 1].tolist() == [2, 3, 6, 7]
    assert patchify(images, 2)[0, 2].tolist() == [8, 9, 12, 13]


def test_a_side_that_is_no_multiple_of_the_patch_is_refused():
    with pytest.raises(ShapeError, match="multiples of patch 5"):
        patchify(torch.zeros(1, 1, 12, 12), 5)


@pytest.mark.parametrize(("patches", "ratio"), [(16, 0.75), (196, 0.75), (196, 0.6), (9, 0.95)])
def test_visible_and_hidden_partition_the_patches(patches, ratio, generator):
    mask = random_mask(5, patches, ratio, generator)
    both = torch.cat([mask.visible_ids, mask.hidden_ids], dim=1)
    assert torch.equal(both.sort(dim=1).values, torch.arange(patches).expand(5, -1))
    assert mask.visible_ids.shape[1] == visible_count(patches, ratio) >= 1


def test_the_paper_sees_49_of_196_patches():
    assert visible_count(196, 0.75) == 49


def test_hidden_is_true_just_where_a_patch_is_hidden():
    mask = PatchMask(torch.tensor([[3, 0]]), torch.tensor([[2, 1]]))
    assert mask.hidden.tolist() == [[False, True, True, False]]


def test_masks_of_one_batch_differ(generator):
    mask = random_mask(8, 64, 0.75, generator)
    assert len({tuple(row) for row in mask.visible_ids.tolist()}) == 8


@pytest.mark.parametrize(("patches", "ratio"), [(16, 0.75), (9, 0.75), (64, 0.5)])
def test_complementary_masks_hide_every_patch_and_show_every_patch(patches, ratio, generator):
    masks = complementary_masks(3, patches, ratio, generator)
    hidden = torch.stack([mask.hidden for mask in masks]).sum(dim=0)
    assert hidden.min() >= 1
    assert hidden.max() < len(masks)


def test_take_picks_the_rows_that_ids_name(generator):
    tokens = torch.rand(2, 5, 3, generator=generator)
    ids = torch.tensor([[4, 0, 4], [1, 2, 3]])
    expected = torch.stack([tokens[0, ids[0]], tokens[1, ids[1]]])
    assert torch.equal(take(tokens, ids), expected)
