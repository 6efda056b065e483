"""The list of commands, and the handling of errors."""

import functools
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Annotated, Any

import typer
from rfmae_cli import (
    audit_commands,
    baseline_commands,
    burst_commands,
    classify_commands,
    commands,
    console,
    data_commands,
    denoise_commands,
    import_commands,
    list_commands,
    probe_commands,
    report_commands,
    theory_commands,
    training_commands,
    transfer_commands,
)
from rfmae_cli.inputs import check_inputs
from rich.table import Table
from typer.core import TyperCommand

from rfmae.errors import RfmaeError, machine_fault


class _FoldingTable(Table):
    """A table whose cells wrap at any letter rather than end in an ellipsis."""

    def add_row(self, *cells: Any, **options: Any) -> None:
        super().add_row(*cells, **options)
        for column in self.columns:
            column.overflow = "fold"


COMMANDS: dict[str, Callable[..., None]] = {
    "quickstart": commands.quickstart,
    "synth": data_commands.synth,
    "import": import_commands.import_data,
    "image": import_commands.image,
    "audit": audit_commands.audit,
    "pretrain": training_commands.pretrain,
    "finetune": training_commands.finetune,
    "probe": probe_commands.probe,
    "baseline": baseline_commands.baseline,
    "curve": audit_commands.curve,
    "train-bursts": burst_commands.train_bursts,
    "eval-snr": commands.eval_snr,
    "transfer": transfer_commands.transfer,
    "eval-denoise": denoise_commands.eval_denoise,
    "report": report_commands.report,
    "ceiling": theory_commands.ceiling,
    "classify": classify_commands.classify,
    "show": data_commands.show,
    "plot": data_commands.plot,
    "list": list_commands.list_subject,
}

app = typer.Typer(
    help="From bits to report: radio signals, constellation images, DenoMAE2.0, accuracy per SNR.",
    no_args_is_help=True,
    suggest_commands=True,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        console.say(f"rfmae {version('rfmae')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Options of rfmae itself."""


_TERMINATED = ("terminated",)
_KEPT = "; finished parts are kept, and the same command resumes"
_RESUMES = {
    **dict.fromkeys(("quickstart", "synth", "curve", "train-bursts"), _KEPT),
    **dict.fromkeys(("pretrain", "finetune", "baseline"), f"{_KEPT} with --resume"),
}
"""What is said of an interruption, by the name of the command."""


@contextmanager
def _stopped_on_termination() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does: what is done is kept, and workers end with it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    command = os.getpid()

    def stop(*_: object) -> None:
        if os.getpid() != command:  # a worker that was forked is ended by its pool
            os._exit(143)
        raise KeyboardInterrupt(*_TERMINATED)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Errors are one line: exit code 2 for bad input, 128 plus the number for a signal."""

    @functools.wraps(command)
    def run(*args: object, **options: object) -> None:
        try:
            check_inputs(options)
            with _stopped_on_termination():
                command(*args, **options)
        except RfmaeError as error:
            console.complain(" ".join(str(error).split()))
            raise typer.Exit(getattr(error, "exit_code", 2)) from None
        except (OSError, MemoryError, RuntimeError) as error:
            _end_with_fault(error)
        except KeyboardInterrupt as stop:
            word, code = ("terminated", 143) if stop.args == _TERMINATED else ("interrupted", 130)
            console.complain(f"{word}{_RESUMES.get(command.__name__, '; nothing is left behind')}")
            raise typer.Exit(code) from None

    return run


def _end_with_fault(error: Exception) -> None:
    """End with one line where memory or a file failed; any other error is a fault of rfmae."""
    said = machine_fault(error)
    if said is None:
        raise error
    console.complain(said)
    raise typer.Exit(2) from None


class _Command(TyperCommand):
    """A command whose help folds long words where typer's would cut them off."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from typer import rich_utils

        rich_utils.Table = _FoldingTable  # the only way in: the tables are made inside
        super().format_help(ctx, formatter)


for name, command in COMMANDS.items():
    app.command(name, cls=_Command)(_guarded(command))
