"""The strip shows four columns of every example, in colours that any number of planes has."""

import pytest
import torch

from rfmae.errors import ShapeError
from rfmae.training.pretrain import in_colour, strip

GAP = 2
PLANES = [1, 2, 3, 4, 5, 9]


def images(n=3, planes=3, side=8, seed=1):
    return torch.rand(n, planes, side, side, generator=torch.Generator().manual_seed(seed))


def cell(image, row, column, side=8):
    """One image of a strip."""
    top, left = GAP + row * (side + GAP), GAP + column * (side + GAP)
    return image[:, top : top + side, left : left + side]


@pytest.mark.parametrize("planes", PLANES)
def test_rows_are_examples_and_columns_what_became_of_them(planes):
    noisy, predicted, clean = (images(planes=planes, seed=seed) for seed in range(3))
    visible = torch.zeros(3, 1, 8, 8)
    visible[..., :4] = 1
    image = strip(noisy, visible, predicted, clean)
    assert image.shape == (3, 3 * (8 + GAP) + GAP, 4 * (8 + GAP) + GAP)
    for row in range(3):
        assert torch.equal(cell(image, row, 0), in_colour(noisy)[row])
        assert torch.equal(cell(image, row, 1)[..., :4], in_colour(noisy)[row][..., :4])
        assert (cell(image, row, 1)[..., 4:] == 0.5).all()  # hidden
        assert torch.equal(cell(image, row, 2), in_colour(predicted)[row])
        assert torch.equal(cell(image, row, 3), in_colour(clean)[row])


def test_gaps_are_light_all_around():
    dark = torch.zeros(2, 1, 8, 8)
    image = strip(dark, torch.ones_like(dark), dark, dark)
    light = image == torch.tensor(0.9)
    assert light.sum() == image.numel() - 2 * 4 * 3 * 64
    for edge in (light[:, :GAP], light[:, -GAP:], light[..., :GAP], light[..., -GAP:]):
        assert edge.all()


@pytest.mark.parametrize("planes", PLANES)
def test_all_planes_together_are_white_and_none_is_black(planes):
    assert in_colour(torch.ones(1, planes, 4, 4)) == pytest.approx(torch.ones(1, 3, 4, 4))
    assert (in_colour(torch.zeros(1, planes, 4, 4)) == 0).all()


@pytest.mark.parametrize("planes", PLANES)
def test_every_plane_has_a_colour_of_its_own(planes):
    each = torch.eye(planes)[:, :, None, None]
    colours = in_colour(each)[:, :, 0, 0]
    assert len({tuple(colour.tolist()) for colour in colours}) == planes


def test_three_planes_are_red_green_and_blue_and_one_is_grey():
    rgb = images()
    assert torch.equal(in_colour(rgb), rgb)
    grey = images(planes=1)
    assert torch.equal(in_colour(grey), grey.expand(-1, 3, -1, -1))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_whatever_a_network_predicts_becomes_an_image(dtype):
    wild = torch.tensor([-3.0, 2.0, float("nan"), float("inf")]).reshape(1, 1, 2, 2).to(dtype)
    wild.requires_grad_()
    shown = in_colour(wild)
    assert shown.dtype == torch.float32
    assert not shown.requires_grad
    assert shown[0, 0].tolist() == [[0, 1], [0, 1]]


def test_shapes_that_do_not_agree_are_named():
    small = images(side=4)
    with pytest.raises(ShapeError, match=r"\(3, 3, 8, 8\), \(3, 3, 4, 4\)"):
        strip(images(), torch.ones(3, 1, 8, 8), small, images())
    with pytest.raises(ShapeError, match=r"visible must have shape \(3, 1, 8, 8\)"):
        strip(images(), torch.ones(3, 3, 8, 8), images(), images())
