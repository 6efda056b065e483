"""The list of commands, and what becomes of errors."""

import functools
from collections.abc import Callable

import typer
from rfmae_cli import (
    audit_commands,
    baseline_commands,
    commands,
    console,
    data_commands,
    denoise_commands,
    finetune_commands,
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
}

app = typer.Typer(
    help="From bits to report: radio signals, constellation images, DenoMAE2.0, accuracy per SNR.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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
