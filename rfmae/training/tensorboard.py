"""Metrics and images of a run as TensorBoard events."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from rfmae.artefacts import disk_errors
from rfmae.errors import TrainingError

FOLDER = "tensorboard"
"""The folder of events in a run folder."""

_VALIDATION = "validation_"
_FLUSH_SECONDS = 5.0


class Board:
    """A `MetricLogger` that writes events into a folder: train/…, validation/…, pictures/….

    The folder is made with the first event, not before. A resumed run hides the earlier events from
    its first step on. Events are written by the caller's own thread, so that a full disk raises an
    error.
    """

    def __init__(self, folder: Path) -> None:
        self._format = _event_format()
        self._folder = folder
        self._file: Any = None
        self._flushed = time.monotonic()

    def metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        """Scalars of a step; those named `validation_…` form their own group."""
        values = [
            self._format.summary.Value(tag=_tag(name), simple_value=float(value))
            for name, value in metrics.items()
        ]
        self._write(step, self._format.summary(value=values))

    def images(self, step: int, images: Mapping[str, Tensor]) -> None:
        """Images (C, H, W) in [0, 1] by their titles, of one or three planes."""
        for title, values in images.items():
            pixels = (255 * values.detach().float().clamp(0, 1)).round().byte()
            content = pixels.permute(1, 2, 0).cpu().numpy()
            image = self._format.image("picture", content, dataformats="HWC")
            image.value[0].tag = f"pictures/{title}"  # the library would drop characters
            self._write(step, image)

    def close(self) -> None:
        """Write what is left to disk; later metrics open a new file."""
        if self._file is None:
            return
        with disk_errors(self._folder):
            self._file.close()
        self._file = None

    def _write(self, step: int, summary: Any) -> None:
        with disk_errors(self._folder):
            if self._file is None:
                self._open(step)
            event = self._format.event(step=step, wall_time=time.time(), summary=summary)
            self._file.write_event(event)
            if time.monotonic() - self._flushed > _FLUSH_SECONDS:
                self._file.flush()
                self._flushed = time.monotonic()

    def _open(self, step: int) -> None:
        """A new file that hides earlier events of this step and of later ones."""
        self._folder.mkdir(parents=True, exist_ok=True)
        # the name holds the second; the step distinguishes files of the same second
        self._file = self._format.writer(str(self._folder / "events"), f".{step:07d}")
        start = self._format.session_log(status=self._format.session_log.START)
        event = self._format.event(step=step, wall_time=time.time(), session_log=start)
        self._file.write_event(event)


def _tag(name: str) -> str:
    """`validation_loss` becomes `validation/loss`, and `loss` becomes `train/loss`."""
    if name.startswith(_VALIDATION):
        return f"validation/{name.removeprefix(_VALIDATION)}"
    return f"train/{name}"


@dataclass(frozen=True, slots=True)
class _Format:
    """The parts of tensorboardX that write events."""

    event: Any
    session_log: Any
    summary: Any
    image: Any
    writer: Any


def _event_format() -> _Format:
    """The event format, from an optional library."""
    try:
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event, SessionLog
        from tensorboardX.proto.summary_pb2 import Summary
        from tensorboardX.summary import image
    except ImportError as error:
        raise TrainingError(
            "TensorBoard events need tensorboardX; pip install 'rfmae[tensorboard]'"
        ) from error
    return _Format(Event, SessionLog, Summary, image, EventsWriter)
