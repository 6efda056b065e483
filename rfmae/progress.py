"""Progress of long work: the library reports it, the caller decides how to show it."""

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
