"""What a plane shows: the laws of its points, and the points of known modulations."""

import math

import numpy as np
import pytest
import torch

from rfmae.errors import ShapeError
from rfmae.imaging.planes import plane_points
from rfmae.signal.cpm import modulate_phase
from rfmae.signal.linear import map_symbols
from rfmae.signal.modulations import MODULATIONS

PLANES = [("symbols", 0), ("trajectory", 0), ("differential", 1), ("differential-trajectory", 7)]
DIFFERENTIAL = PLANES[2:]
# a product of three numbers of 24 bits, near one
FLOAT32 = {"rtol": 1e-5, "atol": 1e-6}

every_plane = pytest.mark.parametrize(("what", "lag"), PLANES, ids=[what for what, _ in PLANES])
every_differential_plane = pytest.mark.parametrize(
    ("what", "lag"), DIFFERENTIAL, ids=[what for what, _ in DIFFERENTIAL]
)


@pytest.fixture
def iq():
    return torch.randn(3, 50, dtype=torch.complex64, generator=torch.Generator().manual_seed(1))


def as_complex(points):
    return torch.view_as_complex(points)


# --- laws


@every_plane
def test_points_have_unit_rms_amplitude(what, lag, iq):
    points = plane_points(iq, what, lag)
    assert points.shape == (3, 50 - lag, 2)
    assert points.dtype == torch.float32
    rms = points.square().sum(-1).mean(-1).sqrt()
    torch.testing.assert_close(rms, torch.ones(3))


@every_plane
@pytest.mark.parametrize("gain", [1e-25, 1e-12, 0.01, 32_768.0, 1e25])
def test_points_do_not_know_the_gain(what, lag, gain, iq):
    louder, plain = plane_points(iq * gain, what, lag), plane_points(iq, what, lag)
    torch.testing.assert_close(louder, plain, **FLOAT32)


@every_plane
def test_every_example_is_scaled_by_itself(what, lag, iq):
    loud = torch.cat([iq[:1] * 100, iq[1:]])
    torch.testing.assert_close(plane_points(loud, what, lag), plane_points(iq, what, lag))


@every_differential_plane
@pytest.mark.parametrize("turns", [0.1, 0.25, 0.77])
def test_differential_points_ignore_the_carrier_phase(what, lag, turns, iq):
    turned = iq * np.exp(2j * np.pi * turns)
    turned, plain = plane_points(turned, what, lag), plane_points(iq, what, lag)
    torch.testing.assert_close(turned, plain, **FLOAT32)


@every_differential_plane
def test_a_carrier_frequency_turns_all_differential_points_by_its_phase_over_the_lag(what, lag, iq):
    frequency_turns = 0.01  # for each sample
    carrier = torch.exp(2j * math.pi * frequency_turns * torch.arange(50))
    turned = as_complex(plane_points(iq * carrier, what, lag))
    expected = as_complex(plane_points(iq, what, lag)) * np.exp(2j * np.pi * frequency_turns * lag)
    torch.testing.assert_close(turned, expected, rtol=1e-4, atol=1e-5)  # phases up to half a turn


@pytest.mark.parametrize(("what", "lag"), PLANES[:2])
def test_a_turn_of_the_carrier_turns_what_is_not_differential(what, lag, iq):
    turned = as_complex(plane_points(1j * iq, what, lag))
    torch.testing.assert_close(turned, 1j * as_complex(plane_points(iq, what, lag)))


def test_absolute_points_are_as_they_are(iq):
    torch.testing.assert_close(
        plane_points(iq, "symbols", units="absolute"), torch.view_as_real(iq)
    )
    products = plane_points(iq, "differential", 2, "absolute")
    torch.testing.assert_close(as_complex(products), iq[:, 2:] * iq[:, :-2].conj())


# --- known points


def test_points_are_i_and_q():
    points = plane_points(torch.tensor([[3 + 4j, -3 - 4j]]), "symbols")
    torch.testing.assert_close(points, torch.tensor([[[0.6, 0.8], [-0.6, -0.8]]]))


@pytest.mark.parametrize("modulation", ["DBPSK", "DQPSK", "D8PSK", "π/4-DQPSK"])
def test_points_of_a_differential_modulation_are_the_steps_that_were_sent(modulation, rng):
    row = MODULATIONS[modulation]
    sent = rng.integers(0, row.order, (2, 60))
    symbols = torch.from_numpy(map_symbols(sent, row)) * np.exp(0.3j)
    steps = as_complex(plane_points(symbols, "differential", 1)).numpy()
    np.testing.assert_allclose(steps, row.alphabet[sent[:, 1:]], atol=1e-5)


@pytest.mark.parametrize("modulation", ["MSK", "CPFSK", "2FSK", "4FSK"])
def test_over_one_symbol_a_full_pulse_turns_a_constant_envelope_by_its_levels(modulation, rng):
    row = MODULATIONS[modulation]
    sent = rng.integers(0, row.order, (2, 40))
    waveform = modulate_phase(sent, row, 8) * np.exp(2j).astype(np.complex64)
    points = plane_points(torch.from_numpy(waveform), "differential-trajectory", 8)
    turned = np.pi * row.continuous_phase.modulation_index * row.levels[sent]
    at_symbols = as_complex(points).numpy()[:, ::8]
    np.testing.assert_allclose(at_symbols, np.exp(1j * turned[:, :-1]), atol=1e-5)


def test_a_carrier_alone_is_one_differential_point():
    carrier = torch.exp(2j * math.pi * 0.05 * torch.arange(40))[None]
    points = as_complex(plane_points(carrier, "differential-trajectory", 5))
    quarter = torch.full((1, 35), 1j, dtype=torch.complex64)
    torch.testing.assert_close(points, quarter, rtol=0, atol=1e-5)


# --- edges


def test_double_precision_becomes_single():
    points = plane_points(torch.ones(1, 4, dtype=torch.complex128), "symbols")
    assert points.dtype == torch.float32


def test_a_conjugated_tensor_is_read_as_what_it_is(iq):
    points = as_complex(plane_points(iq.conj(), "symbols"))
    torch.testing.assert_close(
        points, as_complex(plane_points(iq, "symbols")).conj().resolve_conj()
    )


@every_plane
@pytest.mark.parametrize("units", ["rms", "absolute"])
def test_points_without_power_are_far_away_and_finite(what, lag, units, iq):
    silent = torch.cat([iq[:1], torch.zeros(1, 50, dtype=torch.complex64)])
    points = plane_points(silent, what, lag, units)
    assert points.isfinite().all()
    assert points[1].abs().min() > 1e3
    torch.testing.assert_close(points[:1], plane_points(iq[:1], what, lag, units))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, complex(0, math.nan)])
def test_what_is_not_finite_spoils_its_own_points_only(bad, iq):
    spoilt = iq.clone()
    spoilt[0, 7] = bad
    others = [k for k in range(50) if k != 7]
    points = plane_points(spoilt, "symbols")
    assert not points[0, 7].isfinite().all()
    torch.testing.assert_close(points[:1, others], plane_points(iq[:1, others], "symbols"))
    torch.testing.assert_close(points[1:], plane_points(iq[1:], "symbols"))
    products = plane_points(spoilt, "differential", 1)
    finite = products.isfinite().all(-1)
    assert [k for k in range(49) if not finite[0, k]] == [6, 7]
    assert finite[1:].all()


@every_plane
def test_gradients_reach_the_iq_and_are_finite_without_power(what, lag, iq):
    iq = torch.cat([iq[:1], torch.zeros(1, 50, dtype=torch.complex64)]).requires_grad_()
    plane_points(iq, what, lag)[..., 0].sum().backward()
    assert iq.grad.isfinite().all()
    assert iq.grad[0].abs().sum() > 0


@every_plane
def test_no_examples_have_no_points(what, lag):
    none = torch.zeros(0, 50, dtype=torch.complex64)
    assert plane_points(none, what, lag).shape == (0, 50 - lag, 2)


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
    with pytest.raises(ShapeError, match=rf"iq must be complex of shape \(N, T\), got {said}"):
        plane_points(iq, "symbols")


@pytest.mark.parametrize("lag", [-1, 0, 50, 51])
def test_a_lag_outside_the_example_is_refused(lag, iq):
    with pytest.raises(ShapeError, match=f"a lag must lie between 1 and 49 samples .* got {lag};"):
        plane_points(iq, "differential", lag)
