"""Likelihoods of continuous phases: all paths counted, laws of probability, MSK as two rails."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from rfmae.errors import RecipeError, ShapeError
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.noise import circular_gaussian
from rfmae.signal.pulses import Pulse, phase_response
from rfmae.signal.transmitter import transmit
from rfmae.theory.frames import Frames
from rfmae.theory.trellis import ContinuousPhaseModel

PHASES = [row for row in MODULATIONS.values() if row.family == "phase"]
CHOSEN = [
    MODULATIONS[name].with_settings(settings)
    for name, settings in (
        ("CPFSK", {"modulation_index": 2 / 3}),
        ("CPFSK", {"modulation_index": 1.25}),
        ("4FSK", {"modulation_index": 0.75}),
        ("GMSK", {"pulse_symbols": 2}),
        ("GMSK", {"pulse_symbols": 4}),
    )
]
NAMES = ("MSK", "GMSK", "GFSK", "4FSK")

every_phase = pytest.mark.parametrize("modulation", PHASES + CHOSEN, ids=str)
model_names = pytest.mark.parametrize("name", NAMES)


def frames_of(waveform, samples_per_symbol, es_n0):
    none = torch.zeros(len(waveform), 0, dtype=torch.complex128)
    return Frames(none, none, torch.as_tensor(waveform), samples_per_symbol, es_n0)


def exact(modulation, samples_per_symbol):
    return ContinuousPhaseModel(
        modulation, samples_per_symbol, tolerance_nats=0, dtype=torch.float64
    )


def noise(count, samples, es_n0, samples_per_symbol, rng):
    power = samples_per_symbol / es_n0
    return math.sqrt(power) * circular_gaussian(count * samples, rng).reshape(count, samples)


def sent(modulation, count, symbols, samples_per_symbol, streams):
    samples = symbols * samples_per_symbol
    return transmit(modulation, Pulse(), Fraction(samples_per_symbol), samples, count, streams)


def received(modulation, count, symbols, samples_per_symbol, es_n0, streams):
    clean = sent(modulation, count, symbols, samples_per_symbol, streams)
    noisy = clean + noise(*clean.shape, es_n0, samples_per_symbol, streams("noise"))
    return frames_of(noisy, samples_per_symbol, es_n0)


def known_phase(frames, turns=0.0):
    return torch.full((len(frames), 1), turns, dtype=torch.float64)


def all_paths(modulation, symbols, samples_per_symbol):
    """Every waveform of a frame: all phases of the lattice, all symbols that reach into it."""
    settings = modulation.continuous_phase
    reach = settings.pulse_symbols // 2
    middles = np.arange(-reach, symbols + reach)[:, None] + 0.5
    t = np.arange(symbols * samples_per_symbol) / samples_per_symbol
    shares = phase_response(t - middles, settings.bt, settings.pulse_symbols)
    levels = np.array(list(itertools.product(modulation.levels, repeat=symbols + 2 * reach)))
    half = Fraction(settings.modulation_index).limit_denominator(100) / 2
    starts = 2 * np.pi * np.arange(half.denominator) / half.denominator
    phase = np.pi * settings.modulation_index * levels @ shares
    return np.exp(1j * (starts[:, None, None] + phase)).reshape(-1, t.size)


# --- laws


@every_phase
def test_the_recursion_is_the_sum_over_all_paths(modulation, rng):
    symbols, rate, es_n0 = (3, 4, 2.0) if modulation.order == 8 else (4, 4, 2.0)
    paths = all_paths(modulation, symbols, rate)
    waveform = 1.5 * (rng.normal(size=(3, symbols * rate, 2)) @ [1, 1j])
    turns = rng.uniform(size=(3, 2))
    turned = waveform[:, None] * np.exp(-2j * np.pi * turns)[..., None]
    exponents = (2 * (turned @ paths.conj().T).real - symbols * rate) * es_n0 / rate
    expected = np.log(np.mean(np.exp(exponents), axis=-1))
    frames = frames_of(waveform, rate, es_n0)
    found = exact(modulation, rate).log_ratio(frames, torch.as_tensor(turns))
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found, expected, atol=1e-8)


@every_phase
def test_the_ratio_averages_to_one_over_noise(modulation, rng):
    symbols, rate, es_n0 = 8, 4, 0.06  # low enough for the average of 20,000 to be known to 1 %
    frames = frames_of(noise(20_000, symbols * rate, es_n0, rate, rng), rate, es_n0)
    ratios = ContinuousPhaseModel(modulation, rate).log_ratio(frames, known_phase(frames)).exp()
    assert ratios.std() < 1
    assert ratios.mean() == pytest.approx(1, abs=4 * ratios.std().item() / math.sqrt(20_000))


@every_phase
def test_turning_the_carrier_by_a_step_of_the_lattice_changes_nothing(modulation, rng):
    model = ContinuousPhaseModel(modulation, 4, dtype=torch.float64)
    frames = frames_of(noise(3, 80, 1.0, 4, rng), 4, 1.0)
    at_zero = model.log_ratio(frames, known_phase(frames))
    a_step_on = model.log_ratio(frames, known_phase(frames, 1 / model.symmetry))
    half_a_step_on = model.log_ratio(frames, known_phase(frames, 0.5 / model.symmetry))
    torch.testing.assert_close(at_zero, a_step_on, atol=1e-9, rtol=0)
    assert modulation.name == "GFSK" or (at_zero - half_a_step_on).abs().min() > 1e-6


@model_names
def test_the_true_phase_beats_a_wrong_one(name, streams):
    modulation = MODULATIONS[name].with_settings({"modulation_index": 0.5})
    model = ContinuousPhaseModel(modulation, 4)
    frames = received(modulation, 50, 128, 4, 2.0, streams)
    true, wrong = (model.log_ratio(frames, known_phase(frames, turns)) for turns in (0.0, 1 / 8))
    assert (true > wrong + 1).all()


@model_names
def test_the_law_of_what_was_sent_is_the_likeliest(name, streams):
    frames = received(MODULATIONS[name], 50, 256, 4, 4.0, streams)
    mine, *others = (
        ContinuousPhaseModel(MODULATIONS[other], 4).log_ratio(frames, known_phase(frames))
        for other in sorted(NAMES, key=lambda other: other != name)
    )
    assert all((mine > other).all() for other in others)


def test_msk_is_cpfsk(rng):
    frames = frames_of(noise(5, 256, 1.0, 4, rng), 4, 1.0)
    turns = torch.as_tensor(rng.uniform(size=(5, 3)))
    one, other = (
        ContinuousPhaseModel(MODULATIONS[name], 4).log_ratio(frames, turns)
        for name in ("MSK", "CPFSK")
    )
    assert torch.equal(one, other)


# --- outside references


def test_msk_is_offset_qpsk_of_half_sines(streams):
    """Signs of half sines two symbols long, I at even boundaries and Q at odd ones or vice versa
    (Proakis, ch. 3.3): every sign stands alone, and their sum needs no trellis."""
    symbols, rate, es_n0 = 200, 4, 1.5
    frames = received(MODULATIONS["MSK"], 20, symbols, rate, es_n0, streams)
    t = np.arange(symbols * rate) / rate
    boundaries = np.arange(symbols + 1)
    away = np.abs(t - boundaries[:, None])
    pulses = np.where(away < 1, np.cos(np.pi * away / 2), 0)
    y = frames.waveform.numpy().astype(np.complex128)
    even = (boundaries % 2 == 0)[:, None]
    rails = []
    for on_i in (even, ~even):
        rail = np.where(on_i, pulses @ y.real.T, pulses @ y.imag.T) * 2 * es_n0 / rate
        rails.append(np.log(np.cosh(rail)).sum(axis=0) - symbols * es_n0)
    expected = np.logaddexp(*rails) - math.log(2)
    found = exact(MODULATIONS["MSK"], rate).log_ratio(frames, known_phase(frames))[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_fsk_of_index_one_has_no_memory(streams):
    """Each tone turns by half a turn more or less than whole turns: their signs are known."""
    symbols, rate, es_n0 = 60, 8, 1.5
    frames = received(MODULATIONS["4FSK"], 10, symbols, rate, es_n0, streams)
    t = np.arange(rate) / rate
    tones = np.exp(1j * np.pi * np.array([-3, -1, 1, 3])[:, None] * t)
    signs = (-1.0) ** np.arange(symbols)[:, None]
    y = frames.waveform.numpy().astype(np.complex128).reshape(-1, symbols, rate)
    metrics = signs * (y @ tones.conj().T).real * 2 * es_n0 / rate
    either = [np.log(np.exp(sign * metrics).mean(-1)).sum(-1) for sign in (1, -1)]
    expected = np.logaddexp(*either) - math.log(2) - symbols * es_n0
    found = exact(MODULATIONS["4FSK"], rate).log_ratio(frames, known_phase(frames))[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-8)


# --- edges


@model_names
def test_single_precision_is_precise_enough_for_long_frames(name, streams):
    frames = received(MODULATIONS[name], 3, 1024, 4, 2.0, streams)
    single, double = (
        ContinuousPhaseModel(MODULATIONS[name], 4, dtype=dtype).log_ratio(
            frames, known_phase(frames)
        )
        for dtype in (torch.float32, torch.float64)
    )
    # 1,024 rounded sums of exponents of some ten: a ten-thousandth of a nat each at the most
    torch.testing.assert_close(single, double, atol=5e-3, rtol=0)


@pytest.mark.parametrize(("name", "es_n0"), [("GMSK", 0.1), ("GMSK", 0.9), ("GFSK", 0.9)])
def test_cutting_the_pulse_costs_no_more_than_the_tolerance(name, es_n0, streams):
    modulation = MODULATIONS[name]
    frames = received(modulation, 40, 1000, 4, es_n0, streams)
    cut = ContinuousPhaseModel(modulation, 4, tolerance_nats=0.002)
    assert cut.trellis_for(frames).states < exact(modulation, 4).trellis_for(frames).states
    lost = exact(modulation, 4).log_ratio(frames, known_phase(frames))
    lost -= cut.log_ratio(frames, known_phase(frames))
    # a divergence of d nats is a loss of d on average and of √(2d) from frame to frame
    assert lost.std() < math.sqrt(2 * 0.002)
    assert abs(lost.mean()) < 0.002 + 4 * math.sqrt(2 * 0.002 / 40)


@pytest.mark.parametrize("es_n0", [1e2, 1e4, 1e6])
def test_a_frame_without_noise_has_the_likelihood_of_its_one_path(es_n0, streams):
    frames = frames_of(sent(MODULATIONS["MSK"], 4, 50, 4, streams), 4, es_n0)
    found = ContinuousPhaseModel(MODULATIONS["MSK"], 4).log_ratio(frames, known_phase(frames))
    expected = 50 * es_n0 - 50 * math.log(2) - math.log(4)
    torch.testing.assert_close(found, torch.full_like(found, expected), atol=0.01, rtol=1e-6)


@every_phase
def test_a_law_that_is_far_off_is_finite_at_any_snr(modulation, streams):
    frames = frames_of(sent(MODULATIONS["GMSK"], 2, 50, 4, streams), 4, 1e6)
    found = ContinuousPhaseModel(modulation, 4).log_ratio(frames, known_phase(frames, 0.03))
    assert found.isfinite().all()


def test_a_frame_does_not_depend_on_its_neighbours(rng):
    frames = frames_of(noise(300, 64, 1.0, 4, rng), 4, 1.0)
    turns = torch.as_tensor(rng.uniform(size=(300, 7)))
    model = ContinuousPhaseModel(MODULATIONS["GFSK"], 4)
    together = model.log_ratio(frames, turns)
    alone = model.log_ratio(frames_of(frames.waveform[299:], 4, 1.0), turns[299:])
    torch.testing.assert_close(together[299:], alone, atol=1e-4, rtol=0)  # float32


def test_torch_has_its_threads_back_afterwards(rng):
    before = torch.get_num_threads()
    frames = frames_of(noise(2, 64, 1.0, 4, rng), 4, 1.0)
    ContinuousPhaseModel(MODULATIONS["MSK"], 4).log_ratio(frames, known_phase(frames))
    assert torch.get_num_threads() == before


def test_a_pulse_that_takes_too_many_states_is_refused_at_once():
    long = MODULATIONS["GMSK"].with_settings({"bt": 0.05, "pulse_symbols": 16})
    with pytest.raises(RecipeError, match=r"GMSK may have at most 4096 branches"):
        ContinuousPhaseModel(long, 4)


@pytest.mark.parametrize(("samples", "rate"), [(0, 4), (64, 2), (63, 4)])
def test_frames_without_their_samples_are_refused(samples, rate):
    frames = frames_of(np.zeros((2, samples), np.complex64), rate, 1.0)
    with pytest.raises(ShapeError, match=r"whole symbols of 4 samples"):
        ContinuousPhaseModel(MODULATIONS["MSK"], 4).log_ratio(frames, known_phase(frames))
