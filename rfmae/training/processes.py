"""The processes of distributed training: ranks, sums, gathered values, and signals to stop."""

import atexit
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, Self, TypeVar

import torch
import torch.distributed as processes
from torch import Tensor

from rfmae.errors import TrainingError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ranks:
    """One process among those that train together; a single one has rank 0 of 1."""

    device: torch.device
    rank: int = 0
    world: int = 1

    @property
    def is_writer(self) -> bool:
        """Whether this is the one process that writes files and logs."""
        return self.rank == 0

    def summed(self, values: Tensor) -> Tensor:
        """The sum of a tensor over all processes, on its device."""
        if self.world == 1:
            return values
        total = values.clone()
        processes.all_reduce(total)
        return total

    def gathered(self, value: Any) -> list[Any]:
        """The values of all processes, in the order of ranks, on each of them."""
        if self.world == 1:
            return [value]
        values: list[Any] = [None] * self.world
        processes.all_gather_object(values, value)
        return values

    def by_writer(self, work: Callable[[], T]) -> T:
        """Let the writer alone do a piece of work; all processes get its result, or its error."""
        if self.world == 1:
            return work()
        outcome: list[Any] = [_tried(work) if self.is_writer else None]
        processes.broadcast_object_list(outcome, src=0)
        result, error = outcome[0]
        if error is not None:
            raise error
        return result

    def barrier(self) -> None:
        """Wait until every process is here."""
        if self.world > 1:
            processes.barrier()


def _tried(work: Callable[[], T]) -> tuple[T | None, Exception | None]:
    try:
        return work(), None
    except Exception as error:
        return None, error


def ranks(device: torch.device) -> Ranks:
    """This process among those that torchrun started, by its environment variables.

    They communicate by nccl on GPUs, one for each process of a machine, and by gloo elsewhere. A
    process that was started alone opens no group. A group stays open until its processes end:
    closed and opened again, as between a pre-training and a fine-tuning, they may miss each other.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Ranks(device)
    device = _own_device(device)
    if not processes.is_initialized():
        _open_group(device)
        atexit.register(_close_group)
    return Ranks(device, processes.get_rank(), processes.get_world_size())


def _own_device(device: torch.device) -> torch.device:
    """The GPU of this process where GPUs are used."""
    if device.type != "cuda":
        return device
    place, devices = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if place >= devices:
        raise TrainingError(
            f"each process needs a GPU of its own, but this machine has {devices}; "
            f"start no more than {devices} processes on it"
        )
    own = torch.device("cuda", place)
    torch.cuda.set_device(own)
    return own


def _open_group(device: torch.device) -> None:
    gpu = device.type == "cuda"
    try:
        processes.init_process_group("nccl" if gpu else "gloo", device_id=device if gpu else None)
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(
            f"the processes cannot find each other ({reason}); start them with torchrun"
        ) from error


def _close_group() -> None:
    if processes.is_initialized():
        processes.destroy_process_group()


_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopRequest:
    """Records, while it is open, a SIGTERM or Ctrl-C.

    A cluster gives a job some seconds after SIGTERM, enough for a step and a checkpoint. A second
    Ctrl-C stops at once, unless `patient`: a launcher passes on the Ctrl-C that its processes have
    received already.
    """

    def __init__(self, *, patient: bool = False) -> None:
        self.signal: signal.Signals | None = None
        self._patient = patient
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        # Python delivers signals to the main thread alone; elsewhere that thread handles them
        if threading.current_thread() is threading.main_thread():
            self._before = {which: signal.signal(which, self._note) for which in _STOP_SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for which, handler in self._before.items():
            signal.signal(which, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None and number == signal.SIGINT and not self._patient:
            raise KeyboardInterrupt
        self.signal = self.signal or signal.Signals(number)
