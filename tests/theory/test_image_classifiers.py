"""Readers of unordered points: exact where that is possible, calibrated where it is not."""

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from rfmae.errors import RecipeError
from rfmae.signal.modulations import find_modulation
from rfmae.signal.pulses import Pulse
from rfmae.theory import nuisance
from rfmae.theory.discriminant import Evidence, fit
from rfmae.theory.frames import Frames, simulate
from rfmae.theory.image_classifiers import PlaneClassifier, image_ceiling_at
from rfmae.theory.marginals import PointSource, log_density, simulated
from rfmae.theory.points import matched_outputs, plane_points
from rfmae.theory.polar import PolarGrid, scores_at_all, scores_at_zero, spectra
from rfmae.theory.signal_models import signal_model_of

RATE = 4


def rows(*names):
    return tuple(find_modulation(name) for name in names)


def posteriors(evidence):
    return np.exp(evidence - logsumexp(evidence, axis=1, keepdims=True))


def frames_of(outputs, es_n0):
    symbols = torch.from_numpy(outputs).to(torch.complex128)
    return Frames(symbols, symbols[:, :0], symbols[:, :0], RATE, es_n0)


def error_of(hits):
    return np.sqrt(max(hits.mean() * (1 - hits.mean()), 0.01) / len(hits))


@pytest.mark.parametrize("phase", ["known", "unknown"])
@pytest.mark.parametrize("es_n0", [0.3, 2.0, 20.0])
def test_where_symbols_are_independent_the_image_loses_nothing(es_n0, phase, streams_of):
    models = rows("OOK", "4PAM", "QPSK", "8PSK", "16QAM")
    classifier = PlaneClassifier(models, Pulse(), RATE, es_n0, ("symbols",), phase, "absolute")
    assert classifier.is_exact
    outputs = np.concatenate(
        [classifier.draw(model, 150, 5, streams_of(n)) for n, model in enumerate(models)]
    )
    frames = frames_of(outputs, es_n0)
    exact = [
        nuisance.log_evidence(signal_model_of(model, Pulse(), RATE), frames, phase).numpy()
        for model in models
    ]
    read = classifier.log_scores(outputs)[0]
    difference = np.abs(posteriors(np.stack(exact, axis=1)) - posteriors(read))
    # cells of 0.15 of the noise's deviation move a log likelihood by some hundredths
    assert difference.mean() < 0.01
    assert difference.max() < 0.2


@pytest.mark.parametrize(
    "planes",
    [("symbols",), ("symbols", "trajectory"), ("symbols", "differential"), ("trajectory",)],
    ids=" ".join,
)
def test_a_classifier_is_calibrated(planes, streams_of):
    models = rows("QPSK", "OQPSK", "MSK", "GFSK")
    labels, shares = image_ceiling_at(
        models, Pulse(), RATE, 128, 1.0, planes=planes, streams=streams_of(3), frames_per_class=80
    )
    hits = shares.argmax(axis=1) == labels
    assert shares.shape == (320, 4)
    assert np.allclose(shares.sum(axis=1), 1)
    # four standard errors of a hit rate
    assert hits.mean() == pytest.approx(shares.max(axis=1).mean(), abs=4 * error_of(hits))
    assert hits.mean() > 0.25 + 2 * error_of(hits)


def test_products_of_neighbours_tell_what_symbols_do_not(streams_of):
    models, accuracy = rows("QPSK", "MSK", "GFSK"), {}
    for planes in (("symbols",), ("symbols", "differential")):
        labels, shares = image_ceiling_at(
            models,
            Pulse(),
            RATE,
            128,
            1.0,
            planes=planes,
            streams=streams_of(4),
            frames_per_class=80,
        )
        accuracy[planes] = (shares.argmax(axis=1) == labels).mean()
    assert accuracy["symbols", "differential"] > accuracy["symbols",] + 0.1


def test_no_image_classifier_beats_the_sequence(streams_of):
    models, es_n0, count = rows("MSK", "GMSK"), 1.0, 100
    planes = ("symbols", "trajectory", "differential", "differential-trajectory")
    labels, shares = image_ceiling_at(
        models,
        Pulse(),
        RATE,
        64,
        es_n0,
        planes=planes,
        streams=streams_of(5),
        frames_per_class=count,
    )
    read = shares.argmax(axis=1) == labels
    ordered = []
    for label, model in enumerate(models):
        frames = simulate(
            model,
            Pulse(),
            RATE,
            64,
            es_n0,
            count,
            streams_of(label),
            phase_turns="uniform",
            waveform=True,
        )
        each = [
            nuisance.log_evidence(signal_model_of(other, Pulse(), RATE), frames, "unknown")
            for other in models
        ]
        ordered.append(torch.stack(each).argmax(0).numpy() == label)
    best = np.concatenate(ordered)
    assert read.mean() < best.mean() + 3 * np.hypot(error_of(read), error_of(best))


def test_equal_classes_stay_equal(streams_of):
    models = rows("MSK", "CPFSK", "BPSK")
    labels, shares = image_ceiling_at(
        models,
        Pulse(),
        RATE,
        64,
        10.0,
        planes=("symbols", "differential"),
        streams=streams_of(6),
        frames_per_class=100,
    )
    twins = labels < 2
    assert shares[twins, 2].max() < 0.05
    assert shares[twins].max(axis=1).mean() < 0.62  # of a half, and what chance makes of it


def test_priors_weigh_the_posteriors(streams_of):
    arguments = {"planes": ("symbols",), "units": "absolute", "frames_per_class": 20}
    models = rows("QPSK", "8PSK")
    _, even = image_ceiling_at(models, Pulse(), RATE, 64, 2.0, streams=streams_of(7), **arguments)
    _, odd = image_ceiling_at(
        models, Pulse(), RATE, 64, 2.0, streams=streams_of(7), priors=(3, 1), **arguments
    )
    assert odd[:, 0] / odd[:, 1] == pytest.approx(3 * even[:, 0] / even[:, 1], rel=1e-6)


def test_units_of_the_rms_hide_the_power(streams_of):
    planes = ("symbols", "trajectory", "differential")
    classifier = PlaneClassifier(rows("QPSK", "GMSK"), Pulse(), RATE, 2.0, planes)
    outputs = classifier.draw(find_modulation("QPSK"), 64, 4, streams_of(8))
    assert not classifier.is_exact
    louder = classifier.log_scores(outputs * np.float32(2))
    # a point on the edge of its cell may fall to either side
    assert np.allclose(classifier.log_scores(outputs), louder, atol=0.5)


def test_the_carrier_phase_drops_out_of_products(streams_of):
    outputs = matched_outputs(
        find_modulation("16QAM"),
        Pulse(),
        RATE,
        32,
        4.0,
        3,
        streams_of(9),
        every_sample=True,
        phase="known",
    )
    for what, points in (("differential", 31), ("differential-trajectory", 31 * RATE)):
        products = plane_points(outputs, what, RATE)
        turned = plane_points(outputs * np.exp(0.7j), what, RATE)
        assert products.shape == (3, points)
        assert np.allclose(products, turned, atol=1e-5)


@pytest.mark.parametrize("name", ["8ASK", "OQPSK", "GMSK"])
def test_symbols_lie_on_their_trajectory(name, streams_of):
    every, once = (
        matched_outputs(
            find_modulation(name),
            Pulse(),
            RATE,
            40,
            4.0,
            3,
            streams_of(10),
            every_sample=every_sample,
            phase="unknown",
        )
        for every_sample in (True, False)
    )
    assert np.allclose(plane_points(every, "symbols", RATE), once, atol=1e-5)


@pytest.mark.parametrize("what", ["symbols", "trajectory"])
def test_a_marginal_is_the_density_of_points_with_their_noise(what):
    es_n0, source = 5.0, PointSource(find_modulation("GMSK"), Pulse(), RATE)
    grid = PolarGrid.for_noise(es_n0, 1.5)
    ring = (np.arange(grid.rings) + 0.5) * grid.ring
    areas = ring[:, None] * grid.ring * 2 * np.pi / grid.spokes
    shares = np.exp(log_density(source, what, es_n0, grid)) * areas
    assert shares.sum() == pytest.approx(1, abs=1e-3)
    noise = PointSource(find_modulation("NOISE"), Pulse(), RATE)
    every = what == "trajectory"
    noisy = simulated(source, np.inf, every) + simulated(noise, 1.0, every) / np.sqrt(es_n0)
    seen = grid.counts(noisy.reshape(1, -1))[0] / noisy.size
    # 131,072 points over some twenty rings that matter
    assert np.allclose(seen.sum(axis=1), shares.sum(axis=1), atol=0.003)


def test_one_transform_scores_every_phase(rng):
    grid = PolarGrid(0.2, 5, 64)
    points = (rng.normal(size=(3, 40)) + 1j * rng.normal(size=(3, 40))) / 3
    table = rng.normal(size=(2, *grid.shape)).astype(np.float32)
    scores = scores_at_all(grid.counts(points), spectra(table))
    for spoke in (0, 1, 17):
        back = points * np.exp(-2j * np.pi * spoke / 64)
        direct = scores_at_zero(grid.counts(back), table)
        assert np.allclose(scores[..., spoke], direct, atol=1e-3)


def test_a_discriminant_takes_back_what_a_score_overstates(rng):
    labels = np.repeat(np.arange(3), 400)
    points = rng.normal(size=(1200, 2)) + np.array([(0, 0), (1.5, 0), (0, 1.5)])[labels]
    centres = np.array([(0, 0), (1.5, 0), (0, 1.5)])
    true = -0.5 * np.square(points[:, None] - centres).sum(axis=2)
    fitted = fit(Evidence(5 * true[None], np.zeros((1200, 0))), labels)
    shares = np.exp(fitted.log_posteriors(Evidence(5 * true[None], np.zeros((1200, 0)))))
    # of 1,200 frames six coefficients can be estimated to a few hundredths
    assert np.abs(shares - posteriors(true)).mean() < 0.03


@pytest.mark.parametrize("planes", [(), ("symbols", "eye")])
def test_planes_that_do_not_exist_are_refused(planes):
    with pytest.raises(RecipeError, match="plane"):
        PlaneClassifier(rows("QPSK", "8PSK"), Pulse(), RATE, 1.0, planes)
