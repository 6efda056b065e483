import pytest
import torch
from torch.nn import functional as F

from rfmae.errors import ShapeError
from rfmae.models.masking import random_mask
from rfmae.models.objectives.laplacian import hidden_pixels, laplacian, masked_laplacian_loss
from rfmae.models.patches import PatchGrid, patchify

GRID = PatchGrid("image", (3, 32, 32), 8)
SUPPORTS = ["hidden", "ring", "interior"]


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(3)


@pytest.fixture
def hidden(generator):
    return hidden_pixels(random_mask(2, GRID.counts, 4, generator).hidden, GRID)


def five_point(images):
    """The Laplacian as a convolution."""
    kernel = torch.tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])
    planes = images.shape[1]
    padded = F.pad(images, (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, kernel.expand(planes, 1, 3, 3), groups=planes)


def scored(hidden, support):
    """Which pixels of an error count: where a loss falls when the error of one pixel changes."""
    counts = torch.zeros_like(hidden)
    for row in range(hidden.shape[2]):
        for column in range(hidden.shape[3]):
            counts[0, 0, row, column] = _is_scored(hidden[0, 0], row, column, support)
    return counts


def _is_scored(hidden, row, column, support):
    around = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
    inside = [(r, c) for r, c in around if 0 <= r < len(hidden) and 0 <= c < len(hidden)]
    if support == "ring":
        return hidden[row, column] or any(hidden[r, c] for r, c in inside)
    whole = len(inside) == 4 and all((r // 8, c // 8) == (row // 8, column // 8) for r, c in inside)
    return hidden[row, column] and (support == "hidden" or whole)


def test_the_laplacian_is_the_five_point_stencil(generator):
    images = torch.rand(2, 3, 9, 12, generator=generator)
    # float32: sums in another order
    assert torch.allclose(laplacian(images), five_point(images), atol=1e-5)


def test_the_laplacian_of_simple_images_is_known():
    column = torch.arange(8.0).expand(1, 1, 8, 8)
    inside = (..., slice(1, -1), slice(1, -1))
    assert not laplacian(torch.full((1, 1, 8, 8), 3.0)).any()
    assert not laplacian(column)[inside].any()
    assert (laplacian(column.square())[inside] == 2).all()
    board = 1 - 2 * ((column + column.transpose(2, 3)) % 2)
    assert (laplacian(board)[inside].abs() == 8).all()


def test_one_wrong_pixel_counts_eight():
    wrong = torch.zeros(1, 1, 16, 16)
    wrong[0, 0, 5, 6] = 1
    everywhere = torch.ones(1, 1, 16, 16, dtype=torch.bool)
    loss = masked_laplacian_loss(wrong, torch.zeros_like(wrong), everywhere)
    assert loss.item() * 256 == pytest.approx(8)


def test_a_constant_error_is_no_error_where_everything_is_scored(generator):
    clean = torch.rand(2, 3, 32, 32, generator=generator)
    everywhere = torch.ones(2, 1, 32, 32, dtype=torch.bool)
    loss = masked_laplacian_loss(clean + 0.25, clean, everywhere)
    assert loss.item() == pytest.approx(0, abs=1e-6)  # float32; zero padding would give 0.03


@pytest.mark.parametrize("support", SUPPORTS)
def test_what_is_said_of_visible_pixels_never_matters(support, hidden, generator):
    clean = torch.rand(2, 3, 32, 32, generator=generator)
    junk = 100 * torch.rand(2, 3, 32, 32, generator=generator)
    predicted = torch.where(hidden, clean, junk).requires_grad_()
    loss = masked_laplacian_loss(predicted, clean, hidden, support=support, patch=8)
    loss.backward()
    assert loss.item() == 0
    assert not predicted.grad.any()


@pytest.mark.parametrize("support", SUPPORTS)
def test_gradients_reach_hidden_pixels_alone(support, hidden, generator):
    clean = torch.rand(2, 3, 32, 32, generator=generator)
    predicted = torch.rand(2, 3, 32, 32, generator=generator).requires_grad_()
    masked_laplacian_loss(predicted, clean, hidden, support=support, patch=8).backward()
    visible = ~hidden.expand_as(clean)
    assert not predicted.grad[visible].any()
    assert (predicted.grad[~visible] != 0).float().mean() > 0.5  # a sum of signs is zero at times


def test_even_an_infinite_visible_pixel_does_no_harm(hidden, generator):
    clean = torch.rand(2, 3, 32, 32, generator=generator)
    predicted = clean.masked_fill(~hidden, torch.inf).requires_grad_()
    loss = masked_laplacian_loss(predicted, clean, hidden)
    loss.backward()
    assert loss.item() == 0
    assert predicted.grad.isfinite().all()


@pytest.mark.parametrize("support", SUPPORTS)
def test_the_loss_is_that_of_the_prediction_with_the_truth_pasted_in(support, hidden, generator):
    hidden = hidden[:1]
    clean, predicted = torch.rand(2, 1, 3, 32, 32, generator=generator)
    pasted = torch.where(hidden, predicted, clean)
    rough = (five_point(pasted) - five_point(clean)).abs()
    counts = scored(hidden, support)
    expected = (rough * counts).sum() / (3 * counts.sum())
    loss = masked_laplacian_loss(predicted, clean, hidden, support=support, patch=8)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)  # float32


def test_pixels_are_hidden_where_their_patch_is(generator):
    mask = random_mask(2, GRID.counts, 4, generator)
    cut = patchify(hidden_pixels(mask.hidden, GRID).float(), 8)
    assert torch.equal(cut.bool(), mask.hidden[..., None].expand(-1, -1, 64))


def test_a_sequence_has_second_differences(generator):
    grid = PatchGrid("signal", (2, 64), 8)
    hidden = hidden_pixels(random_mask(2, grid.counts, 2, generator).hidden, grid)
    assert hidden.shape == (2, 1, 64)
    parabola = torch.arange(64.0).square().expand(2, 2, 64)
    inside = masked_laplacian_loss(
        parabola, torch.zeros_like(parabola), hidden, support="interior", patch=8
    )
    assert inside.item() == 2


def test_half_precision_is_compared_in_float32(hidden, generator):
    predicted, clean = torch.rand(2, 2, 3, 32, 32, generator=generator).bfloat16()
    loss = masked_laplacian_loss(predicted, clean, hidden)
    assert loss.dtype == torch.float32
    assert loss == masked_laplacian_loss(predicted.float(), clean.float(), hidden)


def test_nothing_hidden_is_nothing_wrong():
    images = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    nothing = torch.zeros(1, 1, 8, 8, dtype=torch.bool)
    assert masked_laplacian_loss(images, 2 * images, nothing).item() == 0


def test_a_support_that_scores_nothing_is_refused(hidden):
    images = torch.zeros(2, 3, 32, 32)
    with pytest.raises(ShapeError, match="at least 3 pixels, got 2; take support 'hidden'"):
        masked_laplacian_loss(images, images, hidden, support="interior", patch=2)
    with pytest.raises(ShapeError, match=r"support must be .*, got 'edge'"):
        masked_laplacian_loss(images, images, hidden, support="edge")
