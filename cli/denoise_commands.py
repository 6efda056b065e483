"""The command that asks a denoiser. Everything heavy is imported inside."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rfmae_cli import console
from rfmae_cli.options import HOME, DeviceOption, JsonOption, OutOption, TrainedOnOption
from rfmae_cli.told import command_line

if TYPE_CHECKING:
    from rfmae.records import DenoiseReport


def eval_denoise(
    data: TrainedOnOption = None,
    model: Annotated[
        Path | None, typer.Option("--model", "-m", help="Pre-training checkpoint or run.")
    ] = None,
    classifier: Annotated[
        Path | None,
        typer.Option(
            "--classifier",
            help="Classifier checkpoint or run of the same images: does denoising help it?",
        ),
    ] = None,
    out: OutOption = None,
    per_point: Annotated[
        int | None, typer.Option(min=1, help="Test examples of each class and SNR. Default: all.")
    ] = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """PSNR, SSIM and EVM of denoised test images at every SNR, beside what they have to beat."""
    from rfmae.workflows import finding
    from rfmae.workflows.denoise import denoising as denoising_jobs
    from rfmae.workflows.exam.candidates import model_names

    path = model or finding.newest_run(HOME / "runs", "pretrain")
    dataset = finding.dataset_of(path, data, HOME / "datasets")
    name = model_names([path])[0]
    folder = out or HOME / "reports" / f"eval-denoise-{dataset.folder.name}-{name}"
    told = denoising_jobs.eval_denoise(
        dataset,
        path,
        folder,
        classifier=classifier,
        per_point=per_point,
        command=command_line("eval-denoise"),
        device=device,
        progress=console.ShownProgress(),
    )
    _tell(told, as_json)


def _tell(told: Any, as_json: bool) -> None:
    """What was measured, table by table, and where the report is."""
    from rfmae.reporting.account import report_json

    report = told.report
    if as_json:
        console.say_json({"folder": str(told.folder), **report_json(report)})
        return
    tell_denoising(report.denoising)
    for note in report.notes:
        console.say(f"Note: {note}")
    console.say(report.headline)
    console.say(f"Report: {told.folder / 'report.html'}")


def tell_denoising(denoising: "DenoiseReport") -> None:
    """A table for each measure; the intervals are told by the report."""
    from rfmae.reporting.denoising_tables import MEASURES, likeness_table, recognition_table

    for measure, (title, _) in MEASURES.items():
        if denoising.of(measure):
            console.say(f"Likeness to the clean image: {title}")
            console.say_table(*likeness_table(denoising, measure, intervals=False))
            console.say("")
    if denoising.recognition is not None:
        console.say(f"Accuracy of {denoising.recognition.classifier} in %, by what it is shown")
        console.say_table(*recognition_table(denoising.recognition))
        console.say("")
    for note in denoising.notes:
        console.say(f"Note: {note}")
