"""What can be known of the published data: its ceilings, with and without its leaks."""

import numpy as np
import pytest
from scipy.special import logsumexp

from rfmae.signal.impairments import Channel
from rfmae.signal.link import Link
from rfmae.signal.published_signals import PUBLISHED, observe_published
from rfmae.signal.pulses import Pulse
from rfmae.signal.receiver import Receiver
from rfmae.theory.published_ceiling import log_scores, published_ceiling_at, published_models

FRAMES = 60


def ceiling(streams, snr_db, **arguments):
    """Hit rate and mean largest posterior of classes, in per cent."""
    labels, shares = published_ceiling_at(
        snr_db, streams=streams, frames_per_class=FRAMES, **arguments
    )
    models = published_models(unit_power=arguments.get("unit_power", False))
    members = np.array([len(model.classes) for model in models])
    of_classes = shares / members
    hits = (of_classes.argmax(axis=1) == labels) / members[labels]
    weights = members[labels]
    return tuple(100 * np.average(v, weights=weights) for v in (hits, of_classes.max(axis=1)))


@pytest.mark.parametrize(
    ("snr_db", "arguments", "known"),
    [
        (2.0, {"count_leak": False}, 80.0),
        (10.0, {}, 80.0),
        (-10.0, {}, 77.3),
        (-10.0, {"count_leak": False}, 67.5),
        (-10.0, {"count_leak": False, "unit_power": True}, 37.3),
        (10.0, {"count_leak": False, "unit_power": True}, 65.5),
    ],
)
def test_ceilings_of_the_published_list(snr_db, arguments, known, streams):
    hit_rate, mean_posterior = ceiling(streams, snr_db, **arguments)
    # standard errors from 480 frames: 2.2 of the hit rate, half as much of the mean posterior
    assert hit_rate == pytest.approx(known, abs=6.0)
    assert mean_posterior == pytest.approx(known, abs=3.0)


def test_two_pairs_of_classes_are_one_law_each():
    merged = [model.classes for model in published_models() if len(model.classes) > 1]
    assert merged == [("4ASK", "4PAM"), ("CPFSK", "GFSK")]
    at_unit_power = {model.classes for model in published_models(unit_power=True)}
    assert ("DQPSK", "OQPSK") in at_unit_power and len(at_unit_power) == 7
    assert sorted(name for model in published_models() for name in model.classes) == sorted(
        PUBLISHED
    )


def test_the_more_of_the_plane_is_seen_the_more_is_known(streams):
    known = [
        ceiling(streams, -6.0, seen=seen, count_leak=False)[1]
        for seen in ("shares", "window", "canvas", "points")
    ]
    assert known[0] < known[1] - 5 < known[2] - 8 < known[3] - 8.2


@pytest.mark.parametrize("model", published_models(), ids=lambda model: model.classes[0])
def test_likelihoods_are_those_of_the_textbook(model, rng):
    frames = rng.normal(size=(2, 30)) + 1j * rng.normal(size=(2, 30))
    noise = model.noise_power(-3.0)
    points = model.points or np.exp(2j * np.pi * np.arange(5000) / 5000)
    exponents = -np.square(np.abs(frames[..., None] - np.array(points))) / noise
    density = logsumexp(exponents, axis=-1) - np.log(len(points)) - np.log(np.pi * noise)
    assert model.log_likelihood(frames, -3.0) == pytest.approx(density.sum(axis=1), rel=1e-5)


@pytest.mark.parametrize("seen", ["points", "window"])
def test_generated_frames_are_named_as_often_as_the_laws_say(seen, streams_of, streams):
    """Their slope and jitter of the phase and the noise of each frame's own power cost nothing."""
    models, snr_db = published_models(), -8.0
    link = Link(
        symbols_per_example=1024,
        samples_per_symbol=8,
        channel=Channel(snr="-8", snr_reference="sample", phase_offset_turns="none"),
        pulse=Pulse("rectangular"),
        receiver=Receiver("waveform"),
    )
    members = np.array([len(model.classes) for model in models])
    recall = []
    for label, model in enumerate(models):
        row = PUBLISHED[model.classes[0]]
        # eight samples of a symbol are one point, held, or of GMSK as many of the same circle
        views = observe_published(row, snr_db, link, 50, streams_of(label)).views
        frames = views["waveform"][0][:, ::8]
        of_classes = log_scores(models, frames, snr_db, seen)
        recall.append((of_classes.argmax(axis=1) == label).mean() / members[label])
    hit_rate = 10 * float(members @ recall)
    named = ceiling(streams, snr_db, seen=seen, count_leak=False)[0]
    # standard errors of 2.3 and 2.2
    assert hit_rate == pytest.approx(named, abs=8)
