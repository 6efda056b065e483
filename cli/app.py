"""The list of commands, and what becomes of errors."""

import functools
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer
from rfmae_cli import (
    audit_commands,
    baseline_commands,
    commands,
    console,
    data_commands,
    denoise_commands,
    finetune_commands,
    list_commands,
    probe_commands,
    report_commands,
    theory_commands,
    training_commands,
)

from rfmae.errors import RfmaeError

COMMANDS: dict[str, Callable[..., None]] = {
    "quickstart": commands.quickstart,
    "synth": data_commands.synth,
    "import": data_commands.import_data,
    "audit": audit_commands.audit,
    "pretrain": training_commands.pretrain,
    "finetune": finetune_commands.finetune,
    "probe": probe_commands.probe,
    "baseline": baseline_commands.baseline,
    "curve": audit_commands.curve,
    "eval-snr": commands.eval_snr,
    "eval-denoise": denoise_commands.eval_denoise,
    "report": report_commands.report,
    "ceiling": theory_commands.ceiling,
    "classify": commands.classify,
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


def _guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Bad input is one line and exit code 2; a signal is one line and 128 more than its number."""

    @functools.wraps(command)
    def run(*args: object, **options: object) -> None:
        try:
            command(*args, **options)
        except RfmaeError as error:
            console.complain(" ".join(str(error).split()))
            raise typer.Exit(getattr(error, "exit_code", 2)) from None
        except KeyboardInterrupt:
            console.complain(
                "interrupted; what was complete is kept, and the same command goes on from there "
                "(a training run with --resume)"
            )
            raise typer.Exit(130) from None

    return run


for name, command in COMMANDS.items():
    app.command(name)(_guarded(command))


def main() -> None:
    """The entry point of `rfmae`."""
    app()
