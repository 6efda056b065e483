"""What the user sees: answers on standard output, the conversation on standard error."""

import json
import sys
import time
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.table import Table as RichTable
from rich.text import Text

from rfmae.progress import Stage

stdout = Console(highlight=False)
stderr = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """A line of the answer, never wrapped or styled."""
    stdout.print(text, markup=False, soft_wrap=True)


def say_json(content: Any) -> None:
    """The answer for machines."""
    sys.stdout.write(json.dumps(content, indent=2, allow_nan=False) + "\n")


def say_table(heads: list[str], rows: list[list[str]]) -> None:
    """A table: the first column to the left, numbers to the right."""
    table = RichTable(box=None, pad_edge=False, header_style="bold")
    for place, head in enumerate(heads):
        table.add_column(head, justify="right" if place else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    wide = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    wide.print(table)


def complain(text: str) -> None:
    """One line about what went wrong."""
    stderr.print(Text.assemble(("error: ", "bold red"), text), soft_wrap=True)


class _RateColumn(ProgressColumn):
    """Units per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        words = "" if speed is None else f"{speed:,.0f} {task.fields['unit']}/s"
        return Text(words, style="progress.data.speed", no_wrap=True)


class _Bar:
    """A stage as a bar with rate and time left."""

    def __init__(self, title: str, total: int, unit: str) -> None:
        self._bars = Bars(
            TextColumn("{task.description:<18}"),
            BarColumn(bar_width=12),
            TaskProgressColumn(),
            _RateColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("left{task.fields[figures]}"),
            console=stderr,
        )
        self._task = self._bars.add_task(title, total=total, unit=unit, figures="")

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def advance(self, count: int = 1, **figures: float) -> None:
        self._bars.advance(self._task, count)
        if figures:
            words = "".join(f", {name} {value:.4g}" for name, value in figures.items())
            self._bars.update(self._task, figures=words)


class _Line:
    """A stage as one line when it is done, for logs and pipes."""

    def __init__(self, title: str, total: int, unit: str) -> None:
        self._title, self._total, self._unit = title, total, unit
        self._done, self._figures = 0, ""

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        seconds = max(time.perf_counter() - self._started, 1e-9)
        stderr.print(
            f"{self._title}: {self._done} of {self._total} {self._unit} in {seconds:.1f} s, "
            f"{self._done / seconds:,.0f} {self._unit}/s{self._figures}",
            markup=False,
            soft_wrap=True,
        )

    def advance(self, count: int = 1, **figures: float) -> None:
        self._done += count
        if figures:
            self._figures = "".join(f", {name} {value:.4g}" for name, value in figures.items())


class ShownProgress:
    """Bars on a terminal, lines elsewhere."""

    def stage(self, title: str, total: int, unit: str) -> Stage:
        return (_Bar if stderr.is_terminal else _Line)(title, total, unit)

    def note(self, text: str) -> None:
        stderr.print(text, markup=False, soft_wrap=True)
