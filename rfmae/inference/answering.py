"""From I/Q to class probabilities, and to encoder features."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from rfmae.artefacts import Card
from rfmae.errors import ShapeError
from rfmae.imaging.network_inputs import input_shapes
from rfmae.inference.input_pipeline import (
    BATCH,
    IMAGE,
    InputPipeline,
    IqLike,
    checked_views,
    choose_device,
    cut_windows,
)
from rfmae.models.checkpoint import CLASSIFIER, load_checkpoint
from rfmae.models.classifier import Classifier
from rfmae.models.denomae import DenoMAE
from rfmae.models.encoders import AnyEncoder
from rfmae.models.rings_mae import RingsMAE
from rfmae.models.vit import Inputs
from rfmae.records import (
    ComplexArray,
    FloatArray,
    ImageConfig,
    View,
    Views,
    check_temperature,
)
from rfmae.signal.blind import BLIND, ReceiveOptions, Reception, receive
from rfmae.signal.recording_checks import loud_windows, symbol_doubts, without_dead_samples

UNKNOWN = "unknown"
"""The name of a recording that a classifier cannot have learnt to name."""

_SURE = 0.9  # probability from which windows of other classes contradict each other
_SYMBOL_SPACED = 0.99  # symbols per sample from which samples are taken for symbols
_LEAST_KNOWN = 1e-6  # the weight of a window that knows nothing


@dataclass(frozen=True, slots=True)
class Answer:
    """Class probabilities of a recording: of each window, and of all of them together.

    `doubts` say why the recording is nothing that the classifier knows, so that its name is
    `unknown`; `notes` are what else a reader should know. `reception` says what the receiver found,
    where the samples were no symbols; the answer is about its symbols where it locked.
    """

    classes: tuple[str, ...]
    windows: FloatArray  # (W, M), of those that hold a signal
    window_length: int
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reception: Reception | None = None

    @property
    def whole(self) -> FloatArray:
        """The weighted geometric mean of the windows, normalised, (M,).

        Windows of one recording share their defects, so their evidence is averaged, not added up;
        each counts by what it knows, its information in bits over that of a certain one.
        """
        logs = np.log(np.maximum(self.windows, 1e-12))
        entropy = -(self.windows * logs).sum(axis=1)
        known = np.maximum(1 - entropy / np.log(max(len(self.classes), 2)), _LEAST_KNOWN)
        evidence = known @ logs / known.sum()
        weights = np.exp(evidence - evidence.max())
        return weights / weights.sum()

    @property
    def best(self) -> str:
        """The most probable class of the whole, whatever the doubts."""
        return self.classes[int(self.whole.argmax())]

    @property
    def name(self) -> str:
        """The most probable class of the whole, or `unknown` where there are doubts."""
        return UNKNOWN if self.doubts else self.best

    @property
    def contradictions(self) -> tuple[str, ...]:
        """In words, windows that are sure of different classes; empty where they agree."""
        sure = self.windows.argmax(axis=1)[self.windows.max(axis=1) >= _SURE]
        counts = np.bincount(sure, minlength=len(self.classes))
        if (counts > 0).sum() < 2:
            return ()
        order = [number for number in np.argsort(-counts, kind="stable") if counts[number]]
        words = ", ".join(f"{counts[number]:,} {self.classes[number]}" for number in order)
        return (f"windows contradict each other: {words}",)


class SignalClassifier:
    """A trained classifier: from I/Q (symbols or waveform, as in training) to class probabilities.

    Calling it with I/Q (N, T) gives probabilities (N, M); `answer` cuts a recording (T,) into
    windows of the length that it was trained on. Where it reads both views (see `views`), both
    take a mapping with the I/Q of each. `network` is the classifier itself, whose logits are
    divided by the temperature of its card, where one was fitted (Guo et al., ICML 2017).
    """

    def __init__(
        self, network: Classifier, card: Card, pipeline: InputPipeline, device: torch.device
    ):
        self.card, self.pipeline = card, pipeline
        self.classes: tuple[str, ...] = tuple(card["classes"])
        self.network, self.device = network.to(device), device
        self._temperature = float(card.get("temperature", 1.0))

    @property
    def views(self) -> tuple[View, ...]:
        """The views of I/Q that it needs."""
        return self.pipeline.views

    @property
    def image(self) -> ImageConfig:
        """How its constellation images are rendered."""
        return self.pipeline.image

    @torch.inference_mode()
    def __call__(self, iq: IqLike) -> FloatArray:
        """Probabilities (N, M) of complex I/Q (N, T), any gain and carrier phase."""
        return self.of_inputs(self.pipeline.inputs(iq, self.device))

    @property
    def sees_images_alone(self) -> bool:
        """Whether its only input is a constellation image."""
        return [modality.name for modality in self.pipeline.modalities] == [IMAGE]

    @torch.inference_mode()
    def of_images(self, images: FloatArray) -> FloatArray:
        """Probabilities (N, M) of images (N, C, H, W), rendered with its configuration.

        Raises `ShapeError` where it has further inputs, or for images of another shape.
        """
        expected = (len(self.image.planes), self.image.size, self.image.size)
        if not self.sees_images_alone:
            seen = ", ".join(modality.name for modality in self.pipeline.modalities)
            raise ShapeError(f"this classifier sees {seen}, not an image alone; give it the I/Q")
        if images.shape[1:] != expected:
            wanted = ", ".join(map(str, expected))
            raise ShapeError(f"images must have shape (N, {wanted}), got {images.shape}")
        parts = torch.from_numpy(np.asarray(images, np.float32)).split(BATCH)
        return self.of_inputs({IMAGE: part.to(self.device)} for part in parts)

    @torch.inference_mode()
    def of_inputs(self, batches: Iterable[Inputs]) -> FloatArray:
        """Probabilities (N, M) of inputs, rendered with its configuration, on its device."""
        logits = (self.network(batch) / self._temperature for batch in batches)
        return torch.cat([part.softmax(dim=-1).cpu() for part in logits]).numpy()

    def answer(self, iq: IqLike, receiver: ReceiveOptions | None = BLIND) -> Answer:
        """Probabilities of each window of a recording (T,) and of the whole.

        Dead samples and windows of noise alone are left out, as the notes of the answer say. Where
        symbols are expected and the samples cannot be symbols, or the receiver is told a rate of
        them, the answer is about the symbols of the blind receiver (`rfmae.signal.blind`) if it
        locks, and else `unknown`; None leaves it out.
        """
        recordings = checked_views(iq, self.views, dimensions=1)
        if len(recordings) > 1:  # the same stretch of two views is not known
            return Answer(self.classes, self(self._windows(recordings)), self._length(recordings))
        ((view, recording),) = recordings.items()
        live, notes = without_dead_samples(recording)
        if not len(live):
            raise ShapeError("the recording holds nothing but zeros or another value that repeats")
        windows = self._windows({view: live})[view]
        loud, quiet = loud_windows(windows)
        held = windows[loud]
        doubts = symbol_doubts(held.ravel()) if view == "symbols" else ()
        told = receiver is not None and (receiver.start or 1.0) < _SYMBOL_SPACED
        if view == "symbols" and receiver is not None and (doubts or told):
            reception = receive(recording, receiver)
            if reception.locked:
                return self._of_received(reception)
            found = self._of_windows(view, held, (*doubts, *reception.doubts), (*notes, *quiet))
            return replace(found, reception=reception)
        return self._of_windows(view, held, doubts, (*notes, *quiet))

    def _of_windows(
        self, view: View, windows: ComplexArray, doubts: tuple[str, ...], notes: tuple[str, ...]
    ) -> Answer:
        found = Answer(self.classes, self({view: windows}), windows.shape[1], doubts)
        return replace(found, notes=(*notes, *found.contradictions))

    def _of_received(self, reception: Reception) -> Answer:
        """The answer about the symbols of a receiver that locked."""
        windows = self._windows({"symbols": reception.symbols})["symbols"]
        found = self._of_windows("symbols", windows, (), reception.notes)
        return replace(found, reception=reception)

    def _length(self, recordings: Views) -> int:
        return min(self.pipeline.samples[self.views[0]], len(recordings[self.views[0]]))

    def _windows(self, recordings: Views) -> dict[View, ComplexArray]:
        """The windows (W, T) of each view of a recording."""
        windows = {
            view: cut_windows(recording, self.pipeline.samples[view])
            for view, recording in recordings.items()
        }
        if len({len(cut) for cut in windows.values()}) > 1:
            raise ShapeError(
                f"symbols and waveform must be of one recording, but they fill "
                f"{' and '.join(str(len(cut)) for cut in windows.values())} windows"
            )
        return windows

    def name(self, iq: IqLike) -> str:
        """The most probable class of a recording (T,), or `unknown`."""
        return self.answer(iq).name


def load_classifier(path: str | Path, device: str = "auto") -> SignalClassifier:
    """The classifier of a fine-tuned checkpoint or run folder.

    Args:
        path: Checkpoint or run folder of `rfmae finetune`.
        device: `auto`, `cpu`, `cuda`, …

    Returns:
        A callable from complex I/Q (N, T) of any gain and phase to probabilities (N, M);
        `answer` and `name` take a recording (T,).

    Raises:
        CheckpointError: No checkpoint of a classifier, or a damaged one.

    Examples:
        >>> data = synthesise("sdr-linear", "data", snr="20", examples=(6, 2, 2))
        >>> model = finetune(data, out="cnn", network="cnn", epochs=1, device="cpu")
        >>> load_classifier(model)(data.read_observed("test").iq).shape
        (14, 7)
    """
    checkpoint, chosen = load_checkpoint(path, CLASSIFIER), choose_device(device)
    network = checkpoint.build()
    assert isinstance(network, Classifier)
    checkpoint.typed("classes", tuple[str, ...])
    if "temperature" in checkpoint.card:
        check_temperature(checkpoint.typed("temperature", float))
    return SignalClassifier(network, checkpoint.card, InputPipeline.of(checkpoint), chosen)


class FeatureEncoder:
    """From I/Q to the features of an encoder, for probes and embeddings."""

    def __init__(self, encoder: AnyEncoder, pipeline: InputPipeline, device: torch.device):
        self.pipeline = pipeline
        self._encoder, self._device = encoder.to(device).eval(), device

    @torch.inference_mode()
    def __call__(self, iq: IqLike) -> FloatArray:
        """Features (N, width) of I/Q (N, T)."""
        batches = self.pipeline.inputs(iq, self._device)
        return torch.cat([self._encoder.features(batch).cpu() for batch in batches]).numpy()


def load_encoder(path: str | Path, device: str = "auto") -> FeatureEncoder:
    """The frozen encoder of any checkpoint or run folder.

    Args:
        path: Checkpoint or run folder of `rfmae pretrain` or `rfmae finetune`.
        device: `auto`, `cpu`, `cuda`, …

    Returns:
        A callable from complex I/Q (N, T) to features (N, width).

    Raises:
        CheckpointError: A checkpoint of a backbone, which has no encoder.

    Examples:
        >>> data = synthesise("sdr-linear", "data", snr="20", examples=(6, 2, 2))
        >>> model = pretrain(data, "rings", preset="tiny", epochs=1, device="cpu")
        >>> load_encoder(model)(data.read_observed("test").iq).shape
        (14, 128)
    """
    checkpoint, chosen = load_checkpoint(path), choose_device(device)
    _ = checkpoint.pretrainable  # refuses others
    network = checkpoint.build()
    assert isinstance(network, DenoMAE | RingsMAE | Classifier)
    return FeatureEncoder(network.encoder, InputPipeline.of(checkpoint), chosen)


# several networks on the same examples ---------------------------------------------------------


_MOST_KEPT = 2**27  # numbers, half a gigabyte
Read = Callable[[tuple[View, ...]], Iterable[Views]]
"""The examples in the named views, in batches, always in the same order."""


class CachedInputs:
    """Rendered inputs of the same examples, kept for the next classifier with the same inputs."""

    def __init__(self, read: Read, examples: int) -> None:
        self._read, self._examples = read, examples
        self._pipeline: InputPipeline | None = None
        self._kept: list[Inputs] = []

    def answers(self, classifier: SignalClassifier) -> FloatArray:
        """Probabilities (N, M) of all examples, in their order."""
        return classifier.of_inputs(self._batches(classifier.pipeline, classifier.device))

    def _batches(self, pipeline: InputPipeline, device: torch.device) -> Iterable[Inputs]:
        if self._examples * _numbers(pipeline) > _MOST_KEPT:
            return self._rendered(pipeline, device)
        if pipeline != self._pipeline:
            self._kept, self._pipeline = list(self._rendered(pipeline, device)), pipeline
        return self._kept

    def _rendered(self, pipeline: InputPipeline, device: torch.device) -> Iterator[Inputs]:
        for views in self._read(pipeline.views):
            yield from _inputs(pipeline, views, device)


@torch.inference_mode()
def _inputs(pipeline: InputPipeline, views: Views, device: torch.device) -> list[Inputs]:
    return list(pipeline.inputs(views, device))


def _numbers(pipeline: InputPipeline) -> int:
    """How many numbers the inputs of one example have."""
    shapes = input_shapes(pipeline.image, pipeline.modalities, pipeline.samples)
    return sum(math.prod(shape) for shape in shapes.values())
