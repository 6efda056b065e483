"""Progress of long work: the library reports it, the caller decides how to show it.

Where a caller of the Python functions shows none, it goes to the logger `rfmae`, at level INFO:
`logging.basicConfig(level=logging.INFO)` prints it.
"""

import logging
import time
from types import TracebackType
from typing import Protocol, Self


class Stage(Protocol):
    """One running piece of work, used as a context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def advance(self, count: int = 1, **metrics: float) -> None:
        """Another `count` units are done; `metrics` are the latest values worth showing."""
        ...


class Progress(Protocol):
    """The receiver of stages and notes."""

    def stage(self, title: str, total: int, unit: str) -> Stage: ...

    def note(self, text: str) -> None: ...


class _SilentStage:
    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def advance(self, count: int = 1, **metrics: float) -> None:
        return None


class Silent:
    """Progress that is discarded."""

    def stage(self, title: str, total: int, unit: str) -> Stage:
        return _SilentStage()

    def note(self, text: str) -> None:
        return None


_LOG_EVERY_SECONDS = 60.0
_LOGGER = logging.getLogger("rfmae")


class _LoggedStage:
    """A stage as lines of the log: at its start, once a minute and at its end."""

    def __init__(self, title: str, total: int, unit: str) -> None:
        self._title, self._total, self._unit = title, total, unit
        self._done, self._logged = 0, time.monotonic()

    def __enter__(self) -> Self:
        _LOGGER.info("%s: %s %s", self._title, f"{self._total:,}", self._unit)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            _LOGGER.info("%s: done", self._title)

    def advance(self, count: int = 1, **metrics: float) -> None:
        self._done += count
        if time.monotonic() - self._logged < _LOG_EVERY_SECONDS:
            return
        self._logged = time.monotonic()
        latest = "".join(f", {name} {value:.4g}" for name, value in metrics.items())
        _LOGGER.info("%s: %s of %s%s", self._title, f"{self._done:,}", f"{self._total:,}", latest)


class Logged:
    """Progress in the log."""

    def stage(self, title: str, total: int, unit: str) -> Stage:
        return _LoggedStage(title, total, unit)

    def note(self, text: str) -> None:
        _LOGGER.info("%s", text)
