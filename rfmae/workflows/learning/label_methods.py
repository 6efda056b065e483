"""Methods of the label curve: probes, fine-tuned networks, classical baselines."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rfmae.baselines.trained import BASELINES, balanced_rows
from rfmae.configuration.training import Finetuning
from rfmae.datasets.store import Dataset
from rfmae.errors import TrainingError
from rfmae.evaluation.classification import counted
from rfmae.evaluation.probe import (
    NEIGHBOURS,
    Features,
    Probe,
    linear_probe,
    neighbour_probe,
    probe_report,
)
from rfmae.inference import (
    CachedInputs,
    FeatureEncoder,
    choose_device,
    load_classifier,
    load_encoder,
)
from rfmae.models.checkpoint import Checkpoint
from rfmae.models.encoders import PretrainableConfig
from rfmae.models.patches import PatchGrid
from rfmae.models.presets import PRESETS
from rfmae.models.rings import RingsConfig
from rfmae.progress import Progress, Silent
from rfmae.records import Answers, FloatArray, IntArray, SnrReport, View, Views
from rfmae.records.label_curve import LabelPoint, LabelUnit
from rfmae.training.loaders import InputSplit
from rfmae.training.sampling import LabelBudget
from rfmae.workflows.evaluate.evaluating import answers_of
from rfmae.workflows.evaluate.predictors import open_predictor
from rfmae.workflows.learning.baselines import train_baseline
from rfmae.workflows.learning.finetuning import finetune
from rfmae.workflows.learning.seeing import network_of, received


def _few_neighbours(train: Features, validation: Features) -> Probe:
    """Neighbours for few labels: validation may also choose the nearest alone."""
    return neighbour_probe(train, validation, (1, *NEIGHBOURS))


PROBES: dict[str, Callable[[Features, Features], Probe]] = {
    "probe": linear_probe,
    "knn": _few_neighbours,
}
"""Methods that use features of a frozen encoder."""

METHODS = ("finetune", "probe", "knn", "scratch", *BASELINES)
"""All methods."""

PRETRAINED = ("finetune", "probe", "knn")
"""Methods that need a pre-trained encoder."""

_TOGETHER = 128
_MOST_VALIDATION = 20_000  # examples for the choice of a probe


@dataclass(frozen=True, slots=True)
class Teaching:
    """How networks are trained at every budget.

    The number of images shown does not depend on the labels, so that few labels do not mean few
    steps. `preset` is the size from scratch; None takes that of the pre-trained encoder.
    """

    shown: int = 20_000
    batch_size: int = 32
    learning_rate: float | None = None  # None: the network's own, or one by the number of labels
    layer_decay: float = 0.75  # of fine-tuning
    preset: str | None = None

    def epochs(self, labels: int) -> int:
        """Epochs of so many labels that show the images."""
        return max(1, round(self.shown / labels))


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """A network from scratch: size, inputs and patch of the pre-trained one."""

    preset: str = "small"
    modalities: tuple[str, ...] | None = None  # None: all that a receiver has
    patch: int | None = None  # of the image
    network: str = "vit"


def network_like(
    dataset: Dataset, pretrained: Checkpoint | None, preset: str | None
) -> NetworkShape:
    """A network from scratch as similar as possible to a pre-trained one.

    `preset` is the requested size, if any. Raises where the pre-trained network cannot take the
    examples of the data set, or has a size without a name.
    """
    if pretrained is None:
        return NetworkShape(preset or "small")
    seen = tuple(modality.name for modality in received(dataset, None, pretrained))
    grids = {grid.name: grid for grid in pretrained.pretrainable.modalities}
    image = grids.get("image")
    return NetworkShape(
        preset or _preset_of(pretrained),
        seen,
        image.patch if isinstance(image, PatchGrid) else None,
        network_of(pretrained).name,
    )


def _preset_of(checkpoint: Checkpoint) -> str:
    encoder, kind = checkpoint.pretrainable, network_of(checkpoint)
    for name in PRESETS:
        if kind.encoder(name, encoder.modalities) == _plain(encoder):
            return name
    raise TrainingError(
        f"{checkpoint.folder} is of no preset's size (width {encoder.width}); "
        "name the size from scratch with --preset"
    )


def _plain(encoder: PretrainableConfig) -> PretrainableConfig:
    """The same with fixed position codes, as in presets."""
    if isinstance(encoder, RingsConfig):
        return encoder
    return replace(encoder, positions="sine-cosine")


class FrozenFeatures:
    """Features of the rows of a data set, each computed once."""

    def __init__(self, dataset: Dataset, encoder: FeatureEncoder, progress: Progress) -> None:
        self._dataset, self._encoder, self._progress = dataset, encoder, progress
        self._values: dict[str, FloatArray] = {}
        self._known: dict[str, npt.NDArray[np.bool_]] = {}

    def of(self, split: str, rows: IntArray) -> Features:
        """Features, labels and SNRs of some ascending rows of a split."""
        known = self._known.setdefault(split, np.zeros(self._dataset.examples(split), bool))
        new = rows[~known[rows]]
        if len(new):
            self._encode(split, new)
        label, snr_db = self._dataset.labels(split)
        return Features(self._values[split][rows], label[rows], snr_db[rows])

    def _encode(self, split: str, rows: IntArray) -> None:
        with self._progress.stage(f"encode {split}", len(rows), "examples") as stage:
            for chunk in np.split(rows, range(_TOGETHER, len(rows), _TOGETHER)):
                views = self._dataset.read_views(split, self._encoder.pipeline.views, chunk)
                made = self._encoder({view: batch.iq for view, batch in views.items()})
                shape = (len(self._known[split]), made.shape[1])
                self._values.setdefault(split, np.zeros(shape, np.float32))[chunk] = made
                self._known[split][chunk] = True
                stage.advance(len(chunk))


@dataclass(slots=True)
class Learning:
    """Trains and evaluates methods on a data set with few labels."""

    dataset: Dataset
    pretrained: Path | None
    shape: NetworkShape
    teaching: Teaching
    test_rows: IntArray
    device: str = "auto"
    progress: Progress = field(default_factory=Silent)
    unit: LabelUnit = "class"  # of budgets
    _features: FrozenFeatures | None = None
    _test: CachedInputs | None = None
    _validation: InputSplit | None = None  # rendered once and kept

    def point(self, method: str, count: int, seed: int, folder: Path) -> LabelPoint:
        """Train a method with so many labels of the unit and evaluate it on the test rows.

        `folder` is for the training run; it is removed once the point is measured.
        """
        budget = LabelBudget(count, self.unit)
        if method in PROBES:
            return _point(self._probed(method, budget, seed), method, count, seed)
        if method in BASELINES:
            shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed
            path = train_baseline(
                self.dataset,
                method,
                folder,
                **budget.options,
                seed=seed,
                progress=self.progress,
            )
        else:
            path = self._trained(method, budget, seed, folder)
        report = self._evaluated(path, method)
        shutil.rmtree(folder)
        return _point(report, method, count, seed)

    def _trained(self, method: str, budget: LabelBudget, seed: int, folder: Path) -> Path:
        """The best checkpoint of a network, with the pre-trained encoder or from scratch."""
        teaching, from_scratch = self.teaching, method == "scratch"
        pretrained = None if from_scratch else self.pretrained
        labels = budget.total(self.dataset) or self.dataset.examples("train")
        settings = Finetuning(
            preset=self.shape.preset,
            **budget.options,
            epochs=teaching.epochs(labels),
            batch_size=teaching.batch_size,
            learning_rate=teaching.learning_rate,
            layer_decay=1.0 if from_scratch else teaching.layer_decay,
            seed=seed,
            modalities=self.shape.modalities,
            patch=self.shape.patch if from_scratch else None,
            network=self.shape.network,
        )
        self._hold_validation()
        return finetune(
            self.dataset,
            settings,
            folder,
            pretrained=pretrained,
            resume=True,
            device=self.device,
            progress=self.progress,
        )

    def _hold_validation(self) -> None:
        if self._validation is None:
            names, network = self.shape.modalities, self.shape.network
            modalities = received(self.dataset, names, network=network)
            device = choose_device(self.device)
            self._validation = InputSplit(
                self.dataset, "validation", modalities, device, self.progress
            )

    def _evaluated(self, path: Path, method: str) -> SnrReport:
        """The counts of a baseline, or of a network with cached inputs."""
        if method in BASELINES:
            predictor = open_predictor(self.dataset, path, self.device)
            rows = self.test_rows
            return counted(answers_of(self.dataset, predictor, method, rows, self.progress))
        data = self.dataset
        found = self.shown.answers(load_classifier(path, self.device))
        label, snr_db = data.labels("test")
        known = label[self.test_rows], snr_db[self.test_rows]
        return counted(Answers(found, *known, data.classes, data.snr_db, data.snr_reference))

    @property
    def shown(self) -> CachedInputs:
        """The cached network inputs of the test rows."""
        if self._test is None:
            self._test = CachedInputs(self._read_test, len(self.test_rows))
        return self._test

    def _read_test(self, views: tuple[View, ...]) -> Iterator[Views]:
        rows = self.test_rows
        with self.progress.stage("render test", len(rows), "examples") as stage:
            for chunk in np.split(rows, range(_TOGETHER, len(rows), _TOGETHER)):
                read = self.dataset.read_views("test", views, chunk)
                yield {view: batch.iq for view, batch in read.items()}
                stage.advance(len(chunk))

    def _probed(self, method: str, budget: LabelBudget, seed: int) -> SnrReport:
        """A probe of frozen features, its strength or its neighbours chosen on validation."""
        features = self.features
        rows = budget.rows(self.dataset, seed)
        assert rows is not None
        others = balanced_rows(self.dataset.labels("validation")[0], _MOST_VALIDATION, 0)
        test = features.of("test", self.test_rows)
        probe = PROBES[method](
            features.of("train", rows.numpy()), features.of("validation", others)
        )
        return probe_report(
            probe,
            test,
            snr_db=self.dataset.snr_db,
            classes=self.dataset.classes,
            snr_reference=self.dataset.snr_reference,
        )

    @property
    def features(self) -> FrozenFeatures:
        """The cache of the pre-trained encoder, opened on first use."""
        if self._features is None:
            assert self.pretrained is not None
            encoder = load_encoder(self.pretrained, self.device)
            self._features = FrozenFeatures(self.dataset, encoder, self.progress)
        return self._features


def _point(report: SnrReport, method: str, count: int, seed: int) -> LabelPoint:
    hits, examples = report.hits_per_snr.tolist(), report.examples_per_snr.tolist()
    return LabelPoint(method, count, seed, tuple(hits), tuple(examples))
