"""The commands quickstart, eval-snr and classify: parse, one call, print.

Everything heavy is imported inside.
"""

from pathlib import Path
from typing import Annotated, Any

import typer
from rfmae_cli import console, words
from rfmae_cli.options import (
    HOME,
    AnalyticOption,
    ChannelOption,
    DeviceOption,
    DtypeOption,
    JsonOption,
    OutOption,
    PresetOption,
    RateOption,
    RecipeOption,
    SeedOption,
    TrainedOnOption,
    VerboseOption,
    WorkersOption,
)
from rfmae_cli.report_view import command_line, print_report


def quickstart(
    recipe: RecipeOption = "awgn-ten-quick",
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for all outputs.")] = HOME,
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    preset: PresetOption = "tiny",
    network: Annotated[
        str | None,
        typer.Option(
            help="rings or vit. Default: rings where the carrier phase is unknown, else vit."
        ),
    ] = None,
    labels: Annotated[
        int, typer.Option(min=0, help="Labelled examples, of all classes together; 0 takes all.")
    ] = 100,
    workers: WorkersOption = 2,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure the gain by pre-training: synthesise, pre-train, fine-tune, evaluate, report.

    Finished stages are kept, so that an interrupted quickstart resumes.
    """
    from rfmae.datasets.recipe import load_recipe
    from rfmae.workflows import quickstart as jobs

    settings = jobs.QuickstartSettings(preset, network, labels or None, seed=seed)
    result = jobs.quickstart(
        load_recipe(recipe),
        settings,
        out,
        device=device,
        workers=workers,
        progress=console.ShownProgress(),
    )
    if as_json or verbose:
        print_report(result, as_json, verbose)
    if not as_json:
        _print_quickstart(result)


def _print_quickstart(result: Any) -> None:
    """The curve, the headline, and the paths of figure, report and classifier."""
    from rfmae.reporting.label_curve_tables import label_curve_table

    report = result.report
    console.say("Accuracy in %, mean over draws of labels with its 95 % interval")
    console.say_table(*label_curve_table(report.label_curve).in_print())
    console.say("")
    console.say(report.headline)
    for limit in report.label_curve.ceilings:
        console.say(f"{limit.name}: {100 * limit.accuracy:.1f} %")
    console.say("")
    console.say(f"Figure: {result.folder / 'figures' / 'overview.png'}")
    console.say(f"Report: {result.folder / 'report.html'}")
    console.say(f"Classifier: {result.classifier}")


def eval_snr(
    data: TrainedOnOption = None,
    model: Annotated[
        list[Path] | None,
        typer.Option(
            "--model",
            "-m",
            help="Classifier checkpoint or run, baseline folder, likelihood (the Bayes receiver, "
            "SNR known), likelihood-blind, or a function as module:name; may be repeated.",
        ),
    ] = None,
    out: OutOption = None,
    per_point: Annotated[
        int | None,
        typer.Option(min=1, help="First test examples of each class and SNR. Default: all."),
    ] = None,
    renormalise: Annotated[
        bool,
        typer.Option(
            "--renormalise",
            help="Limit the answers of each model to the classes that the data set holds.",
        ),
    ] = False,
    robustness: Annotated[
        str | None,
        typer.Option(
            help="Also accuracy under impairments stronger than in training: names between commas, "
            "such as carrier-offset, timing, or all."
        ),
    ] = None,
    open_set: Annotated[
        bool | None,
        typer.Option(
            "--open-set/--no-open-set",
            help="Also out-of-distribution signals. Default: for synthetic data sets.",
        ),
    ] = None,
    cost: Annotated[
        bool,
        typer.Option("--cost/--no-cost", help="Also time, parameters and memory of inference."),
    ] = True,
    with_map: Annotated[
        bool, typer.Option("--map", help="Also a t-SNE map of encoder features.")
    ] = False,
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Accuracy at every SNR of the test split, against the ceilings.

    With calibration, coverage, unknown signals and cost; several models are compared on the same
    examples.
    """
    from rfmae.workflows import finding
    from rfmae.workflows.evaluate import snr_evaluation as evaluation_jobs
    from rfmae.workflows.evaluate.predictors import dataset_of_models, model_names

    paths = model or [finding.newest_run(HOME / "runs", "finetune")]
    dataset = dataset_of_models(paths, data, HOME / "datasets")
    names = model_names(paths)
    result = evaluation_jobs.eval_snr(
        dataset,
        dict(zip(names, paths, strict=True)),
        out or HOME / "reports" / "-".join(["eval-snr", dataset.folder.name, *names]),
        per_point=per_point,
        renormalised=renormalise,
        cost=cost,
        open_sets=dataset.has_clean if open_set is None else open_set,
        robustness=words.names(robustness or ""),
        embedding=with_map,
        seed=seed,
        command=command_line("eval-snr"),
        ceilings_home=HOME / "ceilings",
        device=device,
        progress=console.ShownProgress(),
    )
    print_report(result, as_json, verbose)


def classify(
    recordings: Annotated[
        list[Path],
        typer.Argument(help="Recordings: SigMF, WAV, npy or raw."),
    ],
    model: Annotated[Path, typer.Option("--model", "-m", help="Classifier checkpoint or run.")],
    receiver: Annotated[
        bool,
        typer.Option(
            "--receiver/--no-receiver",
            help="Synchronise recordings of several samples a symbol.",
        ),
    ] = True,
    symbol_rate: Annotated[
        float | None,
        typer.Option("--symbol-rate", help="Symbol rate in Bd that the receiver begins with."),
    ] = None,
    roll_off: Annotated[
        float | None, typer.Option("--roll-off", help="Roll-off of the receiver's matched filter.")
    ] = None,
    dtype: DtypeOption = None,
    rate: RateOption = None,
    channel: ChannelOption = None,
    analytic: AnalyticOption = False,
    device: DeviceOption = "auto",
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Classify the modulation of recordings; with -v also window by window."""
    from rfmae.captures.read_options import ReadOptions
    from rfmae.errors import CaptureError
    from rfmae.workflows.inspect import recordings as recordings_jobs

    read_options = ReadOptions(dtype, rate, channel=channel, analytic=analytic)
    if not receiver and (symbol_rate, roll_off) != (None, None):
        raise CaptureError(
            "--symbol-rate and --roll-off are for the receiver, which --no-receiver leaves out; "
            "name one or the other"
        )
    choice = recordings_jobs.ReceiverChoice(symbol_rate, roll_off) if receiver else None
    verdicts = recordings_jobs.classify(
        recordings, model, read_options, receiver=choice, device=device
    )
    if as_json:
        console.say_json([recordings_jobs.verdict_json(verdict) for verdict in verdicts])
        return
    for verdict in verdicts:
        reception = verdict.answer.reception
        received = (
            [recordings_jobs.reception_words(reception)]
            if reception is not None and reception.locked
            else []
        )
        _print_verdict(recordings_jobs.verdict_json(verdict), received, verbose)


def _print_verdict(verdict: dict[str, Any], received: list[str], verbose: bool) -> None:
    """A recording with its class and what was received; in detail each of its windows first."""
    labelled = f" (labelled {', '.join(verdict['labels'])})" if verdict["labels"] else ""
    found, count = verdict["probability"], len(verdict["windows"])
    windows = f"{count:,} window{'' if count == 1 else 's'} of {verdict['window_length']:,}"
    whole = f"{verdict['class']}, probability {found:.3f} of {windows}" if found else "unknown"
    remarks = [*received, *verdict["doubts"], *verdict["notes"]]
    if not verbose:
        console.say(f"{verdict['recording']}: {whole}{labelled}")
        for remark in remarks:
            console.say(f"  {remark}")
        return
    console.say(f"{verdict['recording']}{labelled}")
    rows = [
        [str(number), item["class"], f"{item['probability']:.3f}"]
        for number, item in enumerate(verdict["windows"])
    ]
    console.say_table([f"window of {verdict['window_length']}", "class", "probability"], rows)
    for remark in remarks:
        console.say(remark)
    console.say(f"whole: {whole}\n")
