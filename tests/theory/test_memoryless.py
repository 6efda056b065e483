"""Laws of independent symbols against brute force, against their own simulation, against scipy."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from rfmae.signal.alphabets import bipolar_pam, cross_qam, square_qam
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.pulses import Pulse
from rfmae.theory.frames import Frames, own_turn, simulate
from rfmae.theory.memoryless import LinearModel, NoiseModel, OffsetModel, as_grid, symmetry_of
from rfmae.theory.signal_models import signal_model_of

PULSE, RATE = Pulse(), 4
LINEAR = [
    row
    for row in MODULATIONS.values()
    if row.family in ("memoryless", "rotating", "differential", "offset")
]
every_linear = pytest.mark.parametrize("modulation", LINEAR, ids=str)


def noise_frames(rng, count, symbols, es_n0):
    """Frames of noise alone, of which even the outputs half a symbol late are independent."""
    shape = (2, count, symbols)
    noise = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    symbols, midway = torch.from_numpy(noise * math.sqrt(0.5 / es_n0))
    return Frames(symbols, midway, symbols[:, :0], RATE, es_n0)


def brute_force(points, frames, turns, own_turn=0.0, starts=(0.0,)):
    """Sum over symbols of log mean exp(ρ(2 Re a*z − |a|²)), in the words of the textbook."""
    z = frames.symbols.numpy()[:, None, :] * np.exp(-2j * np.pi * turns.numpy())[..., None]
    z = z * np.exp(-2j * np.pi * own_turn * np.arange(z.shape[-1]))
    each = []
    for start in starts:
        a = np.array(points) * np.exp(2j * np.pi * start)
        u = frames.es_n0 * (2 * np.real(np.conj(a) * z[..., None]) - np.abs(a) ** 2)
        each.append(np.sum(logsumexp(u, axis=-1) - math.log(len(a)), axis=-1))
    return logsumexp(each, axis=0) - math.log(len(starts))


@pytest.mark.parametrize("modulation", [row for row in LINEAR if row.family != "offset"], ids=str)
@pytest.mark.parametrize("snr", [0.05, 2.0, 100.0])
def test_the_log_ratio_is_that_of_the_textbook(modulation, snr, rng):
    frames, turns = noise_frames(rng, 5, 21, snr), torch.from_numpy(rng.random((5, 3)))
    model = signal_model_of(modulation, PULSE, RATE)
    step = float(own_turn(modulation))
    starts = np.arange(model.starts) * step
    expected = brute_force(model.points, frames, turns, step, starts)
    found = model.log_ratio(frames, turns)
    assert found.dtype == torch.float64
    # single precision inside: seven digits of exponents that grow with SNR
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-5)


@every_linear
def test_single_precision_exponentials_are_as_good_as_double(modulation, rng):
    model = signal_model_of(modulation, PULSE, RATE)
    double = (
        OffsetModel(model.amplitude, torch.float64)
        if isinstance(model, OffsetModel)
        else LinearModel(model.points, model.own_turn, torch.float64)
    )
    frames, turns = noise_frames(rng, 3, 1024, 30.0), torch.zeros(3, 1, dtype=torch.float64)
    difference = model.log_ratio(frames, turns) - double.log_ratio(frames, turns)
    assert float(difference.abs().max()) < 5e-3  # nats, of some ten thousand


@every_linear
def test_the_mean_ratio_over_noise_alone_is_one(modulation, rng):
    """The integral of a density, so that no factor can be wrong, for any phase."""
    frames = noise_frames(rng, 20_000, 3, 0.15)
    turns = torch.full((20_000, 1), 0.07, dtype=torch.float64)
    ratio = signal_model_of(modulation, PULSE, RATE).log_ratio(frames, turns).exp()[:, 0]
    error = float(ratio.std()) / math.sqrt(len(ratio))
    assert float(ratio.mean()) == pytest.approx(1.0, abs=4 * error)
    assert error < 0.02


@every_linear
def test_a_turn_of_the_symmetry_leaves_the_law_as_it_is_and_half_of_it_does_not(modulation, rng):
    model = signal_model_of(modulation, PULSE, RATE)
    # amplitudes around one, so sharply seen that the points of 64PSK stand apart
    frames = replace(noise_frames(rng, 4, 6, 1.0), es_n0=3000.0)
    turns = (
        torch.tensor([[0.0, 1.0, 0.5]], dtype=torch.float64).expand(4, 3) / model.symmetry + 0.013
    )
    ratios = model.log_ratio(frames, turns)
    np.testing.assert_allclose(ratios[:, 0], ratios[:, 1], rtol=2e-6)
    assert float((ratios[:, 0] - ratios[:, 2]).abs().max()) > 0.2


@every_linear
def test_on_average_no_law_explains_a_modulation_better_than_its_own(modulation, streams):
    """Gibbs' inequality over every signal model, in ratios to noise alone."""
    frames = simulate(
        modulation, PULSE, RATE, 32, 4.0, 64, streams, phase_turns=0.0, waveform=False
    )
    turns = torch.zeros(len(frames), 1, dtype=torch.float64)
    own = signal_model_of(modulation, PULSE, RATE).log_ratio(frames, turns)
    for other in (*LINEAR, MODULATIONS["NOISE"]):
        gain = (own - signal_model_of(other, PULSE, RATE).log_ratio(frames, turns))[:, 0]
        assert float(gain.mean()) >= -4 * float(gain.std()) / 8, other.name


@every_linear
def test_frames_that_are_not_cut_the_same_way_have_the_same_ratio(modulation, rng, monkeypatch):
    model, frames = signal_model_of(modulation, PULSE, RATE), noise_frames(rng, 7, 12, 1.0)
    turns = torch.from_numpy(rng.random((7, 9)))
    whole = model.log_ratio(frames, turns)
    monkeypatch.setattr("rfmae.theory.memoryless._ELEMENTS", {"cpu": 40})
    np.testing.assert_allclose(model.log_ratio(frames, turns), whole, rtol=1e-6, atol=1e-6)


def test_offset_qpsk_is_two_antipodal_rails_half_a_symbol_apart(rng):
    frames, turns = noise_frames(rng, 5, 9, 3.0), torch.from_numpy(rng.random((5, 2)))
    turn_back = np.exp(-2j * np.pi * turns.numpy())[..., None]
    in_phase = np.real(frames.symbols.numpy()[:, None] * turn_back)
    quadrature = np.imag(frames.midway.numpy()[:, None] * turn_back)
    rails = np.concatenate([in_phase, quadrature], -1)
    expected = np.sum(np.log(np.cosh(2 * 3.0 * math.sqrt(0.5) * rails)) - 3.0 / 2, -1)
    np.testing.assert_allclose(OffsetModel().log_ratio(frames, turns), expected, atol=1e-4)


def test_noise_alone_is_what_all_ratios_refer_to(rng):
    turns = torch.zeros(2, 3)
    assert NoiseModel().log_ratio(noise_frames(rng, 2, 4, 1.0), turns).equal(turns.double())


def test_an_alphabet_that_turns_is_known_from_one_that_stands(streams):
    """π/2-BPSK and BPSK have the same points two by two, and another order."""
    still, turning = MODULATIONS["BPSK"], MODULATIONS["π/2-BPSK"]
    for sent, other in ((still, turning), (turning, still)):
        frames = simulate(sent, PULSE, RATE, 64, 2.0, 16, streams, phase_turns=0.0, waveform=False)
        turns = torch.zeros(16, 1, dtype=torch.float64)
        models = [signal_model_of(row, PULSE, RATE) for row in (sent, other)]
        own, foreign = (model.log_ratio(frames, turns) for model in models)
        assert bool((own > foreign + 10).all())


def test_square_grids_are_two_rails_wherever_they_stand():
    turned = tuple(square_qam(64) * np.exp(2j * np.pi / 8))
    assert as_grid(tuple(square_qam(64)))[1].count == 8
    assert as_grid(turned)[0] == 1 / 8
    assert as_grid(tuple(bipolar_pam(8)))[2].count == 1
    assert as_grid(tuple(cross_qam(32))) is None
    assert as_grid((1.0, 2.0, 4.0, 8.0)) is None  # a rail, but its steps are not equal


@pytest.mark.parametrize(
    ("name", "symmetry"),
    [("OOK", 1), ("4PAM", 2), ("8PSK", 8), ("32QAM", 4), ("π/2-BPSK", 4), ("π/4-DQPSK", 8)],
)
def test_symmetries_are_those_of_the_pictures(name, symmetry):
    assert signal_model_of(MODULATIONS[name], PULSE, RATE).symmetry == symmetry


def test_points_that_repeat_have_no_more_symmetry_than_their_picture():
    assert symmetry_of((1.0, 1.0j, -1.0)) == 1
    assert symmetry_of((0.0, 1.0, -1.0)) == 2


def test_a_frame_without_symbols_or_phases_says_nothing(rng):
    model = LinearModel((1.0, -1.0), Fraction(1, 4))
    assert model.log_ratio(noise_frames(rng, 2, 0, 1.0), torch.zeros(2, 1)).tolist() == [[0.0]] * 2
    assert model.log_ratio(noise_frames(rng, 2, 5, 1.0), torch.zeros(2, 0)).shape == (2, 0)
    assert model.log_ratio(noise_frames(rng, 0, 5, 1.0), torch.zeros(0, 3)).shape == (0, 3)
