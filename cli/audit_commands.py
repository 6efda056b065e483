"""The commands audit and curve. Parse, one call, print."""

from pathlib import Path
from typing import Annotated, Any

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
from rfmae_cli.words import names


def audit(
    data: Annotated[
        Path | None, typer.Argument(help="Data set folder. Default: the newest in artifacts.")
    ] = None,
    examples: Annotated[
        int, typer.Option(min=1, help="Examples of a split to measure; equal rows: among all.")
    ] = 20_000,
    seed: SeedOption = 0,
    out: OutOption = None,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Test a data set for label leaks: power, distinct points, metadata, equal rows.

    Exit code 0: clean. 1: a leak, or wrong labels. 2: bad input.

    Example: rfmae audit artifacts/datasets/my-data
    """
    from rfmae.datasets.store import open_dataset
    from rfmae.workflows import finding
    from rfmae.workflows.auditing import leak_audit as audit_jobs

    dataset = open_dataset(data or finding.newest_dataset(HOME / "datasets"))
    folder = out or HOME / "reports" / f"audit-{dataset.folder.resolve().name}"
    result = audit_jobs.audit(
        dataset, folder, most=examples, seed=seed, progress=console.ShownProgress()
    )
    _print_audit(result, as_json, verbose)
    if not result.report.is_clean:
        raise typer.Exit(1)


def _print_audit(result: Any, as_json: bool, verbose: bool) -> None:
    """The failures and notes in words, and the path of the report; the table in detail."""
    from rfmae.reporting.audit_tables import audit_json, audit_table

    report = result.report
    if as_json:
        console.say_json({"folder": str(result.folder), **audit_json(report)})
        return
    if verbose:
        console.say_table(*audit_table(report).in_print())
        console.say("")
    for finding in (*report.of("leak", "wrong"), *report.of("note")):
        console.say(f"{finding.name}: {finding.explanation}")
    console.say(report.headline)
    console.say(f"Report: {result.folder / 'report.md'}")


def curve(
    data: TrainedOnOption = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="Pre-trained checkpoint or run. Default: the newest."),
    ] = None,
    labels_per_class: Annotated[
        str | None,
        typer.Option(
            help="Labelled examples of each class; budgets above the data are left out. "
            "Default: 1,5,10,50,100,1000."
        ),
    ] = None,
    labels_per_class_and_snr: Annotated[
        str | None, typer.Option(help="Of each class at each SNR point, instead: 2,5,10, say.")
    ] = None,
    methods: Annotated[
        str,
        typer.Option(
            help="finetune, probe, knn (these start from the model), scratch, or a classical "
            "baseline: cumulants, cumulants-planes, histogram, logistic, kolmogorov.",
            show_default="finetune, probe, knn, scratch, cumulants",
        ),
    ] = "finetune,probe,knn,scratch,cumulants",
    seeds: Annotated[int, typer.Option(min=1, help="Number of draws of labels and weights.")] = 3,
    shown: Annotated[
        int, typer.Option(min=1, help="Images shown to a network, for any number of labels.")
    ] = 20_000,
    batch: Annotated[int, typer.Option(min=1, help="Examples of a step.")] = 32,
    learning_rate: Annotated[
        float | None,
        typer.Option(help="At the peak. Default: the network's own, or by the number of labels."),
    ] = None,
    layer_decay: Annotated[
        float, typer.Option(help="Of finetune: rate of a block over that of the block above it.")
    ] = 0.75,
    preset: Annotated[
        str | None,
        typer.Option(help="Size from scratch: tiny, small or base. Default: that of the model."),
    ] = None,
    per_point: Annotated[
        int | None, typer.Option(min=1, help="Test examples of each class and SNR. Default: all.")
    ] = None,
    out: OutOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Accuracy against labels per class: fine-tuned, probes, from scratch, cumulants.

    After an interruption the same command resumes.

    Example: rfmae curve --model artifacts/runs/my-pretraining --labels-per-class 1,10,100
    """
    from rfmae.workflows.learning import curve_measurement as curve_jobs
    from rfmae.workflows.learning.label_methods import PRETRAINED, Teaching

    settings = curve_jobs.CurveSettings(
        labels_per_class=_whole_numbers("--labels-per-class", labels_per_class),
        labels_per_class_and_snr=_whole_numbers(
            "--labels-per-class-and-snr", labels_per_class_and_snr
        ),
        methods=names(methods),
        seeds=seeds,
        teaching=Teaching(shown, batch, learning_rate, layer_decay, preset),
        per_point=per_point,
    )
    wanted = bool({*settings.methods} & {*PRETRAINED})
    dataset, pretrained = _learnt(data, model, wanted)
    tail = "-".join([dataset.folder.resolve().name, *([model.resolve().name] if model else [])])
    result = curve_jobs.label_curve(
        dataset,
        settings,
        out or HOME / "reports" / f"curve-{tail}",
        pretrained=pretrained,
        ceilings_home=HOME / "ceilings",
        device=device,
        progress=console.ShownProgress(),
    )
    _print_curve(result, as_json)


def _whole_numbers(option: str, text: str | None) -> tuple[int, ...] | None:
    from rfmae.errors import UnitError

    if text is None:
        return None
    words = names(text)
    if not words or not all(word.isdecimal() for word in words):
        raise UnitError(f"{option} takes whole numbers between commas, got {text!r}")
    return tuple(map(int, words))


def _learnt(data: Path | None, model: Path | None, wanted: bool) -> tuple[Any, Path | None]:
    """The data set and the pre-trained model, named or found."""
    from rfmae.datasets.store import open_dataset
    from rfmae.workflows import finding
    from rfmae.workflows.evaluate.predictors import dataset_of

    if not wanted and model is None:
        return open_dataset(data or finding.newest_dataset(HOME / "datasets")), None
    pretrained = model or finding.newest_run(HOME / "runs", "pretrain")
    return dataset_of(pretrained, data, HOME / "datasets"), pretrained


def _print_curve(result: Any, as_json: bool) -> None:
    """The table, the ceilings, and the path of the report."""
    from rfmae.reporting.label_curve_tables import headline, label_curve_json, label_curve_table

    if as_json:
        console.say_json({"folder": str(result.folder), **label_curve_json(result.curve)})
        return
    console.say("Accuracy in %, mean over the seeds with its 95 % interval")
    console.say_table(*label_curve_table(result.curve).in_print())
    console.say("")
    for limit in result.curve.ceilings:
        console.say(f"{limit.name}: {100 * limit.accuracy:.1f} %")
    console.say(headline(result.curve))
    console.say(f"Report: {result.folder / 'report.md'}")
