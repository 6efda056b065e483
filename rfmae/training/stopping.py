"""Stopping a training run between two steps on SIGTERM or Ctrl-C."""

import signal
import threading
from types import FrameType
from typing import Any, Self

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
