"""How long work tells of itself: the library reports, whoever called it decides how to show it."""

from types import TracebackType
from typing import Protocol, Self


class Stage(Protocol):
    """One piece of work that is under way, used as a context."""

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
    """Where stages are announced and notes are said."""

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
    """Progress that nobody watches."""

    def stage(self, title: str, total: int, unit: str) -> Stage:
        return _SilentStage()

    def note(self, text: str) -> None:
        return None
