"""The commands that pre-train and fine-tune: parse, one call, print.

Everything heavy is imported inside.
"""

from pathlib import Path
from typing import Annotated, Any

import typer
from rfmae_cli import console
from rfmae_cli.options import HOME, DataOption, DeviceOption, JsonOption, OutOption, ResumeOption
from rfmae_cli.settings_options import TASK, with_settings

from rfmae.configuration.files import over_file, take_model
from rfmae.configuration.methods import METHODS, Method
from rfmae.configuration.training import Finetuning, Pretraining

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Settings from a TOML file, or from a run or its card."),
]
BoardOption = Annotated[
    bool,
    typer.Option(
        "--tensorboard",
        help="Write curves and images into the run folder, for TensorBoard.",
        rich_help_panel="How it runs",
    ),
]


@with_settings(Pretraining, Method)
def pretrain(
    *,
    method: Annotated[
        str | None,
        typer.Option(
            help=f"{', '.join(METHODS)}; it decides the defaults of the options below. "
            "Default: denomae2.",
            rich_help_panel=TASK,
        ),
    ] = None,
    data: DataOption = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model", "-m", help="Go on with this pre-trained checkpoint or run, on other data."
        ),
    ] = None,
    out: OutOption = None,
    given: dict[str, Any],
    config: ConfigOption = None,
    device: DeviceOption = "auto",
    resume: ResumeOption = False,
    as_json: JsonOption = False,
    tensorboard: BoardOption = False,
) -> None:
    """Pre-train DenoMAE2.0, or one of its relatives, on pairs of noisy and clean.

    Recordings and imported data have no clean twins: there the target is each example as it is,
    seen behind more noise (--added-noise), or with --method mae where it is hidden.

    On several GPUs: torchrun --nproc-per-node 8 --no-python rfmae pretrain …
    """
    from rfmae.datasets.store import open_dataset
    from rfmae.workflows import finding
    from rfmae.workflows.learning import training as training_jobs

    named = given if method is None else {**given, "method": method}
    table = over_file(config, "pretrain", named)
    dataset = open_dataset(data or finding.newest_dataset(HOME / "datasets"))
    model = take_model(table, model)
    settings = training_jobs.pretraining_of(table, dataset, with_model=model is not None)
    folder = out or HOME / "runs" / f"pretrain-{dataset.folder.name}-{_run_name(settings, model)}"
    best = training_jobs.pretrain(
        dataset,
        settings,
        folder,
        model=model,
        resume=resume,
        device=device,
        progress=console.ShownProgress(),
        logger=board(folder, tensorboard),
    )
    print_checkpoint(best, as_json)


def _run_name(settings: Pretraining, model: Path | None) -> str:
    """What distinguishes a run: network and size, or the model that goes on, and the method."""
    method = "" if settings.method is None else settings.method.name
    tail = "" if method in ("", "denomae2") else f"-{method}"
    if model is not None:
        return f"from-{model.resolve().name}{tail}"
    kind, preset = settings.network, settings.preset
    return f"{preset if kind == 'vit' else f'{kind}-{preset}'}{tail}"


@with_settings(Finetuning)
def finetune(
    *,
    data: DataOption = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="Pre-trained checkpoint or run. Default: from scratch."),
    ] = None,
    out: OutOption = None,
    given: dict[str, Any],
    config: ConfigOption = None,
    device: DeviceOption = "auto",
    resume: ResumeOption = False,
    as_json: JsonOption = False,
    tensorboard: BoardOption = False,
) -> None:
    """Fine-tune a modulation classifier, from a pre-trained encoder or from scratch.

    The checkpoint is chosen, and its temperature fitted, on the validation split alone.
    """
    from rfmae.datasets.store import open_dataset
    from rfmae.workflows import finding
    from rfmae.workflows.learning import finetuning as finetuning_jobs

    table = over_file(config, "finetune", given)
    model = take_model(table, model)
    settings = finetuning_jobs.finetuning_of(table)
    dataset = open_dataset(data or finding.newest_dataset(HOME / "datasets"))
    stage = "finetune" if model else "scratch"
    network = (settings.network or "vit").replace(":", ".")
    size = settings.preset if network == "vit" else network
    folder = out or HOME / "runs" / f"{stage}-{dataset.folder.name}-{size}"
    best = finetuning_jobs.finetune(
        dataset,
        settings,
        folder,
        pretrained=model,
        resume=resume,
        device=device,
        progress=console.ShownProgress(),
        logger=board(folder, tensorboard),
    )
    print_checkpoint(best, as_json)


def board(folder: Path, wanted: bool) -> Any:
    """TensorBoard's files in a run folder, if wanted."""
    if not wanted:
        return None
    from rfmae.training.metrics import TENSORBOARD, Board

    return Board(folder / TENSORBOARD)


def print_checkpoint(best: Path, as_json: bool) -> None:
    """A finished run: its best checkpoint and score, printed by one process."""
    if not console.speaks():
        return
    from rfmae.artefacts import read_card

    card = read_card(best) or {}
    if as_json:
        console.say_json({"checkpoint": str(best), **card})
        return
    score = ", ".join(f"{name} {value:.4g}" for name, value in card["score"].items())
    console.say(f"best on validation: {score} after {card['step']} steps, in {best}")
