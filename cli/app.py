"""The list of commands, and the handling of errors."""

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
    """Errors are one line: exit code 2 for bad input, 128 plus the number for a signal."""

    @functools.wraps(command)
    def run(*args: object, **options: object) -> None:
        try:
            command(*args, **options)
        except RfmaeError as error:
            console.complain(" ".join(str(error).split()))
            raise typer.Exit(getattr(error, "exit_code", 2)) from None
        except KeyboardInterrupt:
            console.complain(
                "interrupted; finished parts are kept, and the same command resumes "
                "(a training run with --resume)"
            )
            raise typer.Exit(130) from None

    return run


for name, command in COMMANDS.items():
    app.command(name)(_guarded(command))


def main() -> None:
    """The entry point of `rfmae`."""
    app()
