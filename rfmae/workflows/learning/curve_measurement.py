"""The label-efficiency curve: every method at every budget and seed, point by point, resumable."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from rfmae.artefacts import CARD_NAME, Card, disk_errors, read_card, refuse_occupied, write_json
from rfmae.artefacts import versions as package_versions
from rfmae.datasets.robustness_examples import first_rows
from rfmae.datasets.store import Dataset
from rfmae.errors import ArtefactError, RfmaeError, TrainingError, first_line, nearest
from rfmae.evaluation.label_means import label_limits, label_means
from rfmae.models.checkpoint import Checkpoint, load_checkpoint
from rfmae.plain import parse, record, value
from rfmae.progress import Logged, Progress, Silent
from rfmae.records.label_curve import LABEL_UNITS, LabelCurve, LabelPoint, LabelUnit
from rfmae.reporting.label_curve_tables import write_label_curve
from rfmae.training.sampling import rarest_group
from rfmae.workflows.evaluate.evaluating import ceilings_of
from rfmae.workflows.learning.label_methods import (
    METHODS,
    PRETRAINED,
    Learning,
    Teaching,
    network_like,
)
from rfmae.workflows.learning.seeing import as_seen_by

KIND = "label-curve"
POINTS_NAME = "points.jsonl"

BUDGETS = (1, 5, 10, 50, 100, 1000)
USUAL = ("finetune", "probe", "knn", "scratch", "cumulants")


@dataclass(frozen=True, slots=True)
class CurveSettings:
    """The points of the curve, and their training.

    Budgets are labels per class, or labels per class and SNR point where these are given.
    """

    labels_per_class: tuple[int, ...] | None = None  # none means BUDGETS
    labels_per_class_and_snr: tuple[int, ...] | None = None
    methods: tuple[str, ...] = USUAL
    seeds: int = 3
    teaching: Teaching = field(default_factory=Teaching)
    per_point: int | None = None  # test examples of each class and SNR point; none takes all

    def __post_init__(self) -> None:
        for method in self.methods:
            if method not in METHODS:
                raise TrainingError(f"no method {method!r}; {nearest(method, METHODS)}")
        if self.labels_per_class is not None and self.labels_per_class_and_snr is not None:
            raise TrainingError(
                f"labels per class {list(self.labels_per_class)} and labels per class and SNR "
                f"point {list(self.labels_per_class_and_snr)} were given; "
                "leave out one of the two"
            )
        if not self.methods or not self.budgets or min(self.budgets) < 1:
            raise TrainingError(
                "a curve needs methods and budgets of at least one label per class, got "
                f"{', '.join(self.methods) or 'no method'} and {list(self.budgets)}"
            )
        if self.seeds < 1:
            raise TrainingError(f"a curve needs at least one seed, got {self.seeds}")

    @property
    def unit(self) -> LabelUnit:
        """The unit of budgets."""
        return "class" if self.labels_per_class_and_snr is None else "class-and-snr"

    @property
    def budgets(self) -> tuple[int, ...]:
        """Labels in that unit."""
        if self.labels_per_class_and_snr is not None:
            return self.labels_per_class_and_snr
        return BUDGETS if self.labels_per_class is None else self.labels_per_class


@dataclass(frozen=True, slots=True)
class CurveResult:
    """A curve and the folder it was written to."""

    curve: LabelCurve
    folder: Path


def label_curve(
    dataset: Dataset,
    settings: CurveSettings,
    folder: Path,
    *,
    pretrained: Path | None = None,
    ceilings_home: Path | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    detailed: bool = True,
) -> CurveResult:
    """Measure every missing point, and write the report of all points.

    After an interruption the same call resumes. More methods, budgets or seeds may be added to a
    folder later; the settings of a point must not change. `detailed` shows the progress of each
    training, otherwise there is one stage for all of them.
    """
    progress = progress or Logged()
    detail = progress if detailed else Silent()
    _check_pretrained(settings.methods, pretrained)
    checkpoint = None if pretrained is None else load_checkpoint(pretrained)
    dataset = dataset if checkpoint is None else as_seen_by(checkpoint, dataset)
    budgets = possible_budgets(dataset, settings.budgets, progress, settings.unit)
    learning = Learning(
        dataset,
        pretrained,
        network_like(dataset, checkpoint, settings.teaching.preset),
        settings.teaching,
        first_rows(dataset, settings.per_point),
        device,
        detail,
        settings.unit,
    )
    identity = _identity(dataset, settings, checkpoint)
    points = _begin(folder, identity)
    wanted = product(settings.methods, budgets, range(settings.seeds))
    missing = [point for point in wanted if not _is_there(points, *point)]
    around = Silent() if detailed or not missing else progress
    with around.stage("label curve", len(missing), "runs") as stage:
        for method, budget, seed in missing:
            run_folder = folder / "runs" / f"{method}-{budget}-seed{seed}"
            points.append(learning.point(method, budget, seed, run_folder))
            _keep(points, folder)
            detail.note(_in_words(points[-1], settings.unit))
            stage.advance()
    curve = _curve(dataset, settings, points, identity, ceilings_home)
    with disk_errors(folder):
        write_label_curve(curve, folder)
    return CurveResult(curve, folder)


def _check_pretrained(methods: Sequence[str], pretrained: Path | None) -> None:
    needing = [name for name in methods if name in PRETRAINED]
    if needing and pretrained is None:
        raise TrainingError(
            f"{', '.join(needing)} need a pre-trained encoder; name one with --model, "
            "or other --methods"
        )


def possible_budgets(
    dataset: Dataset, wanted: Sequence[int], progress: Progress, unit: LabelUnit = "class"
) -> tuple[int, ...]:
    """The budgets that the rarest class, or class at an SNR point, can fill, ascending."""
    rarest, name = rarest_group(dataset, unit)
    budgets = sorted({*wanted})
    found = tuple(budget for budget in budgets if budget <= rarest)
    left_out = [f"{budget:,}" for budget in budgets if budget > rarest]
    if not found:
        raise TrainingError(
            f"the rarest of {dataset.folder}, {name}, has {rarest} training examples, but at "
            f"least {budgets[0]:,} {LABEL_UNITS[unit]} were requested; request fewer"
        )
    if left_out:
        progress.note(
            f"the rarest, {name}, has {rarest:,} training examples: {', '.join(left_out)} "
            f"{LABEL_UNITS[unit]} are left out"
        )
    return found


# the folder ------------------------------------------------------------------------------------


def _identity(dataset: Dataset, settings: CurveSettings, pretrained: Checkpoint | None) -> Card:
    """The settings that a point depends on, apart from its method, budget and seed."""
    card = None if pretrained is None else pretrained.card
    return {
        "data_set": f"{dataset.name}-{dataset.fingerprint}",
        "pretrained": card and {key: card.get(key) for key in ("dataset", "step", "score")},
        "teaching": asdict(settings.teaching),
        "test_examples_per_point": settings.per_point,
        # a curve of labels per class has no entry, as before there was another unit
        **({} if settings.unit == "class" else {"label_unit": settings.unit}),
    }


def _begin(folder: Path, identity: Card) -> list[LabelPoint]:
    """The points of a folder; a new folder is created."""
    refuse_occupied(folder, replaces=KIND)
    card = read_card(folder)
    if card is None:
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            write_json(folder / CARD_NAME, {"kind": KIND, "identity": identity})
        return []
    if card.get("identity") != identity:
        known = card.get("identity") or {}
        keys = {**identity, **known}
        changed = ", ".join(key for key in keys if known.get(key) != identity.get(key))
        raise ArtefactError(
            f"{folder} holds a curve of another {changed.replace('_', ' ')}; "
            "choose another --out, or the settings that it was started with"
        )
    return read_points(folder)


def read_points(folder: Path) -> list[LabelPoint]:
    """The points of a curve's folder."""
    path = folder / POINTS_NAME
    if not path.exists():
        return []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [_point(parse(line)) for line in lines]
    except (OSError, ValueError, KeyError, RfmaeError) as error:
        raise ArtefactError(
            f"{path} holds no points of a curve ({first_line(error)}); remove it to measure again"
        ) from error


def _point(plain: Any) -> LabelPoint:
    line = value(dict[str, Any], plain, "a point")
    known = {"budget": line.get("labels_per_class"), **line}  # the older key
    return record(LabelPoint, {name: known[name] for name in _POINT_KEYS}, "a point")


_POINT_KEYS = tuple(field.name for field in fields(LabelPoint))


def _keep(points: Sequence[LabelPoint], folder: Path) -> None:
    """Write all points again, so that the file always has whole lines."""
    path = folder / POINTS_NAME
    beside = path.with_name(f".{path.name}.partial")
    lines = [json.dumps(asdict(point)) + "\n" for point in points]
    with disk_errors(path):
        beside.write_text("".join(lines), encoding="utf-8")
        beside.replace(path)


def _is_there(points: Sequence[LabelPoint], method: str, budget: int, seed: int) -> bool:
    return any(
        (point.method, point.budget, point.seed) == (method, budget, seed) for point in points
    )


# the report ------------------------------------------------------------------------------------


def _curve(
    dataset: Dataset,
    settings: CurveSettings,
    points: Sequence[LabelPoint],
    identity: Card,
    ceilings_home: Path | None,
) -> LabelCurve:
    """All points of the folder, those of this call first."""
    place = {name: number for number, name in enumerate((*settings.methods, *METHODS))}
    first = {name: place.get(name, len(place)) for name in {point.method for point in points}}
    ordered = sorted(points, key=lambda point: (first[point.method], point.budget, point.seed))
    examples = np.array(ordered[0].examples)
    return LabelCurve(
        data_set=dataset.name,
        classes=dataset.classes,
        snr_db=dataset.snr_db,
        snr_reference=dataset.snr_reference,
        points=tuple(ordered),
        means=label_means(ordered),
        ceilings=label_limits(ceilings_of(dataset, ceilings_home), examples),
        provenance={
            **identity,
            "test_examples": int(examples.sum()),
            "selection": "checkpoint, strength, neighbours and settings by the whole validation "
            f"split of {dataset.examples('validation'):,} labelled examples, at every budget; the "
            "test split was read once a point",
            "labels": f"{LABEL_UNITS[settings.unit]}, the same for every method of a seed"
            f"{_SPREAD[settings.unit]}; those of a smaller budget are among those of a larger one",
            "versions": package_versions(),
        },
        unit=settings.unit,
    )


_SPREAD: dict[LabelUnit, str] = {"class": ", over all SNR points together", "class-and-snr": ""}


def _in_words(point: LabelPoint, unit: LabelUnit) -> str:
    return (
        f"{point.method}, {point.budget:,} {LABEL_UNITS[unit]}, seed {point.seed}: "
        f"{100 * point.accuracy:.1f} %"
    )
