"""Screening loses nothing."""

import numpy as np
import pytest
import torch

from rfmae.signal.modulations import find_modulation
from rfmae.signal.pulses import Pulse
from rfmae.theory.frames import simulate
from rfmae.theory.nuisance import log_evidence
from rfmae.theory.posterior_counts import group_posteriors
from rfmae.theory.screening import screened_evidence, start_of
from rfmae.theory.signal_models import signal_model_of

NAMES = ("OOK", "QPSK", "8PSK", "16QAM", "OQPSK", "GMSK")
PULSE = Pulse(span_symbols=6)


def frames_of(name, es_n0, streams, symbols=256):
    return simulate(
        find_modulation(name), PULSE, 4, symbols, es_n0, 12, streams,
        phase_turns="uniform", waveform=True,
    )  # fmt: skip


def measure(model, frames):
    return log_evidence(model, frames, "unknown")


@pytest.mark.parametrize("es_n0", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("name", ["8PSK", "GMSK"])
def test_posteriors_are_those_of_all_laws_on_whole_frames(name, es_n0, streams):
    models = [signal_model_of(find_modulation(other), PULSE, 4) for other in NAMES]
    frames, members = frames_of(name, es_n0, streams), np.ones(len(NAMES))
    whole = torch.stack([measure(model, frames) for model in models], dim=1).numpy()
    screened = screened_evidence(models, frames, measure)
    np.testing.assert_allclose(
        group_posteriors(screened, members), group_posteriors(whole, members), atol=1e-9
    )


def test_clear_frames_are_decided_by_their_first_symbols(streams):
    models = [signal_model_of(find_modulation(other), PULSE, 4) for other in NAMES]
    lengths = []

    def counted(model, frames):
        lengths.append(frames.symbols.shape[1])
        return measure(model, frames)

    scores = screened_evidence(models, frames_of("QPSK", 30.0, streams), counted)
    assert max(lengths) < 256
    assert (np.isfinite(scores).sum(axis=1) == 1).all()
    assert (scores.argmax(axis=1) == NAMES.index("QPSK")).all()


def test_the_start_of_frames_is_that_of_every_view(streams):
    start = start_of(frames_of("QPSK", 1.0, streams), 10)
    assert (start.symbols.shape[1], start.midway.shape[1], start.waveform.shape[1]) == (10, 10, 40)
