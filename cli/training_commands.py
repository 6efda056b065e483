"""The commands that train: parse, one call, print. Everything heavy is imported inside."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rfmae_cli import console
from rfmae_cli.options import (
    HOME,
    DataOption,
    DeviceOption,
    JsonOption,
    OutOption,
    PresetOption,
    ResumeOption,
    SeedOption,
)


def in_panel(panel: str) -> Callable[..., Any]:
    """Options of one panel of the help, each by its text, and its flags where they are special."""

    def option(text: str, *flags: str, **limits: float) -> Any:
        return typer.Option(*flags, help=text, rich_help_panel=panel, **limits)

    return option


_task = in_panel("The task")
_objective = in_panel("Further objectives")
_how = in_panel("How it runs")

BatchOption = Annotated[
    int, typer.Option(min=1, help="Examples per step, of all processes together.")
]
EndlessOption = Annotated[
    bool,
    typer.Option(
        "--endless", help="Synthesise new examples all the time, by the recipe of --data."
    ),
]
PrecisionOption = Annotated[str, _how("auto measures which is faster; float32; bfloat16.")]
AccumulateOption = Annotated[int, _how("Pieces of a batch, one after the other.", min=1)]
EmaOption = Annotated[
    float | None, _how("Average the weights with this decay per step, such as 0.999.")
]
ClipOption = Annotated[float, _how("Largest norm of the gradients; 0 does not clip.", min=0)]
CompileOption = Annotated[str, _how("torch.compile: auto (on a GPU), on or off.", "--compile")]
ShardOption = Annotated[
    bool, _how("Under torchrun: divide the weights, too (FSDP).", "--shard-weights")
]
BoardOption = Annotated[
    bool, _how("Write curves and images into the run folder, for TensorBoard.", "--tensorboard")
]


def pretrain(
    data: DataOption = None,
    out: OutOption = None,
    preset: PresetOption = "small",
    epochs: Annotated[int, typer.Option(min=1)] = 50,
    batch: Annotated[
        int | None,
        typer.Option(
            min=1, help="Examples per step, of all processes. Default: the network's own."
        ),
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="At the peak. Default: the network's own.")
    ] = None,
    endless: EndlessOption = False,
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    resume: ResumeOption = False,
    as_json: JsonOption = False,
    network: Annotated[
        str,
        _task(
            "rings, of phase-invariant circular harmonics; vit, of square patches; "
            "auto: rings where the phase is unknown."
        ),
    ] = "auto",
    modalities: Annotated[
        str | None, _task("Inputs, such as image,signal. Default: those that the data set lists.")
    ] = None,
    method: Annotated[
        str,
        _task(
            "mae, denomae, denomae2, position-dropout, curriculum, feature-noise, "
            "symmetric-feature-noise, denoiser or legacy; the options below change it."
        ),
    ] = "denomae2",
    patch: Annotated[
        int | None, _task("Pixels on a side of an image patch. Default: 16, or 8 on small images.")
    ] = None,
    mask_ratio: Annotated[float | None, _task("Share of the patches hidden.")] = None,
    mask_start_ratio: Annotated[
        float | None, _task("Curriculum: start with this share, rise over half of the steps.")
    ] = None,
    mask_lowest: Annotated[
        float | None, _task("Draw the share of each step from here to --mask-ratio; 0 hides none.")
    ] = None,
    mask_unit: Annotated[int | None, _task("Hide squares of so many patches on a side.")] = None,
    pixels: Annotated[str | None, _task("Loss on hidden patches, or all.")] = None,
    pixel_error: Annotated[
        str | None, _task("squared, absolute, or rms: the root of each example's squared error.")
    ] = None,
    target: Annotated[str | None, _task("Predict the clean twin, or the noisy input.")] = None,
    normalised_targets: Annotated[
        bool | None,
        _task(
            "Normalise every target patch to mean 0 and variance 1.",
            "--normalised-targets/--plain-targets",
        ),
    ] = None,
    positions: Annotated[str | None, _task("Of tokens: sine-cosine or learned.")] = None,
    position_weight: Annotated[
        float | None, _task("Of the position loss; 0 leaves it out.")
    ] = None,
    position_target: Annotated[
        str | None, _task("absolute, or rank among the visible patches.")
    ] = None,
    position_dropout: Annotated[
        float | None, _task("Share of visible tokens without position; only they are classified.")
    ] = None,
    scaled: Annotated[
        bool | None,
        _task("Standardise each plane of the input.", "--scaled/--unscaled"),
    ] = None,
    laplacian_weight: Annotated[
        float | None, _objective("Of the Laplacian loss, such as 0.05.")
    ] = None,
    uniformity_weight: Annotated[
        float | None, _objective("Of the uniformity loss, such as 0.01.")
    ] = None,
    uniformity_level: Annotated[
        str | None, _objective("Between images, or tokens of each.")
    ] = None,
    image_weight: Annotated[
        float | None,
        _objective("Rings: of the error of the predicted clean image, such as 1."),
    ] = None,
    noise_share: Annotated[
        float | None, _objective("Feature noise: share of the visible tokens.")
    ] = None,
    noise_block: Annotated[int | None, _objective("Encoder blocks before the noise.")] = None,
    noise_scale: Annotated[str | None, _objective("rms of each token, or unit.")] = None,
    noise_latest: Annotated[
        int | None, _objective("Strongest noise: the latest of the 1,000 times of its schedule.")
    ] = None,
    disruption_weight: Annotated[float | None, _objective("Of the disruption loss.")] = None,
    disruption: Annotated[
        str | None,
        _objective("cross: suppress attention between hidden and noised; hard, or entropy."),
    ] = None,
    mask_tokens: Annotated[
        str | None, _objective("Enter in the decoder, or in the encoder (symmetric).")
    ] = None,
    decoder_depth: Annotated[
        int | None, _objective("Blocks of the decoder. Default: as many as the preset has.")
    ] = None,
    precision: PrecisionOption = "auto",
    accumulate: AccumulateOption = 1,
    ema: EmaOption = None,
    clip: ClipOption = 1.0,
    compiled: CompileOption = "auto",
    shard_weights: ShardOption = False,
    tensorboard: BoardOption = False,
) -> None:
    """Pre-train DenoMAE2.0, or one of its relatives, on pairs of noisy and clean.

    On several GPUs: torchrun --nproc-per-node 8 --no-python rfmae pretrain …
    """
    from rfmae_cli.words import names

    from rfmae.datasets.store import open_dataset
    from rfmae.workflows import finding
    from rfmae.workflows.learning import methods
    from rfmae.workflows.learning import training as training_jobs

    dataset = open_dataset(data or finding.newest_dataset(HOME / "datasets"))
    switches = {
        "masking.ratio": mask_ratio,
        "masking.start_ratio": mask_start_ratio,
        "masking.lowest": mask_lowest,
        "masking.unit": mask_unit,
        "pixels.error": pixel_error,
        "pixels.where": pixels,
        "pixels.target": target,
        "pixels.normalised": normalised_targets,
        "position.weight": position_weight,
        "position.target": position_target,
        "position.dropout": position_dropout,
        "noising.share": noise_share,
        "noising.block": noise_block,
        "noising.scale": noise_scale,
        "noising.latest": noise_latest,
        "noising.disruption_weight": disruption_weight,
        "noising.disruption": disruption,
        "laplacian_weight": laplacian_weight,
        "uniformity_weight": uniformity_weight,
        "uniformity_level": uniformity_level,
        "image_weight": image_weight,
        "mask_tokens": mask_tokens,
        "decoder_depth": decoder_depth,
        "positions": positions,
        "scaled": scaled,
    }
    settings = training_jobs.Pretraining(
        preset=preset,
        epochs=epochs,
        batch_size=batch,
        learning_rate=learning_rate,
        seed=seed,
        network=None if network == "auto" else network,
        modalities=names(modalities) if modalities else None,
        running=running_of(precision, accumulate, ema, clip, compiled, shard_weights),
        endless=endless,
        patch=patch,
    )
    kind = training_jobs.network_for(dataset, settings, method)
    task = methods.with_switches(methods.find_method(method, kind), switches)
    settings = replace(settings, network=kind, method=task)
    tail = "" if method == "denomae2" else f"-{method}"
    size = preset if kind == "vit" else f"{kind}-{preset}"
    folder = out or HOME / "runs" / f"pretrain-{dataset.folder.name}-{size}{tail}"
    best = training_jobs.pretrain(
        dataset,
        settings,
        folder,
        resume=resume,
        device=device,
        progress=console.ShownProgress(),
        logger=board(folder, tensorboard),
    )
    print_checkpoint(best, as_json)


def running_of(
    precision: str,
    accumulate: int,
    ema: float | None,
    clip: float,
    compiled: str,
    shard_weights: bool,
) -> Any:
    """Settings of a training run from its options."""
    from rfmae.workflows.learning.running import Running

    return Running(
        precision=precision,
        accumulate=accumulate,
        ema=ema,
        gradient_clip=clip or None,
        compile=compiled,
        shard_weights=shard_weights,
    )


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
