"""The command that fine-tunes: parse, one call, print. Everything heavy is imported inside."""

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
    PresetOption,
    ResumeOption,
    SeedOption,
)
from rfmae_cli.training_commands import (
    AccumulateOption,
    BatchOption,
    BoardOption,
    ClipOption,
    CompileOption,
    EmaOption,
    EndlessOption,
    PrecisionOption,
    ShardOption,
    board,
    in_panel,
    print_checkpoint,
    running_of,
)

_network = in_panel("The network")
_examples = in_panel("The examples")
_rule = in_panel("How it learns")


def finetune(
    data: DataOption = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="Pre-trained checkpoint or run. Default: from scratch."),
    ] = None,
    out: OutOption = None,
    preset: PresetOption = "small",
    labels: Annotated[
        int, typer.Option(min=0, help="Labelled examples of all classes; 0 takes all.")
    ] = 0,
    epochs: Annotated[int, typer.Option(min=1)] = 30,
    batch: BatchOption = 32,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            help="At the peak. Default: the network's own; from a probe 1e-4 up to 50 labels of a "
            "class, 5e-4 up to 500, then 2e-3."
        ),
    ] = None,
    endless: EndlessOption = False,
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    resume: ResumeOption = False,
    as_json: JsonOption = False,
    network: Annotated[
        str | None,
        _network(
            "vit or rings; from scratch also cnn (of the image), resnet or lstm (of the signal). "
            "Default: that of the model, or vit."
        ),
    ] = None,
    head: Annotated[
        str | None,
        _network(
            "preset, linear, or paper: 512 and 256 units as in DenoMAE2.0. Default: linear on a "
            "pre-trained encoder, else preset."
        ),
    ] = None,
    patch: Annotated[
        int | None, _network("From scratch: pixels on a side of an image patch.")
    ] = None,
    modalities: Annotated[
        str | None,
        _network(
            "image, signal, or both; in addition snr, an estimate of the SNR (also for cnn and "
            "rings). Default: those of the data set, or the one input of the network."
        ),
    ] = None,
    scaled: Annotated[
        bool,
        _network(
            "From scratch: standardise each plane of the input.",
            "--scaled/--unscaled",
        ),
    ] = True,
    labels_per_class: Annotated[
        int | None, _examples("Labelled examples of each class, instead of --labels.", min=1)
    ] = None,
    labels_per_class_and_snr: Annotated[
        int | None,
        _examples("Labelled examples of each class at each SNR point, instead of --labels.", min=1),
    ] = None,
    balanced: Annotated[
        bool, _examples("Batches with every class equally often.", "--balanced")
    ] = False,
    augment: Annotated[
        str,
        _examples(
            "Augment examples: phase, carrier, timing, gain, noise, or some of "
            "them; with the largest change, such as phase, carrier=2e-4, noise=3 (turns, "
            "turns per symbol, symbols, dB, dB of SNR less)."
        ),
    ] = "",
    from_probe: Annotated[
        bool | None,
        _rule(
            "Start with the linear probe as head and keep as much of the update as validation "
            "selects. Default: with a model and stored labels.",
            "--from-probe/--from-random-head",
        ),
    ] = None,
    frozen: Annotated[bool, _rule("Train the head alone.", "--frozen")] = False,
    layer_decay: Annotated[
        float, _rule("Learning rate of a block over that of the block above it.")
    ] = 1.0,
    drop_path: Annotated[
        float, _rule("Share of the examples that skip a branch of the last block, such as 0.1.")
    ] = 0.0,
    validations: Annotated[int, _rule("Number of validations, evenly spaced.", min=1)] = 8,
    patience: Annotated[
        int | None, _rule("Stop after so many validations without a better score.", min=1)
    ] = None,
    precision: PrecisionOption = "auto",
    accumulate: AccumulateOption = 1,
    ema: EmaOption = None,
    clip: ClipOption = 1.0,
    compiled: CompileOption = "auto",
    shard_weights: ShardOption = False,
    tensorboard: BoardOption = False,
) -> None:
    """Fine-tune a modulation classifier, from a pre-trained encoder or from scratch.

    The checkpoint is chosen, and its temperature fitted, on the validation split alone.
    """
    from rfmae_cli.words import names

    from rfmae.datasets.augmenting import parse_augmentation
    from rfmae.datasets.store import open_dataset
    from rfmae.workflows import finding
    from rfmae.workflows.learning import finetuning as finetuning_jobs

    settings = finetuning_jobs.Finetuning(
        preset=preset,
        labels=labels or None,
        labels_per_class=labels_per_class,
        labels_per_class_and_snr=labels_per_class_and_snr,
        epochs=epochs,
        batch_size=batch,
        learning_rate=learning_rate,
        frozen=frozen,
        seed=seed,
        layer_decay=layer_decay,
        scaled=scaled,
        running=running_of(precision, accumulate, ema, clip, compiled, shard_weights),
        modalities=names(modalities) if modalities else None,
        endless=endless,
        head=head,
        from_probe=from_probe,
        drop_path=drop_path,
        balanced=balanced,
        augmentation=parse_augmentation(augment),
        validations=validations,
        patience=patience,
        network=network,
        patch=patch,
    )
    dataset = open_dataset(data or finding.newest_dataset(HOME / "datasets"))
    stage = "finetune" if model else "scratch"
    size = preset if network in (None, "vit") else network
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
