"""The command that renders and joins reports: parse, one call, print."""

from pathlib import Path
from typing import Annotated

import typer
from rfmae_cli import console
from rfmae_cli.options import JsonOption, SeedOption, VerboseOption


def report(
    reports: Annotated[
        list[Path], typer.Argument(help="Report folders; several on the same examples are joined.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Output folder. Default: where the one report is."),
    ] = None,
    seed: SeedOption = 0,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Render the page, tables and figures of a report again from its JSON, or join several.

    Only reports of the same data set can be joined. Models are compared again, example by
    example, where their predictions were kept.

    Example: rfmae report reports/eval-snr-a reports/eval-snr-b -o reports/both
    """
    from rfmae.reporting.report_record import report_json
    from rfmae.workflows import report_jobs as report_jobs

    result = report_jobs.report(reports, out, seed=seed)
    if as_json:
        console.say_json({"folder": str(result.folder), **report_json(result.report)})
        return
    console.say(result.report.headline)
    console.say(f"Report: {result.folder / 'report.html'}")
