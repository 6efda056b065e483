"""The command transfer: parse, one call, print. Everything heavy is imported inside."""

from pathlib import Path
from typing import Annotated

import typer
from rfmae_cli import console, words
from rfmae_cli.options import HOME, DeviceOption, JsonOption, OutOption, VerboseOption
from rfmae_cli.report_view import command_line, print_report


def transfer(
    model: Annotated[
        list[Path],
        typer.Option(
            "--model",
            "-m",
            help="Classifier checkpoint or run, baseline folder, likelihood, or a function as "
            "module:name; may be repeated.",
        ),
    ],
    data: Annotated[
        list[Path], typer.Option("--data", "-d", help="Data set folder; may be repeated.")
    ],
    out: OutOption = None,
    per_point: Annotated[
        int | None,
        typer.Option(min=1, help="First test examples of each class and SNR. Default: all."),
    ] = None,
    renormalise: Annotated[
        bool,
        typer.Option(
            "--renormalise",
            help="Limit the answers of each model to the classes that a data set holds.",
        ),
    ] = False,
    robustness: Annotated[
        str | None,
        typer.Option(
            help="Also accuracy with carrier, rate, roll-off, gain or length moved, on each data "
            "set that has the grid: names between commas, such as carrier-offset, sample-rate, "
            "rolloff, gain, length, or all."
        ),
    ] = None,
    device: DeviceOption = "auto",
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Models on the test splits of several data sets, and what each loses against its own.

    Classes match by name; what cannot be evaluated is told with the reason.

    Example: rfmae transfer -m runs/a -d data/a -d data/b -o reports/a-elsewhere
    """
    from rfmae.datasets.store import open_dataset
    from rfmae.workflows.evaluate.predictors import model_names
    from rfmae.workflows.evaluate.transferring import dataset_names
    from rfmae.workflows.evaluate.transferring import transfer as transferred

    names, sets = model_names(model), dataset_names(data)
    result = transferred(
        {name: open_dataset(folder) for name, folder in zip(sets, data, strict=True)},
        dict(zip(names, model, strict=True)),
        out or HOME / "reports" / "-".join(["transfer", *names, "to", *sets]),
        per_point=per_point,
        renormalised=renormalise,
        robustness=words.names(robustness or ""),
        home=HOME / "datasets",
        command=command_line("transfer"),
        device=device,
        progress=console.ShownProgress(),
    )
    print_report(result, as_json, verbose)
