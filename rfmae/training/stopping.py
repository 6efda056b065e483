"""Stopping between two steps when the machine or its user asks for it."""

import signal
import threading
from types import FrameType
from typing import Any, Self

_ASKING = (signal.SIGTERM, signal.SIGINT)


class StopAsked:
    """Remembers, while it is open, that SIGTERM or Ctrl-C asked for a stop.

    A cluster gives a job some seconds after SIGTERM, enough for a step and a checkpoint. A second
    Ctrl-C of somebody who does not want to wait stops at once, unless `patient`: a launcher passes
    on the Ctrl-C that its processes have seen already.
    """

    def __init__(self, *, patient: bool = False) -> None:
        self.signal: signal.Signals | None = None
        self._patient = patient
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        # Python hands signals to the main thread alone; elsewhere whoever owns that one decides
        if threading.current_thread() is threading.main_thread():
            self._before = {which: signal.signal(which, self._note) for which in _ASKING}
        return self

    def __exit__(self, *_: object) -> None:
        for which, handler in self._before.items():
            signal.signal(which, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None and number == signal.SIGINT and not self._patient:
            raise KeyboardInterrupt
        self.signal = self.signal or signal.Signals(number)
