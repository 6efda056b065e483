"""Settings common to pre-training and fine-tuning."""

from dataclasses import dataclass

from rfmae.imaging.network_inputs import input_shapes
from rfmae.models.kinds import Grid
from rfmae.models.presets import harmonic_grid, patch_grid
from rfmae.records import Modality
from rfmae.training.plan import Compile, TrainingPlan
from rfmae.training.rendering import Described


@dataclass(frozen=True, slots=True)
class Running:
    """Settings of a training run that do not depend on the task."""

    precision: str = "auto"  # or float32, bfloat16
    accumulate: int = 1  # gradient accumulation: pieces of a batch
    ema: float | None = None  # decay of averaged weights per step
    gradient_clip: float | None = 1.0
    compile: Compile = "auto"
    shard_weights: bool = False


def training_plan(
    running: Running,
    examples: int,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    layer_decay: float = 1.0,
    validations: int = 8,
    patience: int | None = None,
) -> TrainingPlan:
    """A plan with the steps of so many epochs; the batch is at most the number of examples."""
    batch_size = min(batch_size, examples)
    return TrainingPlan(
        steps=epochs * (examples // max(1, batch_size)),
        batch_size=batch_size,
        learning_rate=learning_rate,
        gradient_clip=running.gradient_clip,
        layer_decay=layer_decay,
        ema=running.ema,
        seed=seed,
        validations=validations,
        patience=patience,
        accumulate=running.accumulate,
        compile=running.compile,
        shard_weights=running.shard_weights,
    )


def grids_of(
    source: Described,
    image_patch: int | None = None,
    modalities: tuple[Modality, ...] | None = None,
) -> tuple[Grid, ...]:
    """The patch grid of each modality of a recipe or data set."""
    modalities = source.modalities if modalities is None else modalities
    samples = {view: source.samples(view) for view in source.views}
    shapes = input_shapes(source.image, modalities, samples)

    def cut(modality: Modality) -> Grid:
        if modality.what == "harmonics":
            return harmonic_grid(modality, source.image, any_phase=source.any_phase)
        patch = image_patch if modality.what == "image" else None
        return patch_grid(modality, shapes[modality.name], patch=patch)

    return tuple(map(cut, modalities))
