"""The commands that ask models: parse, one call, print. Everything heavy is imported inside."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rfmae_cli import console
from rfmae_cli.options import (
    HOME,
    DeviceOption,
    DtypeOption,
    JsonOption,
    OutOption,
    PresetOption,
    RateOption,
    RecipeOption,
    SeedOption,
    TrainedOnOption,
    WorkersOption,
)


def quickstart(
    recipe: RecipeOption = "awgn-ten-quick",
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for all it makes.")] = HOME,
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    preset: PresetOption = "tiny",
    labels: Annotated[
        int, typer.Option(min=0, help="Labelled examples to fine-tune with; 0 takes all.")
    ] = 1000,
    workers: WorkersOption = 2,
    as_json: JsonOption = False,
) -> None:
    """The whole street on a small preset: synthesise, pre-train, fine-tune, evaluate, report.

    What is there already is kept, so that an interrupted quickstart goes on where it was.
    """
    from rfmae.datasets.recipe import load_recipe
    from rfmae.workflows import street as street_jobs

    street = street_jobs.Street(preset=preset, labels=labels or None, seed=seed)
    told = street_jobs.quickstart(
        load_recipe(recipe),
        street,
        out,
        device=device,
        workers=workers,
        progress=console.ShownProgress(),
    )
    _tell(told, as_json)


def eval_snr(
    data: TrainedOnOption = None,
    model: Annotated[
        list[Path] | None,
        typer.Option(
            "--model",
            "-m",
            help="Classifier checkpoint or run, likelihood (the Bayes receiver, told the SNR) or "
            "likelihood-blind; may be repeated.",
        ),
    ] = None,
    out: OutOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Accuracy and confusion at every SNR of the test split."""
    from rfmae.workflows import evaluation as evaluation_jobs
    from rfmae.workflows import finding

    paths = model or [finding.newest_run(HOME / "runs", "finetune")]
    dataset = finding.dataset_of_exam(paths, data, HOME / "datasets")
    names = evaluation_jobs.model_names(paths)
    folder = out or HOME / "reports" / "-".join(["eval-snr", dataset.folder.name, *names])
    told = evaluation_jobs.eval_snr(
        dataset,
        dict(zip(names, paths, strict=True)),
        folder,
        ceilings_home=HOME / "ceilings",
        device=device,
        progress=console.ShownProgress(),
    )
    _tell(told, as_json)


def eval_denoise(
    data: TrainedOnOption = None,
    model: Annotated[
        Path | None, typer.Option("--model", "-m", help="Pre-training checkpoint or run.")
    ] = None,
    out: OutOption = None,
    per_point: Annotated[
        int | None, typer.Option(min=1, help="Test examples of each class and SNR. Default: all.")
    ] = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """PSNR and SSIM of the denoised test images at every SNR."""
    from rfmae.workflows import evaluation as evaluation_jobs
    from rfmae.workflows import finding

    path = model or finding.newest_run(HOME / "runs", "pretrain")
    dataset = finding.dataset_of(path, data, HOME / "datasets")
    name = evaluation_jobs.model_names([path])[0]
    folder = out or HOME / "reports" / f"eval-denoise-{dataset.folder.name}-{name}"
    told = evaluation_jobs.eval_denoise(
        dataset,
        path,
        folder,
        per_point=per_point,
        device=device,
        progress=console.ShownProgress(),
    )
    _tell(told, as_json)


def classify(
    recordings: Annotated[
        list[Path], typer.Argument(help="Recordings of symbol-spaced samples: SigMF, WAV or raw.")
    ],
    model: Annotated[Path, typer.Option("--model", "-m", help="Classifier checkpoint or run.")],
    dtype: DtypeOption = None,
    rate: RateOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Name the modulation of recordings, window by window and as a whole."""
    from rfmae.workflows import recordings as recordings_jobs

    verdicts = recordings_jobs.classify(
        recordings, model, datatype=dtype, sample_rate_hz=rate, device=device
    )
    if as_json:
        console.say_json([recordings_jobs.verdict_json(verdict) for verdict in verdicts])
        return
    for verdict in verdicts:
        _tell_verdict(recordings_jobs.verdict_json(verdict))


def _tell_verdict(verdict: dict[str, Any]) -> None:
    """Each window of a recording with its class, then the whole."""
    labelled = f" (labelled {', '.join(verdict['labels'])})" if verdict["labels"] else ""
    console.say(f"{verdict['recording']}{labelled}")
    rows = [
        [str(number), item["class"], f"{item['probability']:.3f}"]
        for number, item in enumerate(verdict["windows"])
    ]
    console.say_table([f"window of {verdict['window_length']}", "class", "probability"], rows)
    console.say(f"whole: {verdict['class']}, probability {verdict['probability']:.3f}\n")


def _tell(told: Any, as_json: bool) -> None:
    """A report: its tables and where it is."""
    from rfmae.reporting.folder import report_json
    from rfmae.reporting.tables import accuracy_table, denoise_table

    report = told.report
    if as_json:
        console.say_json({"folder": str(told.folder), **report_json(report)})
        return
    if report.accuracy:
        console.say("Accuracy in % with 95 % Wilson intervals")
        console.say_table(*accuracy_table(report.accuracy, report.ceilings))
        console.say("")
    if report.denoising is not None:
        console.say("Likeness to the clean image: PSNR in dB, SSIM")
        console.say_table(*denoise_table(report.denoising))
        console.say("")
    for note in report.notes:
        console.say(f"Note: {note}")
    console.say(report.headline)
    console.say(f"Report: {told.folder / 'report.md'}")
