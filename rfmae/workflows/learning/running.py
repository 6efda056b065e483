"""The plan of a training and the grids of its inputs, from settings and data."""

from dataclasses import fields

from rfmae.configuration.training import Running, TrainingSettings
from rfmae.imaging.network_inputs import input_shapes
from rfmae.models.kinds import Grid
from rfmae.models.presets import harmonic_grid, patch_grid
from rfmae.records import Modality
from rfmae.training.plan import TrainingPlan
from rfmae.training.rendering import Described


def training_plan(
    settings: TrainingSettings,
    examples: int,
    *,
    batch_size: int,
    learning_rate: float,
    layer_decay: float = 1.0,
) -> TrainingPlan:
    """A plan with the steps of so many epochs; the batch is at most the number of examples."""
    batch_size = min(batch_size, examples)
    return TrainingPlan(
        steps=settings.epochs * (examples // max(1, batch_size)),
        batch_size=batch_size,
        learning_rate=learning_rate,
        layer_decay=layer_decay,
        seed=settings.seed,
        **{item.name: getattr(settings, item.name) for item in fields(Running)},
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
