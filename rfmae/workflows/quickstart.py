"""The quickstart: from a recipe to a report on the gain by pre-training."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rfmae.artefacts import refuse_occupied
from rfmae.configuration.training import Finetuning, Pretraining
from rfmae.datasets.recipe import Recipe
from rfmae.datasets.store import Dataset
from rfmae.errors import CheckpointError
from rfmae.evaluation.comparison import comparisons_of
from rfmae.evaluation.label_means import label_difference
from rfmae.inference import choose_device, load_denoiser
from rfmae.models.kinds import find_network
from rfmae.progress import Logged, Progress
from rfmae.records import DenoiseReport, GalleryRow
from rfmae.records.label_curve import LabelCurve
from rfmae.reporting.folder import KIND as REPORT
from rfmae.reporting.folder import write_report
from rfmae.reporting.headlines import denoising_headline, pretraining_headline
from rfmae.reporting.notes import class_notes, split_reading
from rfmae.reporting.report_record import Report
from rfmae.training.parallel import working_with
from rfmae.training.sampling import check_labels
from rfmae.workflows.data import synth
from rfmae.workflows.denoise.denoise_evaluation import measure_denoising
from rfmae.workflows.evaluate.evaluating import Results, evaluate_models
from rfmae.workflows.evaluate.snr_evaluation import provenance
from rfmae.workflows.learning.curve_measurement import KIND as CURVE
from rfmae.workflows.learning.curve_measurement import CurveSettings, label_curve
from rfmae.workflows.learning.finetuning import finetune
from rfmae.workflows.learning.label_methods import Teaching
from rfmae.workflows.learning.training import check_pretraining, network_for, pretrain

BUDGETS = (1, 5, 10, 100)
"""Labels of each class at which the curve has points, where there are so many."""

METHODS = ("probe", "scratch")
_MANY = BUDGETS[-1]  # labels of each class, above which fine-tuning beats a probe

PRETRAINED, SCRATCH = "pre-trained", "from scratch"  # names of the two classifiers

_THREADS = {"rings": 1}  # small networks: more threads would mostly wait
_TIMES = 6  # least number of times that each labelled example is shown


@dataclass(frozen=True, slots=True)
class Effort:
    """The amount of training: images shown in all, and draws of labels."""

    pretraining_images: int
    labelled_images: int  # shown to each classifier, however many differ
    seeds: int


EFFORTS = {"rings": Effort(200_000, 5_000, 5), "vit": Effort(150_000, 6_400, 1)}
"""By network: a transformer takes ten times as long for an image."""


@dataclass(frozen=True, slots=True)
class QuickstartSettings:
    """Size of the network, number of labels, and amount of training."""

    preset: str = "tiny"
    network: str | None = None  # None: rings where the carrier phase is unknown, else vit
    labels: int | None = 100  # of all classes together; None: all
    denoised_per_point: int = 2
    seed: int = 0
    effort: Effort | None = None  # None: that of the network

    def labels_per_class(self, recipe: Recipe) -> int:
        """The label budget of the headline."""
        classes = len(recipe.classes)
        return (self.labels or recipe.examples("train")) // classes

    def pretraining(self, recipe: Recipe) -> Pretraining:
        """How the network is pre-trained."""
        network = network_for(recipe, Pretraining(network=self.network))
        find_network(network)  # raises for an unknown one
        images = self.effort_of(network).pretraining_images
        epochs = max(1, round(images / recipe.examples("train")))
        batch = 128 if network == "vit" else None
        return Pretraining(
            preset=self.preset,
            epochs=epochs,
            batch_size=batch,
            seed=self.seed,
            network=network,
        )

    def effort_of(self, network: str) -> Effort:
        """The amount of training for a network."""
        return self.effort or EFFORTS.get(network, EFFORTS["vit"])


@dataclass(frozen=True, slots=True)
class QuickstartResult:
    """The report, the folder it was written to, and the classifier of the first seed."""

    report: Report
    folder: Path
    classifier: Path


def quickstart(
    recipe: Recipe,
    settings: QuickstartSettings,
    home: Path,
    *,
    device: str = "auto",
    workers: int = 2,
    progress: Progress | None = None,
) -> QuickstartResult:
    """Synthesise, pre-train, train on few labels with and without it, evaluate, report.

    Finished stages in `home` are kept; an interrupted one is resumed.
    """
    progress = progress or Logged()
    pretraining = _checked(recipe, settings, device)
    _check_home(home)
    tail = f"{pretraining.network}-{settings.preset}-seed{settings.seed}"
    tail = f"{recipe.folder_name}-{tail}"
    budget = settings.labels_per_class(recipe)
    labelled = f"{tail}-{budget}-per-class"
    report_folder, curve_folder = (
        home / "reports" / f"{kind}-{labelled}" for kind in ("quickstart", "label-curve")
    )
    refuse_occupied(report_folder, replaces=REPORT)
    refuse_occupied(curve_folder, replaces=CURVE)
    dataset = synth(
        recipe, home / "datasets" / recipe.folder_name, workers=workers, progress=progress
    )
    runs = home / "runs"
    with working_with(_THREADS.get(pretraining.network or "")):
        pretrained = pretrain(
            dataset,
            pretraining,
            runs / f"pretrain-{tail}",
            resume=True,
            device=device,
            progress=progress,
        )
        stages = _Stages(dataset, settings, pretraining, pretrained, budget, device, progress)
        curve = stages.curve(curve_folder)
        models = {
            PRETRAINED: stages.classifier(runs / f"finetune-{labelled}", pretrained),
            SCRATCH: stages.classifier(runs / f"scratch-{labelled}", None),
        }
        results = evaluate_models(dataset, models, device, progress)
        report = stages.report(curve, models, results)
    write_report(report, report_folder, results.answers)
    return QuickstartResult(report, report_folder, runs / f"finetune-{labelled}")


@dataclass(frozen=True, slots=True)
class _Stages:
    """The stages after pre-training."""

    dataset: Dataset
    settings: QuickstartSettings
    pretraining: Pretraining
    pretrained: Path
    budget: int
    device: str
    progress: Progress

    @property
    def effort(self) -> Effort:
        return self.settings.effort_of(self.pretraining.network or "vit")

    @property
    def teaching(self) -> Teaching:
        """Training settings of every classifier, with and without pre-training."""
        labels = self.budget * len(self.dataset.classes)
        return Teaching(shown=max(self.effort.labelled_images, _TIMES * labels))

    def curve(self, folder: Path) -> LabelCurve:
        """Accuracy against labels."""
        available = self.dataset.examples("train") // len(self.dataset.classes)
        budgets = {*(count for count in BUDGETS if count <= available), self.budget}
        curve = self._measured(folder, METHODS, tuple(sorted(budgets)))
        if self.method not in METHODS:
            curve = self._measured(folder, (self.method, *METHODS), (self.budget,))
        return curve

    @property
    def method(self) -> str:
        """The method for the pre-trained network: a probe, or fine-tuning with many labels."""
        return "finetune" if self.budget > _MANY else "probe"

    def _measured(
        self, folder: Path, methods: tuple[str, ...], budgets: tuple[int, ...]
    ) -> LabelCurve:
        """The curve of a folder, with these points added."""
        seeds, teaching = self.effort.seeds, self.teaching
        return label_curve(
            self.dataset,
            CurveSettings(budgets, methods=methods, seeds=seeds, teaching=teaching),
            folder,
            pretrained=self.pretrained,
            device=self.device,
            progress=self.progress,
            detailed=False,
        ).curve

    def classifier(self, folder: Path, pretrained: Path | None) -> Path:
        """The classifier of the first seed, which is kept."""
        teaching = self.teaching
        settings = Finetuning(
            preset=self.settings.preset,
            labels_per_class=self.budget,
            epochs=teaching.epochs(self.budget * len(self.dataset.classes)),
            batch_size=teaching.batch_size,
            learning_rate=teaching.learning_rate,
            layer_decay=teaching.layer_decay if pretrained else 1.0,
            seed=self.settings.seed,
            network=self.pretraining.network or "vit",
        )
        return finetune(
            self.dataset,
            settings,
            folder,
            pretrained=pretrained,
            resume=True,
            device=self.device,
            progress=self.progress,
        )

    def report(self, curve: LabelCurve, models: dict[str, Path], results: Results) -> Report:
        """The whole report."""
        dataset, settings = self.dataset, self.settings
        difference = label_difference(
            curve.points_of(self.method, self.budget), curve.points_of("scratch", self.budget)
        )
        denoising, gallery, note = self._denoising()
        read = split_reading(len(results.answers), None)
        return Report(
            title=f"rfmae quickstart: {dataset.name}",
            headline=pretraining_headline(curve, difference),
            provenance={
                **provenance(dataset, results.cards),
                "test_split": f"{read}, and by those of the label curve",
                "quickstart": {**asdict(settings), "pretraining": _plain(self.pretraining)},
                "label_curve": curve.provenance,
                "checkpoints": {name: str(path) for name, path in models.items()},
            },
            accuracy=results.accuracy,
            ceilings=results.ceilings,
            assessments=results.assessments,
            comparisons=comparisons_of(results.answers, settings.seed),
            denoising=denoising,
            gallery=gallery,
            notes=(
                *class_notes(dataset.card["same_signals"], dataset.classes),
                *note,
                *results.shortfalls,
            ),
            label_curve=curve,
            label_difference=difference,
        )

    def _denoising(
        self,
    ) -> tuple[DenoiseReport | None, tuple[GalleryRow, ...], tuple[str, ...]]:
        """The denoising results with a sentence; none where the network predicts no images."""
        try:
            denoiser = load_denoiser(self.pretrained, self.device)
        except CheckpointError:
            return None, (), ()
        per_point = self.settings.denoised_per_point
        found, gallery = measure_denoising(self.dataset, denoiser, per_point, self.progress)
        return found, tuple(gallery), (denoising_headline(found),)


def _plain(pretraining: Pretraining) -> dict[str, Any]:
    return {"network": pretraining.network, "epochs": pretraining.epochs}


def _checked(recipe: Recipe, settings: QuickstartSettings, device: str) -> Pretraining:
    """Check the settings of later stages before the first one runs."""
    choose_device(device)
    pretraining = settings.pretraining(recipe)
    check_pretraining(recipe, pretraining)
    if settings.labels is not None:
        check_labels(settings.labels, len(recipe.classes), recipe.examples("train"))
    return pretraining


def _check_home(home: Path) -> None:
    """Raise where the home of a quickstart holds more than its own three folders."""
    if home.is_dir() and {item.name for item in home.iterdir()} <= {"datasets", "runs", "reports"}:
        return
    refuse_occupied(home)
