"""The commands quickstart and eval-snr: parse, one call, print.

Everything heavy is imported inside.
"""

from pathlib import Path
from typing import Annotated, Any

import typer
from rfmae_cli import console, words
from rfmae_cli.options import (
    HOME,
    DeviceOption,
    JsonOption,
    OutOption,
    PresetOption,
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
