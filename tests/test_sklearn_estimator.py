"""The scikit-learn estimator: by scikit-learn's own checks, by laws, and on signals."""

import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator

import rfmae
from rfmae.configuration.training import Pretraining
from rfmae.datasets.store import write_dataset
from rfmae.errors import RfmaeError
from rfmae.models.checkpoint import load_checkpoint, save_checkpoint
from rfmae.records import Plane
from rfmae.signal.channel import awgn
from rfmae.signal.modulations import MODULATIONS
from rfmae.sklearn import EstimatorError, ModulationClassifier
from rfmae.workflows.learning.training import pretrain

NAMES = ("BPSK", "QPSK", "16QAM")
TINY = {"preset": "tiny", "image_size": 24, "random_state": 0, "device": "cpu"}
FLOAT32 = 1e-5  # of probabilities, whose sums depend on how many examples are named at once


def received(per_class, rng, *, symbols=128, snr_db=10.0):
    """Symbols of three modulations under any phase (N, T) and their names (N,), mixed."""
    noise_power = rfmae.units.db_to_ratio(-snr_db)
    parts = []
    for name in NAMES:
        modulation = MODULATIONS[name]
        sent = modulation.alphabet[rng.integers(0, modulation.order, (per_class, symbols))]
        turned = sent * np.exp(2j * np.pi * rng.random((per_class, 1)))
        parts.append(awgn(turned, noise_power, rng))
    order = rng.permutation(3 * per_class)
    return np.concatenate(parts)[order], np.repeat(NAMES, per_class)[order]


def as_halves(iq):
    return np.concatenate([iq.real, iq.imag], axis=1)


def tiny(**settings):
    return ModulationClassifier(**{**TINY, "epochs": 2, **settings})


# --- scikit-learn's own checks

PAIRS = tiny(epochs=3, batch_size=16, learning_rate=2e-3, any_phase=False)
"""Pairs of columns are one sample each. Clouds of points differ by phase, so it must not turn."""

ALONE = tiny(layout="in-phase", epochs=1)

_ODD = "its examples have an odd number of columns, which are no pairs of I and Q"
ODD_COLUMNS = dict.fromkeys(
    (
        "check_fit_score_takes_y",
        "check_dont_overwrite_parameters",
        "check_estimators_dtypes",
        "check_pipeline_consistency",
        "check_estimators_nan_inf",
        "check_estimators_pickle",
        "check_f_contiguous_array_estimator",
        "check_supervised_y_2d",
        "check_methods_sample_order_invariance",
        "check_methods_subset_invariance",
        "check_dict_unchanged",
        "check_fit2d_predict1d",
    ),
    _ODD,
)
"""Checks that the pairs cannot pass; in-phase columns pass them below."""

IMPRECISE = {
    "check_methods_subset_invariance": "it requires 1e-7 of a network that computes in float32"
}


def named(check):
    return getattr(check, "func", check).__name__


def marks_of(check):
    """What scikit-learn expects to fail does; the longest check is slow in its two other forms."""
    if named(check) in ODD_COLUMNS:
        return pytest.mark.xfail(reason=_ODD)
    in_another_form = getattr(check, "keywords", {}).get("readonly_memmap", False)
    return pytest.mark.slow if named(check) == "check_classifiers_train" and in_another_form else ()


def long_enough(estimator, check):
    """The estimator as it is for the one check that it has to learn for; a brief one otherwise."""
    learns = named(check) == "check_classifiers_train"
    return estimator if learns else clone(estimator).set_params(epochs=1)


CHECKS_OF_PAIRS = [
    pytest.param(
        long_enough(estimator, check), check, id=f"{named(check)}-{number}", marks=marks_of(check)
    )
    for number, (estimator, check) in enumerate(estimator_checks_generator(PAIRS))
]


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "check"), CHECKS_OF_PAIRS)
def test_pairs_of_columns_pass_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


CHECKS_OF_ODD_COLUMNS = [
    pytest.param(
        estimator,
        check,
        id=f"{named(check)}-{number}",
        marks=pytest.mark.xfail(reason=IMPRECISE[named(check)])
        if named(check) in IMPRECISE
        else (),
    )
    for number, (estimator, check) in enumerate(estimator_checks_generator(ALONE))
    if named(check) in ODD_COLUMNS
]


@pytest.mark.parametrize(("estimator", "check"), CHECKS_OF_ODD_COLUMNS)
def test_in_phase_columns_pass_the_checks_that_pairs_cannot(estimator, check):
    check(estimator)


def test_every_check_of_odd_columns_is_made_in_phase():
    assert {named(param.values[1]) for param in CHECKS_OF_ODD_COLUMNS} == {*ODD_COLUMNS}


# --- it learns


@pytest.fixture(scope="module")
def signals():
    return received(60, np.random.default_rng(1))


@pytest.mark.slow
def test_modulations_are_learnt_in_a_pipeline_under_cross_validation(signals):
    model = make_pipeline(FunctionTransformer(np.conj), tiny(epochs=10, batch_size=16))
    folds = StratifiedKFold(2, shuffle=True, random_state=0)
    assert cross_val_score(model, *signals, cv=folds).min() > 0.9  # chance is a third


def test_labels_drawn_at_random_teach_nothing(signals):
    iq, _ = signals
    drawn = np.random.default_rng(0).integers(0, 2, len(iq))
    found = cross_val_score(tiny(epochs=4, batch_size=16), iq, drawn, cv=2).mean()
    assert 0.35 < found < 0.65  # four deviations round chance of 180 examples


@pytest.mark.slow
def test_a_grid_search_finds_the_rate_that_learns(signals):
    grid = {"learning_rate": [1e-9, 3e-3]}
    search = GridSearchCV(tiny(epochs=3, batch_size=16), grid, cv=2).fit(*signals)
    assert search.best_params_ == {"learning_rate": 3e-3}
    assert search.best_score_ > 0.6  # chance is a third
    assert search.predict(signals[0][:3]).shape == (3,)


@pytest.mark.parametrize("network", ["cnn", "rings", "resnet", "lstm"])
def test_other_networks_are_fitted_as_well(network, signals):
    iq, names = signals
    model = tiny(network=network, epochs=1).fit(iq[::4], names[::4])
    assert model.predict_proba(iq[:2]).shape == (2, 3)
    assert model.checkpoint_.card["model"]["encoder"]["kind"] == network


# --- laws


@pytest.fixture(scope="module")
def fitted(signals):
    return tiny(epochs=4, batch_size=16).fit(*signals)


@pytest.mark.slow
def test_every_form_of_the_same_signals_is_one(fitted, signals):
    iq, names = signals
    halves = as_halves(iq)
    by_turns = np.stack([iq.real, iq.imag], axis=2).reshape(len(iq), -1)
    rails = np.stack([iq.real, iq.imag], axis=1)
    expected = fitted.predict_proba(iq)
    for form in (halves, rails, halves.tolist(), halves.astype(np.float32)):
        np.testing.assert_array_equal(fitted.predict_proba(form), expected)
    other = clone(fitted).set_params(layout="interleaved").fit(by_turns, names)
    np.testing.assert_array_equal(other.predict_proba(by_turns), expected)
    np.testing.assert_array_equal(other.predict_proba(iq), expected)


def test_real_samples_are_signals_without_quadrature(rng):
    samples = rng.normal(size=(20, 32))
    labels = np.arange(20) % 2
    alone = tiny(layout="in-phase").fit(samples, labels)
    both = tiny().fit(samples.astype(complex), labels)
    np.testing.assert_array_equal(alone.predict_proba(samples), both.predict_proba(samples + 0j))


def test_probabilities_sum_to_one_and_name_the_class(fitted, signals):
    iq, _ = signals
    found = fitted.predict_proba(iq)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    assert (found > 0).all()
    np.testing.assert_array_equal(fitted.classes_, sorted(NAMES))
    np.testing.assert_array_equal(fitted.predict(iq), fitted.classes_[found.argmax(axis=1)])


def test_neither_order_nor_company_changes_an_answer(fitted, signals, rng):
    iq, _ = signals
    order, expected = rng.permutation(len(iq)), fitted.predict_proba(iq)
    np.testing.assert_allclose(fitted.predict_proba(iq[order]), expected[order], atol=FLOAT32)
    alone = np.concatenate([fitted.predict_proba(iq[row : row + 1]) for row in range(20)])
    np.testing.assert_allclose(alone, expected[:20], atol=FLOAT32)


def test_gain_changes_no_answer(fitted, signals):
    iq, _ = signals
    np.testing.assert_allclose(
        fitted.predict_proba(1e-4 * iq), fitted.predict_proba(iq), atol=1e-4
    )  # images are drawn in float32


def test_what_labels_are_called_changes_nothing(signals):
    iq, names = signals
    numbers = np.searchsorted(sorted(NAMES), names) - 1  # in the order of the names
    named_model, numbered = (tiny(epochs=1).fit(iq, labels) for labels in (names, numbers))
    assert set(numbered.predict(iq)) <= {-1, 0, 1}
    np.testing.assert_array_equal(named_model.predict_proba(iq), numbered.predict_proba(iq))


def test_the_random_state_decides_everything(signals):
    iq, names = (values[::3] for values in signals)
    one, again, other = (  # with nothing held out, so that the training alone can differ
        tiny(epochs=1, validation_share=0, random_state=seed).fit(iq, names).predict_proba(iq)
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 1e-3


@pytest.mark.parametrize("keep", ["pickle", "joblib"])
def test_a_model_that_was_put_away_answers_as_before(keep, fitted, signals, tmp_path):
    iq, _ = signals
    if keep == "pickle":
        again = pickle.loads(pickle.dumps(fitted))
    else:
        joblib.dump(fitted, tmp_path / "model")
        again = joblib.load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict_proba(iq), fitted.predict_proba(iq))
    assert again.validation_accuracy_ == fitted.validation_accuracy_


def test_what_is_put_away_holds_every_weight_once(fitted):
    # the network itself, which may lie on a GPU, is built again where it is read
    n_bytes = sum(weight.nbytes for weight in fitted.checkpoint_.weights.values())
    assert n_bytes < len(pickle.dumps(fitted)) < 1.2 * n_bytes


# --- what is held out


def test_the_held_out_share_is_of_every_class_and_never_learnt(signals):
    iq, names = signals
    model = tiny(epochs=1, validation_share=0.25).fit(iq, names)
    assert model.checkpoint_.card["labels"] == 135  # of 180
    # of 45 examples that are held out, 15 of each class
    assert (45 * model.validation_accuracy_) == pytest.approx(
        round(45 * model.validation_accuracy_)
    )


def test_where_a_class_is_too_small_all_examples_teach(signals):
    iq, names = signals
    model = tiny(epochs=1, validation_share=0.1).fit(iq[:24], names[:24])
    assert model.checkpoint_.card["labels"] == 24
    assert np.isnan(model.validation_accuracy_)
    assert model.checkpoint_.card["temperature"] == 1


def test_the_checkpoint_that_is_kept_is_the_best_on_what_was_held_out(signals, capsys):
    model = tiny(epochs=8, batch_size=16, learning_rate=3e-3, verbose=True).fit(*signals)
    message = [float(line.split("accuracy ")[1].split(",")[0]) for line in _lines(capsys)]
    assert len(message) == 8
    assert len(set(message)) > 1
    assert model.validation_accuracy_ == pytest.approx(max(message), abs=5e-4)  # as it is printed


def test_patience_ends_what_gets_no_better(signals, capsys):
    # a rate of nothing never gets better, so the first two of eight validations are all
    tiny(epochs=8, learning_rate=1e-12, patience=1, verbose=True).fit(*signals)
    assert len(_lines(capsys)) == 2


def _lines(capsys):
    return capsys.readouterr().out.splitlines()


# --- a pre-trained encoder


@pytest.fixture(scope="module")
def checkpoint(fitted, tmp_path_factory):
    """The fitted network as a folder, as the command line would have left it."""
    folder = tmp_path_factory.mktemp("runs") / "checkpoint"
    save_checkpoint(fitted.checkpoint_.weights, fitted.checkpoint_.card, folder)
    return folder


def test_a_frozen_encoder_stays_as_it_was(checkpoint, fitted, signals):
    model = tiny(epochs=1, pretrained=checkpoint, frozen=True).fit(*signals)
    before, after = fitted.checkpoint_.weights, model.checkpoint_.weights
    encoder = [name for name in before if name.startswith("encoder.")]
    assert encoder
    for name in encoder:
        np.testing.assert_array_equal(after[name], before[name])
    thawed = tiny(epochs=1, pretrained=str(checkpoint)).fit(*signals)
    assert any((thawed.checkpoint_.weights[name] != before[name]).any() for name in encoder)


def test_a_pretrained_encoder_brings_its_own_images(checkpoint, signals):
    model = tiny(epochs=1, pretrained=checkpoint, image_size=64).fit(*signals)
    assert model.checkpoint_.image.size == 24


@pytest.fixture(scope="module")
def rings(tiny_recipe, tmp_path_factory):
    """A run folder of pre-trained rings, of other symbols than those that are named below."""
    home = tmp_path_factory.mktemp("rings")
    dataset = write_dataset(tiny_recipe, home / "data")
    pretrain(
        dataset, Pretraining(preset="tiny", epochs=1, network="rings"), home / "run", device="cpu"
    )
    return home / "run"


@pytest.mark.parametrize("network", ["vit", "rings"])  # vit is the default
def test_pretrained_rings_bring_their_own_kind_and_know_no_phase(network, rings, signals):
    iq, names = signals
    model = tiny(network=network, epochs=1, pretrained=rings, frozen=True).fit(iq, names)
    before, after = load_checkpoint(rings).weights, model.checkpoint_.weights
    encoder = [name for name in before if name.startswith("encoder.")]
    assert encoder
    for name in encoder:
        np.testing.assert_array_equal(after[name], before[name])
    turned = iq * np.exp(2j * np.pi * np.random.default_rng(3).random((len(iq), 1)))
    np.testing.assert_allclose(model.predict_proba(turned), model.predict_proba(iq), atol=1e-4)


def test_pretrained_rings_are_no_cnn(rings, signals):
    with pytest.raises(EstimatorError, match="holds rings, but network cnn was requested"):
        tiny(network="cnn", pretrained=rings).fit(*signals)


def test_what_was_fitted_here_can_be_used_by_the_library(checkpoint, fitted, signals):
    iq, _ = signals
    theirs = rfmae.load_classifier(checkpoint, device="cpu")
    np.testing.assert_allclose(theirs(iq), fitted.predict_proba(iq), rtol=1e-6)
    assert theirs.classes == tuple(sorted(NAMES))


# --- waveforms and planes


def test_a_waveform_is_shown_as_its_trajectory(signals):
    iq, names = signals
    model = tiny(epochs=1, samples_per_symbol=4).fit(iq, names)
    assert {plane.what for plane in model.checkpoint_.image.planes} == {"trajectory"}
    assert read_samples(model) == {"waveform": 128}
    assert model.checkpoint_.card["samples_per_symbol"] == 4


def read_samples(model):
    return model.checkpoint_.card["samples"]


def test_planes_are_named_or_given(signals):
    iq, names = signals
    density = Plane("symbols", "density")
    model = tiny(epochs=1, planes=["differential", density]).fit(iq[::4], names[::4])
    shown = model.checkpoint_.image.planes
    assert [plane.what for plane in shown] == 3 * ["differential"] + ["symbols"]
    assert shown[-1] == density
    assert clone(model).get_params()["planes"] == ["differential", density]


# --- what is refused


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        ({"epochs": True}, "epochs must be a whole number"),
        ({"batch_size": 2.5}, "batch_size must be a whole number of at least 1, got 2.5"),
        ({"learning_rate": -1}, "learning_rate must be positive, or None, got -1"),
        ({"learning_rate": "fast"}, "learning_rate must be positive, or None, got 'fast'"),
        ({"validation_share": 0.7}, "validation_share must be a number from 0 to 0.5, got 0.7"),
        ({"layout": "iq"}, "layout must be halves or interleaved or in-phase, got 'iq'"),
        ({"samples_per_symbol": 0}, "samples_per_symbol must be positive, or None, got 0"),
        ({"planes": "symbols"}, "planes must be a list"),
        ({"planes": ["symbol"]}, "no plane shows 'symbol'; did you mean symbols?"),
        ({"planes": ["trajectory"]}, "the network sees waveform, but X holds the symbols"),
        ({"patience": 0}, "patience must be a whole number, or None, got 0"),
        ({"frozen": True}, "frozen needs a trained encoder"),
        ({"preset": "huge"}, "unknown preset 'huge'"),
        ({"network": "mlp"}, "unknown network 'mlp'; known: vit, rings, cnn"),
        ({"head": "deep"}, "head must be preset or linear"),
        ({"image_size": 20}, "image size must be from 24 to 4,096, got 20"),
        ({"pretrained": "nowhere"}, "no checkpoint folder nowhere"),
        ({"device": "abacus"}, "no device 'abacus' on this machine"),
    ],
)
def test_parameters_that_cannot_be_are_refused_in_one_line(settings, rule, signals):
    model = tiny(**settings)
    with pytest.raises(EstimatorError, match=rule) as refused:
        model.fit(*signals)
    assert "\n" not in str(refused.value)
    assert isinstance(refused.value, RfmaeError)
    assert isinstance(refused.value, ValueError)


@pytest.mark.parametrize(
    ("shape", "kind", "rule"),
    [
        ((4, 3), float, "as many columns of I as of Q, got 3 columns"),
        ((4, 3, 8), float, r"real \(N, 2, T\)"),
        ((4, 2, 8), complex, r"must be complex \(N, T\)"),
        ((8,), complex, r"must be complex \(N, T\)"),
    ],
)
def test_arrays_of_another_shape_are_refused(shape, kind, rule):
    with pytest.raises(EstimatorError, match=rule):
        tiny().fit(np.ones(shape, kind), np.arange(shape[0]) % 2)


def test_another_length_than_in_training_is_refused(fitted, signals):
    iq, _ = signals
    with pytest.raises(ValueError, match=r"X has 254 features, but .* is expecting 256"):
        fitted.predict(iq[:, :127])


def test_noise_that_is_no_number_is_refused(fitted, signals):
    iq = signals[0][:3].copy()
    iq[1, 5] = np.nan
    with pytest.raises(ValueError, match="contains NaN"):
        fitted.predict(iq)


def test_an_answer_before_learning_is_refused(signals):
    with pytest.raises(NotFittedError):
        tiny().predict(signals[0])


def test_a_fit_leaves_no_file_behind(signals, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    tiny(epochs=1).fit(*signals)
    with pytest.raises(EstimatorError, match="must stay finite"):
        tiny(epochs=1, learning_rate=1e30).fit(*signals)
    assert not list(tmp_path.iterdir())


def test_a_ctrl_c_stays_one(signals, monkeypatch):
    from rfmae import sklearn as module
    from rfmae.errors import TrainingInterrupted

    def stopped(code):
        def finetune(*arguments, **settings):
            raise TrainingInterrupted("stopped", exit_code=code)

        return finetune

    monkeypatch.setattr(module, "finetune_on_arrays", stopped(130))
    with pytest.raises(KeyboardInterrupt):
        tiny().fit(*signals)
    monkeypatch.setattr(module, "finetune_on_arrays", stopped(143))
    with pytest.raises(SystemExit, match="143"):
        tiny().fit(*signals)


def test_the_package_does_not_open_this_door_by_itself():
    code = "import sys, rfmae; print('sklearn' in sys.modules, 'rfmae.sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
