"""The command that trains baselines: parse, one call, print."""

from pathlib import Path
from typing import Annotated

import typer
from rfmae_cli import console
from rfmae_cli.options import (
    HOME,
    DataOption,
    DeviceOption,
    JsonOption,
    OutOption,
    ResumeOption,
    SeedOption,
)


def baseline(
    name: Annotated[
        str,
        typer.Argument(
            help="cumulants, cumulants-planes, histogram, logistic, kolmogorov, cnn, rings, "
            "resnet or lstm."
        ),
    ],
    data: DataOption = None,
    out: OutOption = None,
    labels: Annotated[
        int, typer.Option(min=0, help="Labelled examples of all classes; 0 takes all.")
    ] = 0,
    labels_per_class: Annotated[
        int, typer.Option(min=0, help="Labelled examples of each class; 0 takes all.")
    ] = 0,
    labels_per_class_and_snr: Annotated[
        int,
        typer.Option(min=0, help="Labelled examples of each class at each SNR point; 0 takes all."),
    ] = 0,
    epochs: Annotated[int, typer.Option(min=1, help="Of cnn, rings, resnet and lstm.")] = 30,
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    resume: ResumeOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a baseline: cumulants and a support vector machine, a forest, small networks, …

    Settings are chosen on validation. `rfmae eval-snr` takes the folder as a model.

    Example: rfmae baseline cumulants --data artifacts/datasets/my-data
    """
    from rfmae.datasets.store import open_dataset
    from rfmae.workflows import finding
    from rfmae.workflows.learning import baselines

    baselines.check_baseline(name)
    dataset = open_dataset(data or finding.newest_dataset(HOME / "datasets"))
    budget = f"-{labels}" if labels else f"-{labels_per_class}-each" if labels_per_class else ""
    if labels_per_class_and_snr:
        budget = f"-{labels_per_class_and_snr}-each-snr"
    folder = out or HOME / "runs" / f"{name}-{dataset.folder.resolve().name}{budget}"
    trained = baselines.train_baseline(
        dataset,
        name,
        folder,
        labels=labels or None,
        labels_per_class=labels_per_class or None,
        labels_per_class_and_snr=labels_per_class_and_snr or None,
        epochs=epochs,
        seed=seed,
        device=device,
        resume=resume,
        progress=console.ShownProgress(),
    )
    _print_result(trained, as_json)


def _print_result(trained: Path, as_json: bool) -> None:
    """The chosen settings, and the path of the model."""
    if not console.speaks():
        return
    from rfmae.artefacts import read_card

    card = read_card(trained) or {}
    if as_json:
        console.say_json({"model": str(trained), **card})
    elif "settings" in card:
        chosen = ", ".join(f"{key} {value}" for key, value in card["settings"].items())
        console.say(f"{card['about']}; on validation {card['score']['accuracy']:.4g}: {chosen}")
        console.say(f"fitted to {card['examples']:,} examples, in {trained}")
    else:
        score = ", ".join(f"{key} {value:.4g}" for key, value in card["score"].items())
        console.say(f"best on validation: {score} after {card['step']} steps, in {trained}")
