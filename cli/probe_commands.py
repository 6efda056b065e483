"""The command that probes frozen features: parse, one call, print."""

from pathlib import Path
from typing import Annotated

import typer
from rfmae_cli import console
from rfmae_cli.options import (
    HOME,
    DeviceOption,
    JsonOption,
    OutOption,
    SeedOption,
    TrainedOnOption,
    VerboseOption,
)
from rfmae_cli.report_view import command_line, print_report


def probe(
    data: TrainedOnOption = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            "-m",
            help="Checkpoint or run with an encoder. Default: the newest pre-training.",
        ),
    ] = None,
    out: OutOption = None,
    labels_per_class: Annotated[
        int | None, typer.Option(min=1, help="Labelled examples of each class. Default: all.")
    ] = None,
    labels_per_class_and_snr: Annotated[
        int | None,
        typer.Option(min=1, help="Labelled examples of each class at each SNR point, instead."),
    ] = None,
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Evaluate a frozen encoder by a linear probe and nearest neighbours, without training."""
    from rfmae.workflows import finding
    from rfmae.workflows.evaluate.predictors import dataset_of, model_names
    from rfmae.workflows.learning import probing as probing_jobs

    path = model or finding.newest_run(HOME / "runs", "pretrain")
    dataset = dataset_of(path, data, HOME / "datasets")
    name = model_names([path])[0]
    result = probing_jobs.probe(
        dataset,
        path,
        out or HOME / "reports" / f"probe-{dataset.folder.name}-{name}",
        labels_per_class=labels_per_class,
        labels_per_class_and_snr=labels_per_class_and_snr,
        seed=seed,
        ceilings_home=HOME / "ceilings",
        command=command_line("probe"),
        device=device,
        progress=console.ShownProgress(),
    )
    print_report(result, as_json, verbose)
