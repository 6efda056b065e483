"""What recordings are, for scripts: by the classifier that comes along, or one's own."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np
import numpy.typing as npt

from rfmae.artefacts import read_card
from rfmae.bursts.classifier import BurstClassifier, load_burst_classifier
from rfmae.bursts.identifying import IdentifyOptions
from rfmae.bursts.network import KIND
from rfmae.bursts.recording import identify
from rfmae.bursts.records import RecordingAnswer
from rfmae.captures.read_options import ReadOptions
from rfmae.captures.reading import read_recording
from rfmae.captures.record import Capture
from rfmae.errors import CaptureError
from rfmae.records import ComplexArray

if TYPE_CHECKING:
    from rfmae.inference import Answer, SignalClassifier

PathLike = str | Path


@overload
def load_classifier(path: None = None) -> BurstClassifier: ...
@overload
def load_classifier(path: str | Path, device: str = "auto") -> "SignalClassifier": ...
def load_classifier(
    path: str | Path | None = None, device: str = "auto"
) -> "BurstClassifier | SignalClassifier":
    """The classifier that comes along, or that of a fine-tuned checkpoint or run folder.

    Args:
        path: Checkpoint or run folder of `rfmae finetune`, folder of `rfmae train-bursts`; None is
            the classifier of bursts that comes along, which needs no torch.
        device: `auto`, `cpu`, `cuda`, …, of a network of one's own.

    Returns:
        Without a path, a callable from a recording and its sample rate to bursts: complex (T,) or
        real (2, T), of several (N, T) or (N, 2, T). With one, a callable from complex I/Q (N, T) of
        any gain and phase to probabilities (N, M); its `answer` and `name` take a recording (T,).

    Raises:
        CheckpointError: No checkpoint of a classifier, or a damaged one.

    Examples:
        >>> classifier = load_classifier()
        >>> "QPSK" in classifier.classes
        True
        >>> data = synthesise("sdr-linear", "data", snr="20", examples=(6, 2, 2))
        >>> model = finetune(data, out="cnn", network="cnn", epochs=1, device="cpu")
        >>> load_classifier(model)(data.read_observed("test").iq).shape
        (14, 7)
    """
    if path is None:
        return load_burst_classifier()
    if (read_card(Path(path)) or {}).get("kind") == KIND:
        return load_burst_classifier(path)
    from rfmae.inference import load_classifier as load_trained

    return load_trained(path, device)


@overload
def classify(
    recording: PathLike | npt.ArrayLike,
    model: None = None,
    *,
    datatype: str | None = None,
    sample_rate_hz: float | None = None,
    channel: int | None = None,
    analytic: bool = False,
    symbol_rate_hz: float | None = None,
    roll_off: float | None = None,
    centre_hz: float | None = None,
    bandwidth_hz: float | None = None,
) -> RecordingAnswer: ...
@overload
def classify(
    recording: PathLike | npt.ArrayLike,
    model: PathLike,
    *,
    datatype: str | None = None,
    sample_rate_hz: float | None = None,
    channel: int | None = None,
    analytic: bool = False,
    receiver: bool = True,
    symbol_rate_hz: float | None = None,
    roll_off: float | None = None,
    device: str = "auto",
) -> "Answer": ...
def classify(
    recording: PathLike | npt.ArrayLike,
    model: PathLike | None = None,
    *,
    datatype: str | None = None,
    sample_rate_hz: float | None = None,
    channel: int | None = None,
    analytic: bool = False,
    receiver: bool = True,
    symbol_rate_hz: float | None = None,
    roll_off: float | None = None,
    centre_hz: float | None = None,
    bandwidth_hz: float | None = None,
    device: str = "auto",
) -> "Answer | RecordingAnswer":
    """The bursts of a recording and their modulations; or what a model of one's own says of it.

    Without a model, bursts are detected, isolated, synchronised and named by the classifier that
    comes along. A model of one's own names the recording as a whole; where it knows symbols and the
    samples are none, the blind receiver synchronises them.

    Args:
        recording: A SigMF, WAV, npy or raw file, or complex I/Q (T,) of any gain and phase.
        model: Classifier checkpoint or run; None is the one that comes along.
        datatype: Sample type of a raw file, such as `ci16_le`.
        sample_rate_hz: Sample rate, where the file states none; 1 for an array.
        channel: Which of several channels, from 0.
        analytic: Make real samples complex: their analytic signal.
        receiver: Whether a model's recording of several samples a symbol is synchronised.
        symbol_rate_hz: Symbol rate, where it is known.
        roll_off: Roll-off of the matched filter, instead of the estimate.
        centre_hz: Centre of the band to look at, from that of the recording; without a model.
        bandwidth_hz: Width of that band; without a model.
        device: `auto`, `cpu`, `cuda`, …, of a model of one's own.

    Returns:
        Without a model a record with `bursts`; with one the answer: `name`, `whole` (M,)
        probabilities, `windows` (W, M), and what was received.

    Raises:
        CaptureError: A recording that cannot be read, or holds nothing but zeros.
        ShapeError: An array that is not complex and (T,), or not finite where a model needs it.

    Examples:
        >>> noise = np.random.default_rng(0).normal(size=(4000, 2)) @ [0.01, 0.01j]
        >>> found = classify(np.exp(0.2j * np.arange(4000)) + noise, sample_rate_hz=48e3)
        >>> [(round(burst.centre_hz, -2), burst.modulation) for burst in found.bursts]
        [(1500.0, 'unknown')]
    """
    if model is None:
        options = IdentifyOptions(symbol_rate_hz, centre_hz, bandwidth_hz, roll_off)
        how = ReadOptions(datatype, sample_rate_hz, channel=channel, analytic=analytic)
        iq, rate_hz, _ = _samples(recording, replace(how, keep_non_finite=True))
        return identify(iq, rate_hz, options)
    from rfmae.inference import load_classifier as load_trained
    from rfmae.workflows.inspect.recordings import ReceiverChoice, receive_options

    classifier = load_trained(model, device)
    how = ReadOptions(datatype, sample_rate_hz, channel=channel, analytic=analytic)
    iq, rate_hz, stated_hz = _samples(recording, how)
    if iq.size and not np.any(iq):
        raise CaptureError("the recording holds nothing but zeros")
    choice = ReceiverChoice(symbol_rate_hz, roll_off) if receiver else None
    return classifier.answer(iq, receive_options(rate_hz, stated_hz, choice))


def _samples(
    recording: PathLike | npt.ArrayLike, how: ReadOptions
) -> tuple[ComplexArray, float, float | None]:
    """Samples (T,), their rate, and the symbol rate that the recording states."""
    if isinstance(recording, str | Path):
        capture: Capture = read_recording(Path(recording), how)
        return capture.iq, capture.sample_rate_hz, capture.symbol_rate_hz
    return np.asarray(recording), how.sample_rate_hz or 1.0, None
