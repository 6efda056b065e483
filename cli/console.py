"""Terminal output: results on standard output, progress and errors on standard error."""

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console, RenderableType
from rich.padding import Padding
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

from rfmae.plain import harmless
from rfmae.progress import Stage

_LINE_EVERY_SECONDS = 60.0  # in a log
_SHORT = {"waiting_share": "wait"}
_SHARES = ("share", "wait", "accuracy")  # suffixes of names
_SHOWN_ELSEWHERE = ("images_per_second", "learning_rate", "gradient_norm")

stdout = Console(highlight=False)
stderr = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """A line of the result, never wrapped or styled."""
    stdout.print(harmless(text), markup=False, soft_wrap=True)


def say_json(content: Any) -> None:
    """The result as JSON."""
    sys.stdout.write(json.dumps(content, indent=2, allow_nan=False) + "\n")


def say_table(
    heads: list[str], rows: list[list[str]], beneath: Mapping[int, Sequence[str]] | None = None
) -> None:
    """A table: the first column to the left, numbers to the right; lines `beneath` some rows."""
    table = RichTable(box=None, pad_edge=False, header_style="bold")
    for place, head in enumerate(heads):
        table.add_column(Text(harmless(head)), justify="right" if place else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(harmless(cell)) for cell in row))
    wide = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    if not beneath:
        wide.print(table)
        return
    with wide.capture() as captured:
        wide.print(table)
    for number, line in enumerate(captured.get().splitlines(), start=-1):
        sys.stdout.write(f"{line}\n")
        for words in beneath.get(number, ()):
            say(f"    {words}")


def speaks() -> bool:
    """Whether this process prints, of those that train together."""
    return os.environ.get("RANK", "0") == "0"


def complain(text: str) -> None:
    """One line with an error."""
    if not speaks():
        return
    stderr.print(Text.assemble(("error: ", "bold red"), harmless(text)), soft_wrap=True)


class _RateColumn(ProgressColumn):
    """Units per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        words = "" if speed is None else f"{speed:,.0f} {task.fields['unit']}/s"
        return Text(words, style="progress.data.speed", no_wrap=True)


class _BarWithMetrics(Bars):
    """A bar, and the latest metrics below it: both fit into eighty columns."""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        for task in self.tasks:
            if task.fields["metrics"]:
                yield Padding(Text(task.fields["metrics"]), (0, 0, 0, 2))


class _Bar:
    """A stage as a bar with rate and remaining time."""

    def __init__(self, title: str, total: int, unit: str) -> None:
        self._bars = _BarWithMetrics(
            TextColumn("{task.description:<18}"),
            BarColumn(bar_width=12),
            TaskProgressColumn(),
            _RateColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=stderr,
        )
        self._task = self._bars.add_task(title, total=total, unit=unit, metrics="")

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

    def advance(self, count: int = 1, **metrics: float) -> None:
        self._bars.advance(self._task, count)
        if metrics:
            self._bars.update(self._task, metrics=_in_words(metrics))


class _Line:
    """A stage as a line every minute and one at the end, for logs and pipes."""

    def __init__(self, title: str, total: int, unit: str) -> None:
        self._title, self._total, self._unit = title, total, unit
        self._done, self._metrics = 0, ""

    def __enter__(self) -> Self:
        self._started = self._logged = time.perf_counter()
        self._before: tuple[int, float] | None = None  # state after the first advance
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        seconds = time.perf_counter() - self._started
        self._log(f"{self._rest()} in {seconds:.1f} s, {self._rate():,.0f} {self._unit}/s")

    def advance(self, count: int = 1, **metrics: float) -> None:
        self._done += count
        now = time.perf_counter()
        if self._before is None:
            self._before = (self._done, now)
        if metrics:
            self._metrics = f", {_in_words(metrics)}"
        if now - self._logged > _LINE_EVERY_SECONDS:
            self._logged = now
            left = (self._total - self._done) / max(self._rate(), 1e-9)
            self._log(f"{self._rest()}, {self._rate():,.0f} {self._unit}/s, {_clock(left)} left")

    def _rest(self) -> str:
        return f"{self._done} of {self._total} {self._unit}"

    def _rate(self) -> float:
        """Units per second, without those that a resumed run reports at once."""
        now = time.perf_counter()
        done, since = self._before or (0, self._started)
        if done == self._done:
            done, since = 0, self._started
        return (self._done - done) / max(now - since, 1e-9)

    def _log(self, text: str) -> None:
        stderr.print(f"{self._title}: {text}{self._metrics}", markup=False, soft_wrap=True)


def _in_words(metrics: dict[str, float]) -> str:
    """Metrics by short names: loss 0.612, reconstruction 0.58, position 0.31, wait 2.1 %.

    The rate is beside the bar; metrics that are only useful afterwards are in the curves.
    """
    return ", ".join(
        f"{_short(name)} {_value(name, value)}"
        for name, value in metrics.items()
        if name not in _SHOWN_ELSEWHERE
    )


def _short(name: str) -> str:
    return _SHORT.get(name, name.removesuffix("_loss").replace("_", " "))


def _value(name: str, value: float) -> str:
    return f"{100 * value:.3g} %" if name.endswith(_SHARES) else f"{value:.3g}"


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds: 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


class ShownProgress:
    """Bars on a terminal, lines elsewhere."""

    def stage(self, title: str, total: int, unit: str) -> Stage:
        return (_Bar if stderr.is_terminal else _Line)(title, total, unit)

    def note(self, text: str) -> None:
        stderr.print(text, markup=False, soft_wrap=True)
