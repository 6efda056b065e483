"""A board to watch a run on: its figures and pictures as TensorBoard events."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from rfmae.artefacts import disk_errors
from rfmae.errors import TrainingError

FOLDER = "tensorboard"
"""Where the events lie in a run folder."""

_VALIDATION = "validation_"
_FLUSH_SECONDS = 5.0


class Board:
    """A `MetricLogger` that writes events into a folder: train/…, validation/…, pictures/….

    The folder is made with the first event, not before. A run that goes on hides from that step
    on what was shown before it was stopped. Events are written by the caller's own thread, so
    that a full disk is an error and no thread that waits for ever.
    """

    def __init__(self, folder: Path) -> None:
        self._format = _event_format()
        self._folder = folder
        self._file: Any = None
        self._flushed = time.monotonic()

    def metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        """Scalars of a step; those named `validation_…` are a group of their own."""
        values = [
            self._format.summary.Value(tag=_tag(name), simple_value=float(value))
            for name, value in metrics.items()
        ]
        self._write(step, self._format.summary(value=values))

    def images(self, step: int, images: Mapping[str, Tensor]) -> None:
        """Pictures (C, H, W) in [0, 1] by their titles, of one or three planes."""
        for title, picture in images.items():
            pixels = (255 * picture.detach().float().clamp(0, 1)).round().byte()
            content = pixels.permute(1, 2, 0).cpu().numpy()
            image = self._format.image("picture", content, dataformats="HWC")
            image.value[0].tag = f"pictures/{title}"  # as it is: a tag of the library loses signs
            self._write(step, image)

    def close(self) -> None:
        """Bring to disk what is left; figures that come later open a new file."""
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
        """A new file, before which nothing was shown of this step and of later ones."""
        self._folder.mkdir(parents=True, exist_ok=True)
        # the name holds the second; the step tells apart what was stopped and resumed within one
        self._file = self._format.writer(str(self._folder / "events"), f".{step:07d}")
        start = self._format.session_log(status=self._format.session_log.START)
        event = self._format.event(step=step, wall_time=time.time(), session_log=start)
        self._file.write_event(event)


def _tag(name: str) -> str:
    """`validation_loss` stands beside `train/loss` as `validation/loss`."""
    if name.startswith(_VALIDATION):
        return f"validation/{name.removeprefix(_VALIDATION)}"
    return f"train/{name}"


@dataclass(frozen=True, slots=True)
class _Format:
    """What tensorboardX knows of the format of events."""

    event: Any
    session_log: Any
    summary: Any
    image: Any
    writer: Any


def _event_format() -> _Format:
    """The format, from a library that only those need who watch."""
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
