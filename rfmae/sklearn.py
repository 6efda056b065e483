"""A scikit-learn estimator that classifies modulations, for notebooks and pipelines.

>>> from rfmae.sklearn import ModulationClassifier
>>> ModulationClassifier(epochs=5)
ModulationClassifier(epochs=5)
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from signal import SIGINT
from typing import Any, Self, get_args

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from rfmae.configuration.training import Finetuning, Head
from rfmae.datasets.columns import Layout, columns_of, iq_of
from rfmae.datasets.held import divided
from rfmae.errors import RfmaeError, TrainingInterrupted
from rfmae.inference import InputPipeline, SignalClassifier, choose_device
from rfmae.models.checkpoint import Checkpoint, load_checkpoint
from rfmae.models.classifier import Classifier
from rfmae.models.kinds import Network, find_network
from rfmae.records import (
    IMAGE_ALONE,
    ComplexArray,
    FloatArray,
    ImageConfig,
    IntArray,
    Modality,
    Plane,
    View,
    What,
)
from rfmae.workflows.learning.array_training import batch_of, finetune_on_arrays, planes_by_name

_SEEDS = 2**31 - 1
_DTYPES = (np.float64, np.float32)


class EstimatorError(RfmaeError, ValueError):
    """Invalid parameters or data; a `ValueError`, as usual in scikit-learn."""


class ModulationClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A network that classifies the modulation of I/Q by its constellation image.

    X is complex (N, T), real (N, 2, T), or real (N, 2T) in the order that `layout` names; labels
    are whatever scikit-learn takes. Gain does not matter, nor does the carrier phase with
    `any_phase`. Fitting is the fine-tuning of the command line on arrays: AdamW with a cosine
    schedule and warm-up; the checkpoint with the best held-out accuracy is kept.

    Parameters
    ----------
    preset : {"tiny", "small", "base"}
        Size of the network; a pre-trained one has its own.
    network : {"vit", "rings", "cnn", "resnet", "lstm"}
        A transformer of the image, or "rings", of its circular harmonics, which learns most in the
        least time; always from scratch, "cnn" of the image, "resnet" and "lstm" of I and Q over
        time. A pre-trained one has its own kind.
    head : {"preset", "linear", "paper"}
        The layers between the encoder and the classes.
    image_size : int
        Pixels on a side; a pre-trained encoder has its own, and its own planes.
    planes : sequence of str or Plane, optional
        What the images show: "symbols", "differential", "trajectory", "differential-trajectory",
        each with the three kernels of DenoMAE2.0, or planes as in recipes. By default the
        symbols, or the trajectory of a waveform.
    layout : {"halves", "interleaved", "in-phase"}
        Order of the columns of a real X (N, ·): all I and then all Q, I and Q by turns, I alone.
    samples_per_symbol : float, optional
        Of waveforms; without it X holds synchronised symbols, one sample each.
    pretrained : path, optional
        A run or checkpoint folder with the initial encoder.
    frozen : bool
        Whether the pre-trained encoder is frozen, so that the head alone is trained.
    epochs, batch_size, learning_rate : int, int, float or None
        Training settings; the rate is the peak, by default the network's own.
    any_phase : bool
        Whether examples are turned by random quarters in training: free augmentation where the
        carrier phase does not depend on the class.
    validation_share : float
        Share of each class that is held out to choose the best checkpoint. Where it is less than
        one example of some class nothing is held out, and the training examples are used.
    random_state : int, RandomState or None
        Seed of initial weights, order, turns and the held-out examples.
    device : str
        "auto" takes a GPU where there is one.
    verbose : bool
        Whether the accuracy of every validation is printed.

    Attributes
    ----------
    classes_ : array (M,)
        Labels in the order of the columns of `predict_proba`.
    n_features_in_ : int
        Real numbers of one example: two for each sample, one where X is in-phase alone.
    checkpoint_ : Checkpoint
        Weights and card of the network.
    validation_accuracy_ : float
        Of the held-out examples; NaN where none were.

    References
    ----------
    Faysal et al., DenoMAE2.0 (2025); scikit-learn, Developing scikit-learn estimators.
    """

    def __init__(
        self,
        *,
        preset: str = "tiny",
        network: Network = "vit",
        head: Head = "preset",
        image_size: int = 32,
        planes: Sequence[str | Plane] | None = None,
        layout: Layout = "halves",
        samples_per_symbol: float | None = None,
        pretrained: str | Path | None = None,
        frozen: bool = False,
        epochs: int = 30,
        batch_size: int = 32,
        learning_rate: float | None = None,
        any_phase: bool = True,
        validation_share: float = 0.1,
        patience: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
        verbose: bool = False,
    ) -> None:
        self.preset = preset
        self.network = network
        self.head = head
        self.image_size = image_size
        self.planes = planes
        self.layout = layout
        self.samples_per_symbol = samples_per_symbol
        self.pretrained = pretrained
        self.frozen = frozen
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.any_phase = any_phase
        self.validation_share = validation_share
        self.patience = patience
        self.random_state = random_state
        self.device = device
        self.verbose = verbose

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike) -> Self:
        """Learn from examples X and their labels y (N,)."""
        _check_parameters(self.get_params(deep=False))
        with _as_value_errors():
            columns, given = validate_data(self, columns_of(X, self.layout), y, dtype=_DTYPES)
            check_classification_targets(given)
            classes, label = np.unique(given, return_inverse=True)
            if len(classes) < 2:
                raise EstimatorError("y must name at least two classes, got one class")
            self._fit(iq_of(columns, self.layout), label, tuple(map(str, classes)))
        self.classes_ = classes
        return self

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """The most probable label of each example, (N,)."""
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X: npt.ArrayLike) -> FloatArray:
        """Probabilities (N, M) of the labels in `classes_`."""
        check_is_fitted(self)
        with _as_value_errors():
            given = columns_of(X, self.layout)
            columns = validate_data(self, given, reset=False, dtype=_DTYPES)
            found = self._answering(iq_of(columns, self.layout)).astype(np.float64)
        return found / found.sum(axis=1, keepdims=True)

    def _fit(self, iq: ComplexArray, label: IntArray, classes: tuple[str, ...]) -> None:
        seed = int(check_random_state(self.random_state).randint(_SEEDS))
        rate = 1.0 if self.samples_per_symbol is None else self.samples_per_symbol
        train, held_out = divided(label, self.validation_share, seed)
        self.checkpoint_ = finetune_on_arrays(
            batch_of(iq[train], label[train], classes, rate),
            batch_of(iq[held_out], label[held_out], classes, rate) if len(held_out) else None,
            self._settings(seed),
            pipeline=self._pipeline(iq.shape[1], rate),
            any_phase=self.any_phase,
            pretrained=None if self.pretrained is None else Path(self.pretrained),
            device=self.device,
            logger=_Printed() if self.verbose else None,
        )
        accuracy = float(self.checkpoint_.card["score"]["accuracy"])
        self.validation_accuracy_ = accuracy if len(held_out) else np.nan
        self._answering = _answering(self.checkpoint_, self.device)

    @property
    def _view(self) -> View:
        return "symbols" if self.samples_per_symbol is None else "waveform"

    @property
    def _modalities(self) -> tuple[Modality, ...]:
        sees = find_network(self.network).sees
        if sees == "signal":
            return (Modality("signal", view=self._view),)
        return (Modality("harmonics"),) if sees == "harmonics" else IMAGE_ALONE

    def _settings(self, seed: int) -> Finetuning:
        return Finetuning(
            preset=self.preset,
            # vit stands for what the checkpoint holds, as it is the default
            network=None if self.pretrained and self.network == "vit" else self.network,
            head=self.head,
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            frozen=self.frozen,
            patience=self.patience,
            seed=seed,
            # choices by timing would not be reproducible; compiling takes longer than small fits
            precision="float32",
            compile="off",
        )

    def _pipeline(self, samples: int, rate: float) -> InputPipeline:
        """The inputs of the network: those of the pre-trained one, or by the parameters."""
        if self.pretrained is None:
            shown = (_SHOWN[self._view],) if self.planes is None else self.planes
            image = ImageConfig(self.image_size, planes=planes_by_name(shown))
            pipeline = InputPipeline(image, self._modalities, {self._view: samples}, rate)
        else:
            pipeline = replace(
                InputPipeline.of(load_checkpoint(self.pretrained)), samples_per_symbol=rate
            )
        if pipeline.views != (self._view,):
            raise EstimatorError(
                f"the network sees {' and '.join(pipeline.views)}, but X holds the {self._view}; "
                "set samples_per_symbol where X is a waveform, None where it is symbols"
            )
        return pipeline

    def __getstate__(self) -> dict[str, Any]:
        # weights are kept on the CPU, so that a machine without this one's GPU can go on
        return {name: value for name, value in super().__getstate__().items() if name != _OPEN}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "checkpoint_"):
            self._answering = _answering(self.checkpoint_, self.device)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


_OPEN = "_answering"
_SHOWN: dict[View, What] = {"symbols": "symbols", "waveform": "trajectory"}


class _Printed:
    """Prints validation metrics."""

    def metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        if "validation_accuracy" in metrics:
            accuracy, loss = (metrics[f"validation_{name}"] for name in ("accuracy", "loss"))
            print(f"step {step}: validation accuracy {accuracy:.3f}, loss {loss:.3f}")

    def images(self, step: int, images: Mapping[str, object]) -> None:
        return None

    def close(self) -> None:
        return None


def _answering(checkpoint: Checkpoint, device: str) -> SignalClassifier:
    network = checkpoint.build()
    assert isinstance(network, Classifier)
    return SignalClassifier(
        network, checkpoint.card, InputPipeline.of(checkpoint), choose_device(device)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value > 0 and value % 1 == 0


def _is_rate(value: Any) -> bool:
    return _is_number(value) and 0 < value < np.inf


_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "image_size": (_is_count, "a whole number of pixels"),
    "planes": (
        lambda value: value is None or (not isinstance(value, str) and len(value) > 0),
        "a list of what the planes show, or None",
    ),
    "layout": (lambda value: value in get_args(Layout), " or ".join(get_args(Layout))),
    "samples_per_symbol": (lambda value: value is None or _is_rate(value), "positive, or None"),
    "epochs": (_is_count, "a whole number of at least 1"),
    "batch_size": (_is_count, "a whole number of at least 1"),
    "learning_rate": (lambda value: value is None or _is_rate(value), "positive, or None"),
    "patience": (lambda value: value is None or _is_count(value), "a whole number, or None"),
    "validation_share": (
        lambda value: _is_number(value) and 0 <= value <= 0.5,
        "a number from 0 to 0.5",
    ),
}


def _check_parameters(parameters: Mapping[str, Any]) -> None:
    for name, (holds, rule) in _RULES.items():
        if not holds(parameters[name]):
            raise EstimatorError(f"{name} must be {rule}, got {parameters[name]!r}")
    if parameters["frozen"] and parameters["pretrained"] is None:
        raise EstimatorError("frozen needs a trained encoder; name one as pretrained")


@contextmanager
def _as_value_errors() -> Iterator[None]:
    """Errors of rfmae as the errors that scikit-learn expects, and Ctrl-C as Python's."""
    try:
        yield
    except TrainingInterrupted as stopped:  # its checkpoint went with the temporary folder
        if stopped.exit_code == 128 + SIGINT:
            raise KeyboardInterrupt from stopped
        raise SystemExit(stopped.exit_code) from stopped
    except EstimatorError:
        raise
    except RfmaeError as error:
        raise EstimatorError(str(error)) from error
