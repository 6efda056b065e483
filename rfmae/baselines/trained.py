"""Classical classifiers by name: fitted to training I/Q, with settings chosen on validation."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rfmae.baselines.cumulants import cumulant_features
from rfmae.baselines.forest import Forest, fit_forest
from rfmae.baselines.histogram import histogram_features
from rfmae.baselines.kolmogorov import SETS, Templates, fit_templates
from rfmae.baselines.logistic import Linear, fit_logistic
from rfmae.baselines.plane_cumulants import plane_features
from rfmae.baselines.scale import Scale
from rfmae.baselines.signals_read import InputSpec, Signal, signals_of_views
from rfmae.baselines.support_vectors import SupportVectors, fit_support_vectors
from rfmae.errors import RecipeError, ShapeError, nearest
from rfmae.progress import Logged, Progress
from rfmae.records import (
    ComplexArray,
    FloatArray,
    IntArray,
    View,
    Views,
    check_temperature,
    likeliest_temperature,
    softened,
)

Settings = dict[str, Any]
"""Settings chosen on validation, by name, as they are kept in a card."""

Values = npt.NDArray[Any]
"""Inputs of a model: features (N, D), or the I/Q itself."""


class Model(Protocol):
    """A fitted model of plain arrays: from values of N examples to scores (N, M)."""

    def scores(self, values: Any) -> FloatArray: ...


@dataclass(frozen=True, slots=True)
class LabelledExamples:
    """Examples in each view, (N, T), with label (N,) and SNR (N,) in dB, nan where not stated."""

    views: Views
    label: IntArray
    snr_db: FloatArray

    def __post_init__(self) -> None:
        lengths = {len(iq) for iq in self.views.values()} | {len(self.label), len(self.snr_db)}
        if len(lengths) != 1 or not self.views:
            raise ShapeError(f"views, labels and SNRs must number alike, got {sorted(lengths)}")

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, rows: IntArray) -> "LabelledExamples":
        """Some of the examples."""
        views = {view: iq[rows] for view, iq in self.views.items()}
        return LabelledExamples(views, self.label[rows], self.snr_db[rows])


@dataclass(frozen=True, slots=True)
class Fitting:
    """Training data of a method: values, labels, SNRs and the number of classes."""

    values: Values
    label: IntArray
    snr_db: FloatArray
    classes: int
    seed: int

    def __getitem__(self, rows: IntArray) -> "Fitting":
        """Some of the examples."""
        return Fitting(
            self.values[rows], self.label[rows], self.snr_db[rows], self.classes, self.seed
        )


@dataclass(frozen=True, slots=True)
class BaselineMethod:
    """A kind of baseline: its inputs, its possible settings and its fit.

    It reads one view, or all signals of the planes of an image.
    """

    about: str
    model: type[Any]
    read: Callable[[Views, InputSpec], Values]
    settings: tuple[Settings, ...]
    fit: Callable[[Fitting, Settings], Model]
    all_signals: bool = False
    trial: int = 4_000  # examples that settings are tried on
    largest: int = 20_000  # that the chosen one is fitted to


def _of_one_view(
    read: Callable[[ComplexArray, Scale], Values],
) -> Callable[[Views, InputSpec], Values]:
    """A function of I/Q (N, T) and its units as a function of views, for a single view."""
    return lambda views, spec: read(spec.single(views), spec.scale)


def _svm_settings(penalties: Sequence[float], gammas: Sequence[float]) -> tuple[Settings, ...]:
    return tuple({"penalty": penalty, "gamma": gamma} for penalty in penalties for gamma in gammas)


def _fit_cumulants(given: Fitting, settings: Settings) -> Model:
    return fit_support_vectors(given.values, given.label, **settings)


def _fit_histogram(given: Fitting, settings: Settings) -> Model:
    return fit_forest(given.values, given.label, seed=given.seed, **settings)


def _fit_logistic(given: Fitting, settings: Settings) -> Model:
    return fit_logistic(given.values, given.label, **settings)


def _fit_kolmogorov(given: Fitting, settings: Settings) -> Model:
    return fit_templates(given.values, given.label, given.snr_db, given.classes, **settings)


METHODS: dict[str, BaselineMethod] = {
    "cumulants": BaselineMethod(
        "nine moments and cumulants, support vector machine",
        SupportVectors,
        _of_one_view(cumulant_features),
        _svm_settings((1.0, 10.0, 100.0, 1000.0), (0.03, 0.1, 0.3, 1.0)),
        _fit_cumulants,
    ),
    "cumulants-planes": BaselineMethod(
        "moments and cumulants of the signals of all image planes, support vector machine",
        SupportVectors,
        plane_features,
        _svm_settings((1.0, 10.0, 100.0, 1000.0), (0.001, 0.003, 0.01, 0.03, 0.1)),
        _fit_cumulants,
        all_signals=True,
    ),
    "histogram": BaselineMethod(
        "histogram of 32×32 cells, random forest",
        Forest,
        _of_one_view(histogram_features),
        tuple({"least_leaf": least} for least in (1, 3, 10)),
        _fit_histogram,
    ),
    "logistic": BaselineMethod(
        "histogram of 32×32 cells, logistic regression",
        Linear,
        _of_one_view(histogram_features),
        tuple({"penalty": penalty} for penalty in (1e-4, 1e-3, 1e-2, 1e-1, 1.0)),
        _fit_logistic,
    ),
    "kolmogorov": BaselineMethod(
        "Kolmogorov-Smirnov distance to the distributions of the training examples",
        Templates,
        _of_one_view(lambda iq, scale: scale.applied(iq)),
        tuple({"statistics": name} for name in SETS),
        _fit_kolmogorov,
        trial=20_000,
        largest=100_000,
    ),
}

BASELINES: dict[str, str] = {name: method.about for name, method in METHODS.items()}
"""The classical baselines by name, with a description."""


def find_method(name: str) -> BaselineMethod:
    """The method of a name."""
    if name not in METHODS:
        raise RecipeError(f"unknown baseline {name!r}; {nearest(name, METHODS)}")
    return METHODS[name]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A fitted baseline: I/Q of its views to class probabilities."""

    name: str
    classes: tuple[str, ...]
    inputs: InputSpec
    settings: Settings  # that validation chose
    examples: int  # that it was fitted to
    accuracy: float  # on validation, by which the settings were chosen
    temperature: float
    model: Model

    def __post_init__(self) -> None:
        check_temperature(self.temperature)

    @property
    def views(self) -> tuple[View, ...]:
        """The views that it reads."""
        return self.inputs.views

    def __call__(self, views: Views) -> FloatArray:
        """Probabilities (N, M) of I/Q (N, T) of its views."""
        for view in self.views:
            if view not in views:
                raise ShapeError(
                    f"the baseline {self.name} reads {' and '.join(self.views)}, "
                    f"got {' and '.join(views) or 'none'}"
                )
            _check_iq(views[view])
        values = find_method(self.name).read(views, self.inputs)
        return softened(self.model.scores(values), self.temperature)


def _check_iq(iq: ComplexArray) -> None:
    if iq.ndim != 2 or not np.iscomplexobj(iq):
        raise ShapeError(f"iq must be complex of shape (N, T), got {iq.dtype} {iq.shape}")


def inputs_of(
    name: str, views: Iterable[View], scale: Scale | None = None, signals: Sequence[Signal] = ()
) -> InputSpec:
    """The inputs of a baseline of a name, from these views.

    Most read the symbols if they are stored, otherwise the waveform; one that reads all `signals`
    reads the views themselves where none is named.
    """
    there = signals_of_views(views)
    chosen = (tuple(signals) or there) if find_method(name).all_signals else there[:1]
    return InputSpec(chosen, scale or Scale())


def fit_baseline(
    name: str,
    train: LabelledExamples,
    validation: LabelledExamples,
    classes: tuple[str, ...],
    *,
    inputs: InputSpec | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Baseline:
    """Fit a baseline of a name: settings and temperature by validation, the rest by training.

    `inputs` defaults to those of `inputs_of`. More examples than a method can fit are subsampled
    evenly over the classes. Raises `ShapeError` where a class has no example.
    """
    method, inputs = find_method(name), inputs or inputs_of(name, train.views)
    _check(train.label, validation.label, classes)
    kept = train
    if len(train) > method.largest:
        kept = train[balanced_rows(train.label, method.largest, seed)]
    given = Fitting(method.read(kept.views, inputs), kept.label, kept.snr_db, len(classes), seed)
    seen = method.read(validation.views, inputs)
    model, settings = _chosen(name, given, seen, validation.label, progress or Logged())
    scores = model.scores(seen)
    return Baseline(
        name,
        classes,
        inputs,
        settings,
        examples=len(kept),
        accuracy=float(np.mean(scores.argmax(axis=1) == validation.label)),
        temperature=likeliest_temperature(scores, validation.label),
        model=model,
    )


def _chosen(
    name: str, given: Fitting, seen: Values, label: IntArray, progress: Progress
) -> tuple[Model, Settings]:
    """The model of the settings with the most correct validation examples; ties take the first."""
    method = find_method(name)
    rows = balanced_rows(given.label, method.trial, given.seed)
    tried, hits = list[Model](), list[int]()
    with progress.stage(f"fit {name}", len(method.settings) + 1, "fit") as stage:
        for settings in method.settings:
            model = method.fit(given[rows], settings)
            tried.append(model)
            hits.append(int(np.count_nonzero(model.scores(seen).argmax(axis=1) == label)))
            stage.advance(accuracy=max(hits) / len(label))
        best = int(np.argmax(hits))
        settings, whole = method.settings[best], len(rows) == len(given.label)
        model = tried[best] if whole else method.fit(given, settings)
        stage.advance()
    return model, settings


def balanced_rows(label: IntArray, count: int, seed: int) -> IntArray:
    """Ascending rows of at most `count` examples, the classes as even as possible."""
    if len(label) <= count:
        return np.arange(len(label))
    order = np.random.default_rng(seed).permutation(len(label))
    turn = np.empty(len(label), int)  # each example's place among those of its class
    for value in np.unique(label):
        own = order[label[order] == value]
        turn[own] = np.arange(len(own))
    return np.sort(order[np.argsort(turn[order], kind="stable")[:count]])


def _check(label: IntArray, validation: IntArray, classes: tuple[str, ...]) -> None:
    missing = [name for place, name in enumerate(classes) if place not in label]
    if missing:
        raise ShapeError(
            f"a baseline needs an example of every class, got none of {', '.join(missing)}; "
            "give it more labels"
        )
    if not len(validation):
        raise ShapeError("a baseline is chosen on validation examples, got none; make some")
