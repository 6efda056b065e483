"""The command that evaluates a denoiser. Everything heavy is imported inside."""

from pathlib import Path
from typing import Annotated

import typer
from rfmae_cli import console
from rfmae_cli.options import (
    HOME,
    DeviceOption,
    JsonOption,
    OutOption,
    TrainedOnOption,
    VerboseOption,
)
from rfmae_cli.report_view import command_line, print_report


def eval_denoise(
    data: TrainedOnOption = None,
    model: Annotated[
        Path | None, typer.Option("--model", "-m", help="Pre-training checkpoint or run.")
    ] = None,
    classifier: Annotated[
        Path | None,
        typer.Option(
            "--classifier",
            help="Classifier checkpoint or run of the same images, to measure recognition.",
        ),
    ] = None,
    out: OutOption = None,
    per_point: Annotated[
        int | None, typer.Option(min=1, help="Test examples of each class and SNR. Default: all.")
    ] = None,
    device: DeviceOption = "auto",
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """PSNR, SSIM and EVM of denoised test images at every SNR, against reference denoisers."""
    from rfmae.workflows import finding
    from rfmae.workflows.denoise import denoise_evaluation as denoising_jobs
    from rfmae.workflows.evaluate.predictors import dataset_of, model_names

    path = model or finding.newest_run(HOME / "runs", "pretrain")
    dataset = dataset_of(path, data, HOME / "datasets")
    name = model_names([path])[0]
    folder = out or HOME / "reports" / f"eval-denoise-{dataset.folder.name}-{name}"
    result = denoising_jobs.eval_denoise(
        dataset,
        path,
        folder,
        classifier=classifier,
        per_point=per_point,
        command=command_line("eval-denoise"),
        device=device,
        progress=console.ShownProgress(),
    )
    print_report(result, as_json, verbose)
