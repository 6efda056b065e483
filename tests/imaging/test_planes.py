"""What a plane shows: points in units of their rms amplitude."""

import pytest
import torch

from rfmae.errors import ShapeError
from rfmae.imaging.planes import symbol_points


@pytest.fixture
def iq():
    return torch.randn(3, 50, dtype=torch.complex64, generator=torch.Generator().manual_seed(1))


def test_points_have_unit_rms_amplitude(iq):
    points = symbol_points(iq)
    assert points.shape == (3, 50, 2)
    assert points.dtype == torch.float32
    rms = points.square().sum(-1).mean(-1).sqrt()
    torch.testing.assert_close(rms, torch.ones(3))


@pytest.mark.parametrize("gain", [1e-6, 0.01, 3.0, 32_768.0])
def test_points_do_not_know_the_gain(iq, gain):
    torch.testing.assert_close(symbol_points(iq * gain), symbol_points(iq))


def test_points_are_i_and_q():
    points = symbol_points(torch.tensor([[3 + 4j, -3 - 4j]]))
    torch.testing.assert_close(points, torch.tensor([[[0.6, 0.8], [-0.6, -0.8]]]))


def test_every_example_is_scaled_by_itself(iq):
    loud = torch.cat([iq[:1] * 100, iq[1:]])
    torch.testing.assert_close(symbol_points(loud), symbol_points(iq))


def test_double_precision_becomes_single():
    points = symbol_points(torch.ones(1, 4, dtype=torch.complex128))
    assert points.dtype == torch.float32


def test_points_without_power_are_far_away_and_finite(iq):
    points = symbol_points(torch.cat([iq[:1], torch.zeros(1, 50, dtype=torch.complex64)]))
    assert points.isfinite().all()
    assert points[1].abs().min() > 1e3
    torch.testing.assert_close(points[:1], symbol_points(iq[:1]))


@pytest.mark.parametrize(
    ("iq", "said"),
    [
        (torch.zeros(2, 8), r"torch.float32 \(2, 8\)"),
        (torch.zeros(8, dtype=torch.complex64), r"torch.complex64 \(8,\)"),
        (torch.zeros(2, 2, 8, dtype=torch.complex64), r"torch.complex64 \(2, 2, 8\)"),
    ],
    ids=["real", "one example", "three axes"],
)
def test_what_is_not_a_batch_of_iq_is_refused(iq, said):
    with pytest.raises(ShapeError, match=rf"iq must be complex of shape \(N, K\), got {said}"):
        symbol_points(iq)
