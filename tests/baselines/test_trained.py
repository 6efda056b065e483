from dataclasses import replace

import numpy as np
import pytest
from small_baselines import CLASSES, accuracy, fitted, labelled

from rfmae.baselines.scale import Scale
from rfmae.baselines.trained import (
    BASELINES,
    METHODS,
    LabelledExamples,
    balanced_rows,
    fit_baseline,
)
from rfmae.errors import RecipeError, ShapeError


@pytest.fixture(params=METHODS)
def name(request):
    return request.param


@pytest.fixture(autouse=True)
def small_forest(monkeypatch):
    """Fewer trees, for speed; nothing here depends on how many there are."""
    monkeypatch.setattr("rfmae.baselines.forest.fit_forest.__kwdefaults__", {"trees": 20})


LEAST = {
    "cumulants": 0.97,
    "cumulants-planes": 0.97,
    "kolmogorov": 0.97,
    "histogram": 0.6,
    "logistic": 0.45,
}
"""Chance is 0.25, a deviation 0.05 of 80 examples; images of any phase are hard to learn."""


def test_every_baseline_learns_to_name_modulations(name, rng):
    baseline = fitted(name, rng)
    assert accuracy(baseline, labelled(rng, 20)) >= LEAST[name]


def test_probabilities_are_probabilities_in_the_order_of_the_classes(name, rng):
    baseline, examples = fitted(name, rng), labelled(rng, 5)
    found = baseline(examples.views)
    assert found.shape == (20, 4)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert baseline.classes == CLASSES


def test_a_seed_and_its_examples_decide_everything(name, streams_of):
    examples = labelled(streams_of(5)("requested"), 5).views
    first, again = (fitted(name, streams_of(1)("fit"), seed=3) for _ in range(2))
    assert first.settings == again.settings
    np.testing.assert_array_equal(first(examples), again(examples))


def test_an_answer_does_not_depend_on_the_batch(name, rng):
    baseline, examples = fitted(name, rng), labelled(rng, 5)
    one_by_one = [baseline({"symbols": iq[None]})[0] for iq in examples.views["symbols"]]
    # products of matrices of other shapes may sum in another order
    np.testing.assert_allclose(one_by_one, baseline(examples.views), rtol=1e-6, atol=1e-9)


def test_gain_means_nothing_unless_amplitude_is_information(name, rng):
    examples = labelled(rng, 5).views["symbols"]
    for units, same in (("rms", True), ("absolute", False)):
        baseline = fitted(name, rng, scale=Scale(units))
        plain, loud = baseline({"symbols": examples}), baseline({"symbols": 4 * examples})
        assert np.allclose(plain, loud, rtol=1e-5) is same


def test_validation_alone_chooses_and_never_teaches(name, rng, monkeypatch):
    """Labels of validation that are turned round change the choice, not what a choice learnt."""
    train, validation = labelled(rng, 40), labelled(rng, 15)
    seen = []
    method = METHODS[name]

    def spied(given, settings):
        seen.append(given.label)
        return method.fit(given, settings)

    monkeypatch.setitem(METHODS, name, replace(method, fit=spied))
    fit_baseline(name, train, validation, CLASSES)
    assert len(seen) == len(method.settings)
    assert all(np.array_equal(label, train.label) for label in seen)


def test_the_settings_are_those_of_the_best_on_validation(name, rng, monkeypatch):
    train, validation = labelled(rng, 40), labelled(rng, 15)
    method, found = METHODS[name], {}
    for settings in method.settings:
        monkeypatch.setitem(METHODS, name, replace(method, settings=(settings,)))
        alone = fit_baseline(name, train, validation, CLASSES)
        assert alone.accuracy == pytest.approx(accuracy(alone, validation))
        found[tuple(settings.items())] = alone.accuracy
    monkeypatch.setitem(METHODS, name, method)
    chosen = fit_baseline(name, train, validation, CLASSES)
    assert chosen.accuracy == max(found.values()) == found[tuple(chosen.settings.items())]


def test_more_examples_than_a_method_bears_are_thinned_evenly(name, rng, monkeypatch):
    method = METHODS[name]
    seen = []

    def spied(given, settings):
        seen.append(np.bincount(given.label).tolist())
        return method.fit(given, settings)

    monkeypatch.setitem(METHODS, name, replace(method, fit=spied, trial=20, largest=60))
    baseline = fitted(name, rng)
    assert baseline.examples == 60
    assert seen == [[5, 5, 5, 5]] * len(method.settings) + [[15, 15, 15, 15]]


def test_the_waveform_is_read_where_there_are_no_symbols(name, rng):
    both = [labelled(rng, 10, view="waveform") for _ in range(2)]
    baseline = fit_baseline(name, *both, CLASSES)
    assert baseline.views == ("waveform",)
    with pytest.raises(ShapeError, match="reads waveform, got symbols"):
        baseline(labelled(rng, 1).views)


def test_two_classes_are_enough(name, rng):
    two = ("BPSK", "QPSK")
    given = [labelled(rng, 30, classes=two) for _ in range(3)]
    baseline = fit_baseline(name, *given[:2], two)
    assert accuracy(baseline, given[2]) > 0.75  # chance is 0.5, a deviation 0.065


def test_one_label_of_each_class_is_enough(name, rng):
    baseline = fitted(name, rng, each=1)
    assert np.isfinite(baseline(labelled(rng, 3).views)).all()


def test_rows_are_as_even_as_the_classes_allow(rng):
    label = np.repeat([0, 1, 2], [5, 100, 40])
    rows = balanced_rows(label, 45, 0)
    assert np.bincount(label[rows]).tolist() == [5, 20, 20]
    assert (np.diff(rows) > 0).all()
    assert not np.array_equal(rows, balanced_rows(label, 45, 1))
    np.testing.assert_array_equal(balanced_rows(label, 200, 0), np.arange(145))


def test_what_cannot_be_fitted_is_refused(rng):
    train, validation = labelled(rng, 3), labelled(rng, 3)
    with pytest.raises(RecipeError, match="unknown baseline 'cumulant'; did you mean cumulants"):
        fit_baseline("cumulant", train, validation, CLASSES)
    lacking = train[np.flatnonzero(train.label != 2)]
    with pytest.raises(ShapeError, match="an example of every class, got none of QPSK"):
        fit_baseline("cumulants", lacking, validation, CLASSES)
    with pytest.raises(ShapeError, match="chosen on validation examples, got none"):
        fit_baseline("cumulants", train, validation[np.arange(0)], CLASSES)
    with pytest.raises(ShapeError, match="must number alike"):
        LabelledExamples(train.views, train.label[:-1], train.snr_db)


def test_real_numbers_are_no_iq(rng):
    with pytest.raises(ShapeError, match="iq must be complex"):
        fitted("cumulants", rng)({"symbols": np.zeros((2, 8))})


def test_every_baseline_says_what_it_is():
    assert set(BASELINES) == set(METHODS)
    assert all(about and about == about.strip(". ") for about in BASELINES.values())
