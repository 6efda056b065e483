"""Metrics of a run: summed on the device, combined from processes, timed, and logged."""

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from rfmae.artefacts import disk_errors
from rfmae.errors import TrainingError
from rfmae.training.processes import Ranks


class MetricAccumulator:
    """Sums of metrics over steps since they were last read.

    A NaN or infinite value stays in the sum, so that it is noticed whenever the sum is read.
    """

    def __init__(self, ranks: Ranks) -> None:
        self._ranks = ranks
        self._names: tuple[str, ...] = ()
        self._sums = torch.zeros(0, device=ranks.device)
        self._steps = 0

    def add(self, metrics: Mapping[str, Tensor]) -> None:
        """Add the metrics of a step, scalars of the same names every time."""
        values = torch.stack([value.detach().float() for value in metrics.values()])
        self._names = tuple(metrics)
        self._sums = self._sums + values if self._steps else values
        self._steps += 1

    def means(self) -> dict[str, float]:
        """Means over steps and processes; synchronises with the device and all processes."""
        steps = max(1, self._steps) * self._ranks.world
        sums = self._ranks.summed(self._sums).tolist()
        return {name: total / steps for name, total in zip(self._names, sums, strict=True)}

    def clear(self) -> None:
        """Reset the sums."""
        self._steps = 0
        self._names, self._sums = (), self._sums[:0]

    def state(self) -> dict[str, float]:
        """The state to restore: the number of steps, and sums averaged over processes."""
        sums = self._ranks.summed(self._sums).tolist()
        named = zip(self._names, (total / self._ranks.world for total in sums), strict=True)
        return {**dict(named), _STEPS: float(self._steps)}

    def set_state(self, state: Mapping[str, float]) -> None:
        """Continue from the state of another accumulator, perhaps of other processes."""
        sums = dict(state)
        self._steps = int(sums.pop(_STEPS))
        self._names = tuple(sums)
        self._sums = torch.tensor(list(sums.values()), device=self._ranks.device)


_STEPS = "steps"


def first_not_finite(metrics: Mapping[str, float]) -> str | None:
    """The name of the first metric that is not finite."""
    return next((name for name, value in metrics.items() if not math.isfinite(value)), None)


def step_means(parts: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Metrics of a step from those of its pieces, which are of one size."""
    if len(parts) == 1:
        return parts[0]
    return {name: torch.stack([part[name] for part in parts]).mean() for name in parts[0]}


def validation_means(
    mine: Iterable[tuple[dict[str, Tensor], int]], here: Ranks
) -> dict[str, float]:
    """Metrics over the validation split, combined from the parts of all processes."""
    sums: dict[str, Tensor] = {}
    count = 0
    for metrics, examples in mine:
        if examples:
            for name, value in metrics.items():
                sums[name] = sums.get(name, 0.0) + value.double() * examples
            count += examples
    parts = here.gathered(({name: float(total) for name, total in sums.items()}, count))
    everything = sum(examples for _, examples in parts)
    names = next(metrics for metrics, examples in parts if examples)
    return {name: sum(part.get(name, 0.0) for part, _ in parts) / everything for name in names}


class Throughput:
    """A stopwatch over steps, which can be paused."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._examples = 0

    def advance(self, examples: int) -> None:
        self._examples += examples

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Leave a piece of work, such as a validation, out of the time."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._started += time.perf_counter() - began

    def lap(self, waited_s: float) -> dict[str, float]:
        """Images per second and the share of waiting since the last lap."""
        now = time.perf_counter()
        elapsed = max(now - self._started, 1e-9)
        metrics = {
            "images_per_second": round(self._examples / elapsed, 1),
            "waiting_share": round(min(1.0, waited_s / elapsed), 4),
        }
        self._started, self._examples = now, 0
        return metrics


class MetricLogger(Protocol):
    """Receives the metrics of a run, and images whenever it is validated."""

    def metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        """Metrics after a number of steps; those of validation begin with `validation_`."""
        ...

    def images(self, step: int, images: Mapping[str, Tensor]) -> None:
        """Images (C, H, W) in [0, 1] by title."""
        ...

    def close(self) -> None:
        """The run is over."""
        ...


class NoLogger:
    """Logs nothing."""

    def metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        return None

    def images(self, step: int, images: Mapping[str, Tensor]) -> None:
        return None

    def close(self) -> None:
        return None


# TensorBoard -----------------------------------------------------------------------------------

TENSORBOARD = "tensorboard"
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
