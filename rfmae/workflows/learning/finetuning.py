"""Fine-tuning, from settings to the best checkpoint and its temperature."""

import copy
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from rfmae.artefacts import Card
from rfmae.configuration.files import read_over
from rfmae.configuration.training import Finetuning
from rfmae.datasets.augmenting import Augmenter
from rfmae.datasets.recipe import load_recipe
from rfmae.datasets.store import Dataset
from rfmae.errors import TrainingError
from rfmae.inference import choose_device
from rfmae.models.checkpoint import Checkpoint, load_checkpoint
from rfmae.models.classifier import Classifier
from rfmae.models.encoders import AnyEncoderConfig, with_grids
from rfmae.models.kinds import NetworkKind, find_network
from rfmae.models.presets import classifier_config
from rfmae.progress import Logged, Progress, Silent
from rfmae.records import Modality
from rfmae.training.batches import (
    IqSource,
    LabelledSource,
    RenderedLabels,
    StoredIq,
    StoredLabels,
    StreamIq,
)
from rfmae.training.engine import fit
from rfmae.training.finetune import FinetuneTask, beginning, keep_temperature, rate_from_probe
from rfmae.training.loaders import InputSplit, scaled_grids
from rfmae.training.metrics import MetricLogger
from rfmae.training.numerics import Numerics
from rfmae.training.plan import TrainingPlan
from rfmae.training.processes import Ranks, ranks
from rfmae.training.rendering import input_renderer
from rfmae.training.run_folder import RunFolder
from rfmae.training.sampling import LabelBudget, sampling_order_of
from rfmae.workflows.learning.running import training_plan
from rfmae.workflows.learning.seeing import (
    as_seen_by,
    at_image_size,
    encoder_for,
    network_of,
    received,
)


def finetuning_of(table: Mapping[str, Any]) -> Finetuning:
    """Settings of fine-tuning from a nested table; what it lacks has its default.

    Raises `TrainingError` for an unknown key or a value of another type.
    """
    return read_over(Finetuning(), table)


def label_budget(settings: Finetuning) -> LabelBudget:
    """The training labels that may be used."""
    return LabelBudget.of(
        settings.labels, settings.labels_per_class, settings.labels_per_class_and_snr
    )


def finetune(
    dataset: Dataset,
    settings: Finetuning,
    folder: Path,
    *,
    pretrained: Path | None = None,
    resume: bool = False,
    device: str = "auto",
    progress: Progress | None = None,
    logger: MetricLogger | None = None,
) -> Path:
    """Fine-tune a classifier, pre-trained or from scratch; returns the best checkpoint.

    Its card has the temperature fitted on validation.
    """
    progress, chosen = progress or Logged(), choose_device(device)
    work = _prepared(dataset, settings, pretrained, progress)
    best = fit(
        work.make_task,
        work.plan,
        RunFolder(folder),
        _identity(work.dataset, settings, work.encoder, work.checkpoint),
        device=chosen,
        progress=progress,
        title="fine-tune" if work.checkpoint else "train from scratch",
        resume=resume,
        logger=logger,
        settings={**settings.table(), "model": None if pretrained is None else str(pretrained)},
    )
    here = ranks(chosen)
    if work.from_probe:
        from rfmae.training.head_start import keep_average

        last = best
        best = here.by_writer(
            lambda: keep_average(
                folder, last, lambda: work.start(here), lambda: work.validation(here), here.device
            )
        )
    here.by_writer(lambda: keep_temperature(best, lambda: work.validation(here), here.device))
    return best


def _prepared(
    dataset: Dataset, settings: Finetuning, pretrained: Path | None, progress: Progress
) -> "_Work":
    """The data as the network sees them, its encoder and its plan; nothing is written yet."""
    if settings.endless:
        dataset.check_clean()
    checkpoint = load_checkpoint(pretrained) if pretrained else None
    kind = find_network(settings.network or "vit") if checkpoint is None else network_of(checkpoint)
    if checkpoint is not None:
        dataset = as_seen_by(checkpoint, dataset, progress)
    dataset = at_image_size(dataset, settings.image_size, kind)
    modalities = received(dataset, settings.modalities, checkpoint, settings.network or "vit")
    encoder = encoder_for(
        dataset, checkpoint, settings.network, settings.preset, modalities, settings.patch
    )
    if checkpoint is not None and settings.image_size not in (None, checkpoint.image.size):
        progress.note(
            f"positions are interpolated from images of {checkpoint.image.size} pixels to "
            f"{settings.image_size}"
        )
    from_probe = settings.begins_as_probe(pretrained=checkpoint is not None)
    if from_probe and checkpoint is None:
        raise TrainingError("a start from the probe needs a pre-trained model; name one")
    plan = _plan(dataset, settings, kind, from_probe=from_probe)
    return _Work(dataset, settings, checkpoint, modalities, encoder, plan, from_probe, progress)


class _Work:
    """What is fine-tuned, on which data, by which plan; splits and networks are made once."""

    def __init__(
        self,
        dataset: Dataset,
        settings: Finetuning,
        checkpoint: Checkpoint | None,
        modalities: tuple[Modality, ...],
        encoder: AnyEncoderConfig,
        plan: TrainingPlan,
        from_probe: bool,
        progress: Progress,
    ) -> None:
        self.dataset, self.settings, self.checkpoint = dataset, settings, checkpoint
        self.modalities, self.encoder, self.plan = modalities, encoder, plan
        self.from_probe, self._progress = from_probe, progress
        self.validation, self.start = cache(self._validation), cache(self._start)

    def make_task(self, numerics: Numerics, ranks: Ranks) -> FinetuneTask:
        """The task of the loop."""
        # a damaged checkpoint fails before data are rendered
        network = copy.deepcopy(self.start(ranks))
        shown = self._progress if ranks.is_writer else Silent()
        return FinetuneTask(
            self.dataset,
            network,
            _labelled(self.dataset, self.modalities, self.settings, self.plan, ranks, shown),
            self.validation(ranks),
            modalities=self.modalities,
            drop_path=self.settings.drop_path,
            seed=self.settings.seed,
            batch_size=self.plan.batch_size,
            ranks=ranks,
            budget=label_budget(self.settings),
        )

    def _validation(self, ranks: Ranks) -> InputSplit:
        shown = self._progress if ranks.is_writer else Silent()
        return InputSplit(self.dataset, "validation", self.modalities, ranks.device, shown)

    def _start(self, ranks: Ranks) -> Classifier:
        """The classifier before the first step."""
        network = _beginning(
            self.dataset, self.settings, self.encoder, self.checkpoint, self.modalities, ranks
        )
        if not self.from_probe:
            return network
        # here, as it brings scikit-learn, which no other training needs
        from rfmae.training.head_start import begin_as_probe, probe_rows

        if ranks.is_writer:
            self._progress.note(_in_words(self.settings, self.dataset, self.plan))
        seed = self.settings.seed
        rows = probe_rows(self.dataset, label_budget(self.settings).rows(self.dataset, seed), seed)
        known = InputSplit(
            self.dataset, "train", self.modalities, ranks.device, Silent(), rows=rows
        )
        validation = self.validation(ranks)
        begin_as_probe(network.to(ranks.device), known, validation, ranks.device)
        return network


def _beginning(
    dataset: Dataset,
    settings: Finetuning,
    encoder: AnyEncoderConfig,
    checkpoint: Checkpoint | None,
    modalities: tuple[Modality, ...],
    ranks: Ranks,
) -> Classifier:
    """A classifier with the pre-trained or with initial weights."""
    if checkpoint is None and settings.scaled:  # a pre-trained one has its own
        grids = scaled_grids(dataset, modalities, encoder.modalities, ranks.device)
        encoder = with_grids(encoder, grids)
    head = settings.head_of(pretrained=checkpoint is not None)
    config = classifier_config(encoder, len(dataset.classes), head)
    return beginning(config, checkpoint, frozen=settings.frozen, seed=settings.seed)


def _in_words(settings: Finetuning, dataset: Dataset, plan: TrainingPlan) -> str:
    """A note on the settings that depend on the number of labels."""
    labels = label_budget(settings).total(dataset) or dataset.examples("train")
    return (
        f"from the linear probe of {labels:,} labels at learning rate {plan.learning_rate:g}; "
        "validation decides how much of the update is kept"
    )


def _plan(
    dataset: Dataset, settings: Finetuning, kind: NetworkKind, *, from_probe: bool
) -> TrainingPlan:
    examples = label_budget(settings).total(dataset) or dataset.examples("train")
    peak = settings.learning_rate
    if peak is None and from_probe:
        peak = rate_from_probe(examples // len(dataset.classes))
    if peak is None:
        peak = kind.learning_rate
    return training_plan(
        settings,
        examples,
        batch_size=settings.batch_size,
        learning_rate=peak,
        layer_decay=settings.layer_decay,
    )


def _identity(
    dataset: Dataset,
    settings: Finetuning,
    encoder: AnyEncoderConfig,
    checkpoint: Checkpoint | None,
) -> Card:
    """The settings that identify a run; disabled ones are None, as before they existed."""
    off = settings.augmentation.is_off
    head = settings.head_of(pretrained=checkpoint is not None)
    return {
        "stage": "finetune",
        "dataset": dataset.fingerprint,
        "model": asdict(classifier_config(encoder, len(dataset.classes), head)),
        "from_probe": settings.begins_as_probe(pretrained=checkpoint is not None),
        "labels": label_budget(settings).total(dataset),
        "labels_per_class_and_snr": settings.labels_per_class_and_snr,
        "endless": settings.endless,
        "frozen": settings.frozen,
        "scaled": settings.scaled,
        "drop_path": settings.drop_path or None,
        "balanced": settings.balanced or None,
        "augmentation": None if off else asdict(settings.augmentation),
        "pretrained": _pretraining(checkpoint),
    }


def _pretraining(checkpoint: Checkpoint | None) -> Card | None:
    """The facts that identify a pre-training."""
    if checkpoint is None:
        return None
    return {key: checkpoint.card.get(key) for key in ("dataset", "step", "score")}


def _labelled(
    dataset: Dataset,
    modalities: tuple[Modality, ...],
    settings: Finetuning,
    plan: TrainingPlan,
    ranks: Ranks,
    progress: Progress,
) -> LabelledSource:
    """Examples from files or a stream, rendered once or, where they change, every time."""
    augmenter = _augmenter(dataset, modalities, settings, plan, ranks)
    if settings.endless:
        how = input_renderer(dataset, modalities, ranks.device, targets=False)
        recipe = load_recipe(dataset.folder / "recipe.toml")
        stream: IqSource = StreamIq(recipe, how, batch_size=plan.batch_size)
        return RenderedLabels(stream, how, modalities, augmenter)
    rows = label_budget(settings).rows(dataset, settings.seed)
    order = sampling_order_of(
        dataset,
        rows,
        batch_size=plan.batch_size,
        seed=settings.seed,
        balanced=settings.balanced,
        turn=dataset.any_phase and any(modality.learns_from_turns for modality in modalities),
    )
    if augmenter is None:
        split = InputSplit(dataset, "train", modalities, ranks.device, progress, rows=rows)
        return StoredLabels(split, order, ranks.device)
    how = input_renderer(dataset, modalities, ranks.device, targets=False)
    stored = StoredIq(dataset, rows, order, how, clean=augmenter.needs_clean)
    return RenderedLabels(stored, how, modalities, augmenter)


def _augmenter(
    dataset: Dataset,
    modalities: tuple[Modality, ...],
    settings: Finetuning,
    plan: TrainingPlan,
    ranks: Ranks,
) -> Augmenter | None:
    if settings.augmentation.is_off:
        return None
    views = input_renderer(dataset, modalities, ranks.device, targets=False).views
    return Augmenter(
        dataset, settings.augmentation, views, batch_size=plan.batch_size, seed=settings.seed
    )
