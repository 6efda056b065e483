"""Averages over what a receiver does not know, against sums over dense grids of everything."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from rfmae.errors import RecipeError
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.pulses import Pulse
from rfmae.theory.frames import Frames, part_of, simulate
from rfmae.theory.memoryless import LinearModel, NoiseModel
from rfmae.theory.nuisance import log_evidence
from rfmae.theory.signal_models import signal_model_of

PULSE, RATE = Pulse(), 4
NAMES = ["OOK", "8ASK", "4PAM", "QPSK", "8PSK", "π/2-BPSK", "π/4-DQPSK", "OQPSK", "16QAM", "32APSK"]


def sent(name, symbols, es_n0, count, streams, waveform=False):
    return simulate(
        MODULATIONS[name],
        PULSE,
        RATE,
        symbols,
        es_n0,
        count,
        streams,
        phase_turns="uniform",
        waveform=waveform,
    )


def exact(model):
    """The same model in double precision."""
    if isinstance(model, LinearModel):
        return LinearModel(model.points, model.own_turn, torch.float64)
    return replace(model, dtype=torch.float64)


def over_dense_phases(model, frames, count):
    """Log mean over evenly spaced phases of the whole circle."""
    turns = torch.arange(count, dtype=torch.float64).expand(len(frames), count) / count
    return torch.logsumexp(model.log_ratio(frames, turns), 1) - math.log(count)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("symbols", "es_n0", "dense"), [(3, 1.0, 400), (16, 10.0, 4000), (200, 0.1, 2000)]
)
@pytest.mark.parametrize("true_one", [True, False])
def test_an_unknown_phase_is_averaged_over_the_whole_circle(
    name, symbols, es_n0, dense, true_one, streams
):
    frames = sent(name if true_one else "8PSK", symbols, es_n0, 6, streams)
    model = signal_model_of(MODULATIONS[name], PULSE, RATE)
    found = log_evidence(model, frames, "unknown")
    assert found.dtype == torch.float64
    # the tail that is allowed to the harmonics, in nats
    np.testing.assert_allclose(found, over_dense_phases(exact(model), frames, dense), atol=3e-3)


@pytest.mark.parametrize("name", ["GMSK", "2FSK", "GFSK"])
@pytest.mark.parametrize("es_n0", [0.2, 6.0])
def test_a_phase_with_memory_is_averaged_over_the_whole_circle(name, es_n0, streams):
    frames = sent(name, 40, es_n0, 4, streams, waveform=True)
    model = signal_model_of(MODULATIONS[name], PULSE, RATE)
    found = log_evidence(model, frames, "unknown")
    # the tail that is allowed to the harmonics, in nats, and single precision
    np.testing.assert_allclose(found, over_dense_phases(model, frames, 480), atol=5e-3)


@pytest.mark.parametrize("name", ["OOK", "4PAM", "QPSK", "OQPSK"])
@pytest.mark.parametrize("es_n0", [30.0, 1000.0])
def test_sharp_peaks_are_found_wherever_they_are(name, es_n0, streams):
    frames = sent(name, 256, es_n0, 3, streams)
    model = signal_model_of(MODULATIONS[name], PULSE, RATE)
    # single precision at 30 dB rounds log ratios of 3·10⁵
    expected = over_dense_phases(exact(model), frames, 12_000)
    np.testing.assert_allclose(log_evidence(model, frames, "unknown"), expected, atol=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_turning_the_carrier_changes_nothing_where_the_phase_is_unknown(name, streams):
    frames = sent(name, 64, 3.0, 8, streams)
    turned = replace(
        frames,
        symbols=frames.symbols * np.exp(2j * np.pi * 0.123),
        midway=frames.midway * np.exp(2j * np.pi * 0.123),
    )
    model = signal_model_of(MODULATIONS[name], PULSE, RATE)
    both = [log_evidence(model, some, "unknown") for some in (frames, turned)]
    np.testing.assert_allclose(*both, atol=6e-3)


@pytest.mark.parametrize("name", NAMES)
def test_a_known_phase_is_zero_and_knowing_it_pays(name, streams):
    frames = simulate(
        MODULATIONS[name], PULSE, RATE, 64, 2.0, 64, streams, phase_turns=0.0, waveform=False
    )
    model = signal_model_of(MODULATIONS[name], PULSE, RATE)
    known = log_evidence(model, frames, "known")
    assert known.equal(model.log_ratio(frames, torch.zeros(64, 1, dtype=torch.float64))[:, 0])
    assert float(known.mean()) > float(log_evidence(model, frames, "unknown").mean())


@pytest.mark.parametrize("phase", ["known", "unknown"])
@pytest.mark.parametrize("name", ["OOK", "OQPSK", "16QAM"])
def test_unknown_snr_and_amplitude_are_averages_of_densities(name, phase, streams):
    """Against the densities themselves, noise and all, one hypothesis after the other."""
    frames = sent(name, 12, 2.0, 5, streams)
    model, es_n0_grid, gains = (
        signal_model_of(MODULATIONS[name], PULSE, RATE),
        (0.5, 2.0, 5.0),
        (0.8, 1.25),
    )
    found = log_evidence(model, frames, phase, es_n0_grid=es_n0_grid, gains=gains)
    densities = []
    for es_n0 in es_n0_grid:
        for gain in gains:
            seen = replace(
                frames, symbols=frames.symbols / gain, midway=frames.midway / gain, es_n0=es_n0
            )
            noise = log_density_of_noise(frames.symbols, gain**2 / es_n0)
            densities.append(log_evidence(model, seen, phase) + noise)
    expected = torch.logsumexp(torch.stack(densities), 0) - math.log(6)
    expected -= log_density_of_noise(frames.symbols, 1 / frames.es_n0)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def log_density_of_noise(symbols, power):
    return -(symbols.abs() ** 2).sum(1) / power - symbols.shape[1] * math.log(math.pi * power)


def test_where_a_waveform_is_held_noise_is_known_by_all_of_it(streams):
    """Silence of the wrong power is found out by every sample, not by symbols alone."""
    frames = sent("NOISE", 32, 1.0, 50, streams, waveform=True)
    wrong = {
        held: log_evidence(NoiseModel(), some, "known", es_n0_grid=(2.0,)).mean()
        for held, some in (
            ("waveform", frames),
            ("symbols", replace(frames, waveform=frames.waveform[:, :0])),
        )
    }
    # of complex noise that is twice as strong as it is supposed to be: log 2 − 1 a number
    assert float(wrong["symbols"]) == pytest.approx(32 * (math.log(2) - 1), abs=2.5)
    assert float(wrong["waveform"]) == pytest.approx(128 * (math.log(2) - 1), abs=5)


def test_the_right_snr_and_amplitude_explain_best(streams):
    frames = sent("16QAM", 256, 10.0, 20, streams)
    model = signal_model_of(MODULATIONS["16QAM"], PULSE, RATE)

    def explained(es_n0, gain):
        return float(
            log_evidence(model, frames, "unknown", es_n0_grid=(es_n0,), gains=(gain,)).mean()
        )

    best = explained(10.0, 1.0)
    assert best > max(explained(7.0, 1.0), explained(14.0, 1.0))
    assert best > max(explained(10.0, 0.9), explained(10.0, 1.1))


def test_a_grid_of_what_is_known_is_knowing_it(streams):
    frames, model = (
        sent("QPSK", 16, 1.0, 3, streams),
        signal_model_of(MODULATIONS["QPSK"], PULSE, RATE),
    )
    grid = log_evidence(model, frames, "known", es_n0_grid=(1.0,), gains=(1.0,))
    assert grid.equal(log_evidence(model, frames, "known"))


@pytest.mark.parametrize("grid", [{"es_n0_grid": (1.0, 0.0)}, {"gains": (-1.0,)}])
def test_ratios_that_are_not_positive_are_refused(grid, streams):
    frames, model = (
        sent("QPSK", 16, 1.0, 3, streams),
        signal_model_of(MODULATIONS["QPSK"], PULSE, RATE),
    )
    with pytest.raises(RecipeError, match="must be positive"):
        log_evidence(model, frames, "known", **grid)


class RoughLaw:
    """A log ratio with a corner: no polynomial describes it, and no one must wait for it."""

    symmetry = 1

    def log_ratio(self, frames, turns):
        return -100 * (turns % 1 - 0.3).abs()


def test_a_law_with_corners_is_averaged_all_the_same():
    nothing = torch.zeros(2, 1, dtype=torch.complex128)
    frames = Frames(nothing, nothing, nothing[:, :0], 1, 1.0)
    area = (2 - math.exp(-30) - math.exp(-70)) / 100
    found = log_evidence(RoughLaw(), frames, "unknown")
    assert found.exp().tolist() == pytest.approx([area, area], rel=0.01)


def test_the_same_frames_in_other_company_have_the_same_evidence(streams, monkeypatch):
    frames, model = (
        sent("4PAM", 64, 8.0, 9, streams),
        signal_model_of(MODULATIONS["4PAM"], PULSE, RATE),
    )
    whole = log_evidence(model, frames, "unknown")
    monkeypatch.setattr("rfmae.theory.nuisance._ROWS", 2)
    np.testing.assert_allclose(log_evidence(model, frames, "unknown"), whole, atol=3e-3)
    assert log_evidence(model, part_of(frames, slice(0, 0)), "unknown").shape == (0,)
