"""Classifiers with SNR unknown: Bayes over it, and properties of any such classifier."""

from functools import cache

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from rfmae.signal.modulations import find_modulation
from rfmae.signal.pulses import Pulse
from rfmae.theory import nuisance
from rfmae.theory.discriminant import Evidence, fit, log_shares
from rfmae.theory.frames import Frames
from rfmae.theory.image_classifiers import PlaneClassifier, image_ceiling_at, streams_of_model
from rfmae.theory.signal_models import signal_model_of
from rfmae.theory.unknown_snr import UnknownSnrClassifier, frames_to_learn

RATE, SYMBOLS, FRAMES = 4, 64, 40
GRID = (0.4, 2.5)  # −4 and 4 dB


def classifiers_of(*names, grid=GRID, planes=("symbols",), units="rms"):
    models = tuple(map(find_modulation, names))
    return [
        PlaneClassifier(models, Pulse(), RATE, es_n0, planes, "unknown", units) for es_n0 in grid
    ]


def posteriors(scores):
    return np.exp(log_shares(scores))


@pytest.fixture(scope="module")
def grid_streams(streams_of):
    """The generators of each SNR of the grid."""
    return [streams_of(number) for number in range(len(GRID))]


@pytest.fixture(scope="module")
def learnt(grid_streams):
    """A classifier of three classes, of which one has memory, by its planes; and their frames."""

    @cache
    def made(*planes, names=("4PAM", "QPSK", "MSK")):
        classifiers = classifiers_of(*names, planes=planes)
        return UnknownSnrClassifier.learnt(classifiers, SYMBOLS, FRAMES, grid_streams)

    return made


PLANES = [("symbols",), ("symbols", "differential"), ("differential",)]


# --- laws


@pytest.mark.parametrize("planes", PLANES, ids=" ".join)
def test_on_a_grid_of_one_point_it_is_the_classifier_that_knows_the_snr(planes, streams_of):
    streams, (classifier,) = (
        streams_of(3),
        classifiers_of("4PAM", "MSK", grid=(1.6,), planes=planes),
    )
    labels, known = image_ceiling_at(
        classifier.models,
        Pulse(),
        RATE,
        SYMBOLS,
        1.6,
        planes=planes,
        streams=streams,
        frames_per_class=20,
    )
    alone = UnknownSnrClassifier.learnt([classifier], SYMBOLS, 20, [streams])
    its_labels, scores = alone.tested(0, 20, streams)
    assert np.array_equal(labels, its_labels)
    np.testing.assert_allclose(posteriors(scores), known, rtol=1e-9)


def test_where_the_likelihoods_are_exact_it_is_bayes_rule_over_the_grid(streams_of):
    """The sequence has the same evidence, averaged over the SNR by code that knows no planes."""
    classifiers = classifiers_of("OOK", "QPSK", "8PSK", units="absolute")
    classifier = UnknownSnrClassifier.learnt(classifiers, SYMBOLS, 10, [])
    assert classifier.of_snr is None
    outputs = np.concatenate(
        [
            classifiers[1].draw(model, SYMBOLS, 8, streams_of(n))
            for n, model in enumerate(classifiers[0].models)
        ]
    )
    symbols = torch.from_numpy(outputs).to(torch.complex128)
    frames = Frames(symbols, symbols[:, :0], symbols[:, :0], RATE, GRID[1])
    exact = [
        nuisance.log_evidence(
            signal_model_of(model, Pulse(), RATE), frames, "unknown", es_n0_grid=GRID
        )
        for model in classifiers[0].models
    ]
    shares = posteriors(classifier.log_scores(outputs))
    difference = np.abs(shares - posteriors(torch.stack(exact, dim=1).numpy()))
    # cells of 0.15 of the noise's deviation move a log likelihood by some hundredths
    assert difference.mean() < 0.01
    assert difference.max() < 0.1


@pytest.mark.parametrize("planes", PLANES, ids=" ".join)
def test_it_is_right_as_often_as_it_says_and_no_more_often_than_who_knows_the_snr(
    planes, learnt, grid_streams
):
    classifier, unknown, says, known = learnt(*planes), [], [], []
    for place, (one, streams) in enumerate(zip(classifier.classifiers, grid_streams, strict=True)):
        labels, scores = classifier.tested(place, FRAMES, streams)
        unknown.append(scores.argmax(axis=1) == labels)
        says.append(posteriors(scores).max(axis=1))
        _, shares = image_ceiling_at(
            one.models, Pulse(), RATE, SYMBOLS, one.es_n0, planes=planes, streams=streams,
            frames_per_class=FRAMES,
        )  # fmt: skip
        known.append(shares.argmax(axis=1) == labels)
    unknown, says, known = map(np.concatenate, (unknown, says, known))
    # on the same frames just those count that one of the two names right
    margin = 3 * np.sqrt((unknown != known).sum()) / len(known)
    assert unknown.mean() <= known.mean() + margin
    assert unknown.mean() > known.mean() - 0.1 - margin  # two SNRs are no riddle
    error = np.sqrt(unknown.mean() * (1 - unknown.mean()) / len(unknown))
    assert unknown.mean() == pytest.approx(says.mean(), abs=4 * error)


@pytest.mark.parametrize("planes", PLANES[:2], ids=" ".join)
def test_the_order_of_classes_does_not_matter(planes, learnt, grid_streams):
    names = ("4PAM", "QPSK", "MSK")
    one, other = learnt(*planes), learnt(*planes, names=names[::-1])
    outputs = one.classifiers[1].draw(find_modulation("QPSK"), SYMBOLS, 40, grid_streams[0])
    first, second = (posteriors(classifier.log_scores(outputs)) for classifier in (one, other))
    # minimisers stop where little is left to gain, on whatever path they came
    np.testing.assert_allclose(first, second[:, ::-1], atol=0.05)


@pytest.mark.parametrize("planes", PLANES, ids=" ".join)
def test_likelihoods_of_classifiers_of_other_snrs_can_be_compared(planes, learnt, grid_streams):
    """In units of each frame's rms, whose scale and whose cells differ from SNR to SNR."""
    classifier, right = learnt(*planes), []
    for place, (one, streams) in enumerate(zip(classifier.classifiers, grid_streams, strict=True)):
        frames = one.draw(
            one.models[1], SYMBOLS, 30, streams_of_model(streams, one.models[1], "more")
        )
        shares = classifier.of_snr.log_posteriors(
            classifier._evidence_of_snr(classifier._scores_by_snr(frames), len(frames))
        )
        right.append((shares.argmax(axis=1) == place).mean())
    assert np.mean(right) > 0.85  # points are 8 dB apart, and a guess is right in a half


def test_the_rough_look_rules_out_what_cannot_be_and_never_the_truth(grid_streams):
    grid = (0.1, 1.6, 25.0, 400.0)
    classifier = UnknownSnrClassifier(
        tuple(classifiers_of("OOK", "QPSK", "16QAM", grid=grid)), SYMBOLS
    )
    for place in (0, 2):
        for model in classifier.classifiers[0].models:
            frames = classifier.classifiers[place].draw(model, SYMBOLS, 20, grid_streams[0])
            possible = classifier._possible(frames)
            assert possible[:, place].all()
            assert not possible[:, 3].any()


def test_frames_count_by_their_weights(rng):
    """Half the weight on twice the frames is the whole weight on each once."""
    labels = np.repeat(np.arange(3), 60)
    scores = rng.normal(size=(180, 3)) + 2 * np.eye(3)[labels]
    once = Evidence(scores[None], np.zeros((180, 0)))
    twice = Evidence(np.tile(scores, (2, 1))[None], np.zeros((360, 0)))
    fresh = Evidence(rng.normal(size=(1, 20, 3)), np.zeros((20, 0)))
    whole = fit(once, labels)
    halves = fit(twice, np.tile(labels, 2), np.full(360, 0.5))
    np.testing.assert_allclose(
        whole.log_posteriors(fresh), halves.log_posteriors(fresh), atol=0.15
    )  # folds differ, and with them how sharp the posteriors may be
    ignored = np.r_[np.ones(180), np.zeros(180)]
    wrong = np.r_[labels, (labels + 1) % 3]
    np.testing.assert_allclose(
        fit(twice, wrong, ignored).log_posteriors(fresh), whole.log_posteriors(fresh), atol=0.02
    )


# --- edges


def test_no_more_frames_are_learnt_from_than_can_be_held():
    assert frames_to_learn(pairs=30, frames_per_class=100) == 200
    assert frames_to_learn(pairs=1_000, frames_per_class=400) == 2**16 // 1_000
    assert frames_to_learn(pairs=10**6, frames_per_class=400) == 4


def test_it_hears_of_all_frames_that_it_learns_from(grid_streams):
    heard = []
    classifiers = classifiers_of("4PAM", "QPSK")
    UnknownSnrClassifier.learnt(classifiers, SYMBOLS, 10, grid_streams, heard.append)
    assert sum(heard) == 2 * 2 * frames_to_learn(4, 10)


def test_scores_of_many_frames_are_those_of_each(learnt, grid_streams):
    classifier = learnt("symbols")
    outputs = classifier.classifiers[0].draw(find_modulation("QPSK"), SYMBOLS, 150, grid_streams[1])
    whole = classifier.log_scores(outputs)
    assert whole.shape == (150, 3)
    parts = np.concatenate(
        [classifier.log_scores(outputs[:70]), classifier.log_scores(outputs[70:])]
    )
    np.testing.assert_allclose(posteriors(whole), posteriors(parts), atol=0.01)
    assert np.allclose(logsumexp(whole, axis=1), 0, atol=0.01)
