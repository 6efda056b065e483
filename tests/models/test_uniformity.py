import math
import os

import pytest
import torch
import torch.distributed as dist
from scipy.special import hyp0f1
from torch import nn
from torch.multiprocessing import spawn

from rfmae.errors import ShapeError
from rfmae.models.objectives.uniformity import (
    gathered,
    image_uniformity,
    token_uniformity,
    uniformity_loss,
)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(8)


def simplex(corners):
    """Corners of a regular simplex around the origin, (corners, corners)."""
    return torch.eye(corners) - 1 / corners


def pair_by_pair(vectors, t):
    """The same loss as a double loop in float64."""
    units = [v.double() / v.double().norm() for v in vectors]
    terms = [
        math.exp(-t * float((a - b).square().sum()))
        for i, a in enumerate(units)
        for j, b in enumerate(units)
        if i != j
    ]
    return math.log(sum(terms) / len(terms))


@pytest.mark.parametrize(
    ("vectors", "loss"),
    [
        (torch.ones(5, 7), 0.0),
        (torch.eye(6), -4.0),
        (torch.tensor([[1.0, 2.0], [-1.0, -2.0]]), -8.0),
        (simplex(3), -6.0),
        (simplex(64), -4 * 64 / 63),
    ],
    ids=["collapse", "orthonormal", "antipodal", "triangle", "simplex"],
)
def test_the_loss_of_simple_figures_is_known(vectors, loss):
    assert uniformity_loss(vectors).item() == pytest.approx(loss, abs=1e-5)  # float32


def test_random_directions_reach_the_value_of_the_uniform_distribution():
    vectors = torch.randn(1500, 192, generator=torch.Generator().manual_seed(1))
    expected = -4 + math.log(hyp0f1(192 / 2, 4))
    assert expected == pytest.approx(-3.9583, abs=1e-4)
    assert uniformity_loss(vectors).item() == pytest.approx(expected, abs=2e-3)  # 1e6 pairs


@pytest.mark.parametrize("t", [0.5, 2.0, 5.0])
def test_the_loss_is_the_mean_over_all_pairs(t, generator):
    vectors = torch.randn(9, 4, generator=generator)
    # float32 against float64
    assert uniformity_loss(vectors, t).item() == pytest.approx(pair_by_pair(vectors, t), abs=1e-5)


@pytest.mark.parametrize("count", [2, 3, 10, 50])
def test_no_figure_is_more_uniform_than_the_simplex(count, generator):
    vectors = torch.randn(count, 60, generator=generator)
    assert uniformity_loss(vectors).item() >= -4 * count / (count - 1) - 1e-5


def test_only_the_direction_of_a_vector_counts(generator):
    vectors = torch.randn(6, 5, generator=generator)
    lengths = torch.tensor([1e-6, 1e-3, 1.0, 10.0, 1e3, 1e6])[:, None]
    assert uniformity_loss(vectors * lengths).item() == pytest.approx(
        uniformity_loss(vectors).item(), abs=1e-5
    )


def test_vectors_of_length_zero_have_finite_gradients(generator):
    vectors = torch.randn(4, 5, generator=generator)
    vectors[1:3] = 0
    vectors.requires_grad_()
    loss = uniformity_loss(vectors)
    loss.backward()
    assert loss.isfinite()
    assert vectors.grad.isfinite().all()
    assert vectors.grad.abs().max() < 10


def test_descent_spreads_vectors_that_stood_together(generator):
    vectors = 1 + 0.1 * torch.randn(8, 8, generator=generator)
    vectors.requires_grad_()
    for _ in range(300):
        (downhill,) = torch.autograd.grad(uniformity_loss(vectors), vectors)
        vectors.data -= 0.5 * downhill
    assert uniformity_loss(vectors).item() == pytest.approx(-4 * 8 / 7, abs=0.02)


def test_the_loss_is_of_float32_where_the_network_computes_in_bfloat16(generator):
    vectors = torch.randn(64, 32, generator=generator)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = uniformity_loss(vectors)
    assert mixed.dtype == torch.float32
    assert mixed == uniformity_loss(vectors)


def test_only_the_uniformity_of_tokens_sees_images_of_one_repeated_token(generator):
    tokens = torch.randn(6, 1, 32, generator=generator).expand(6, 10, 32)
    assert image_uniformity(tokens).item() < -3
    assert token_uniformity(tokens).item() == pytest.approx(0, abs=1e-5)


def test_the_uniformity_of_tokens_is_the_mean_over_images(generator):
    tokens = torch.randn(3, 10, 32, generator=generator)
    each = [uniformity_loss(image) for image in tokens]
    assert token_uniformity(tokens).item() == pytest.approx(sum(each).item() / 3, abs=1e-5)


def test_the_uniformity_of_images_is_that_of_their_mean_tokens(generator):
    tokens = torch.randn(5, 10, 32, generator=generator)
    assert image_uniformity(tokens) == uniformity_loss(tokens.mean(dim=1))


def test_a_vector_alone_is_refused():
    with pytest.raises(ShapeError, match="at least 2 vectors, got 1"):
        uniformity_loss(torch.ones(1, 4))


def test_one_process_gathers_its_own_rows(generator):
    rows = torch.randn(3, 4, generator=generator)
    assert gathered(rows) is rows


def _problem():
    """A network and a batch that are the same in every process."""
    generator = torch.Generator().manual_seed(4)
    network = nn.Linear(6, 5)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return network, torch.randn(8, 3, 6, generator=generator)


def _loss_and_gradients(rank, processes, folder):
    """What a process makes of its part of the batch; gradients averaged over all, as DDP does."""
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=processes)
    network, batch = _problem()
    part = len(batch) // processes
    own = batch[rank * part : (rank + 1) * part]
    loss = image_uniformity(network(own).tanh())
    loss.backward()
    gradients = [parameter.grad / processes for parameter in network.parameters()]
    for gradient in gradients:
        dist.all_reduce(gradient)
    with torch.no_grad():
        alone = image_uniformity(network(own).tanh())
        local = uniformity_loss(network(own).tanh().mean(dim=1))
    torch.save((loss.detach(), gradients, alone, local), f"{folder}/{rank}.pt")
    dist.destroy_process_group()


@pytest.mark.slow  # two processes that import torch; one process gathers in `make test`
def test_two_processes_have_the_loss_and_the_gradients_of_the_joined_batch(tmp_path):
    network, batch = _problem()
    loss = image_uniformity(network(batch).tanh())
    loss.backward()
    spawn(_loss_and_gradients, (2, str(tmp_path)), nprocs=2)
    for rank in range(2):
        found, gradients, alone, local = torch.load(tmp_path / f"{rank}.pt")
        assert found.item() == pytest.approx(loss.item(), abs=1e-6)
        for gradient, parameter in zip(gradients, network.parameters(), strict=True):
            # float32, sums in another order
            assert torch.allclose(gradient, parameter.grad, rtol=1e-5, atol=1e-7)
        assert alone == local  # without gradients nobody waits for another
        assert alone.item() != pytest.approx(loss.item(), abs=1e-3)
