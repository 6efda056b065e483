"""What docs/results.md tells: the runs, and what is measured of each, kept in results.json.

One run is one line of work: whatever stops the study, the next call goes on from there.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pages import Results

from rfmae.configuration.methods import find_method
from rfmae.configuration.training import Finetuning, Pretraining
from rfmae.datasets.recipe import load_recipe
from rfmae.datasets.store import Dataset
from rfmae.models.checkpoint import load_checkpoint
from rfmae.progress import Progress
from rfmae.records import SnrReport
from rfmae.reporting.charts.chart import Panels
from rfmae.reporting.charts.label_charts import label_chart
from rfmae.reporting.figure_files import save_figure
from rfmae.reporting.figure_pen import figure_of
from rfmae.reporting.label_curve_tables import label_curve_table
from rfmae.workflows.data import synth
from rfmae.workflows.evaluate.snr_evaluation import eval_snr
from rfmae.workflows.learning.baselines import train_baseline
from rfmae.workflows.learning.curve_measurement import CurveSettings, label_curve
from rfmae.workflows.learning.finetuning import finetune
from rfmae.workflows.learning.label_methods import Teaching
from rfmae.workflows.learning.training import pretrain

DOCS = Path(__file__).parent
HOME = DOCS.parent / "artifacts" / "results"
RESULTS = DOCS / "results.json"
RECIPES = DOCS / "results"

SEEDS = (0, 1, 2)
BATCH_SIZE = 32  # on few cores many small steps teach more in the same time
LEARNING_RATE = 1.5e-3
RINGS_RATE = 6e-3
RATES_TRIED = (1.5e-3, 6e-3)
PRESET = "tiny"
PATCH = 8
PRETRAINED_IMAGES = 63_000  # each seen once, synthesised as they are needed
FINETUNED_IMAGES = 63_000
LEFT_OUT_DB = KNOWN_DB = (-10, -5, 0, 5, 10)
LEGACY_LABELS = 1_000
CURVE_IMAGES = 12_800  # shown to a network at every budget of labels

PLANES = {"symbols": "awgn-ten-symbols", "planes": "awgn-ten-planes"}
"""What the images show, and the recipe."""

SEQUENCE = "awgn-ten-sequence"  # waveforms as they are received, which the best receiver needs

METHODS = ("mae", "denomae", "denomae2")
SCRATCH, DENOMAE2 = "scratch", "denomae2"
RINGS, LONGER = "rings", {"rings-long": 420_000}
"""The network that learns most, and what more images make of it, once."""

NETWORKS = {"cnn": "cnn", RINGS: "rings", **dict.fromkeys(LONGER, "rings")}
"""Models that are no transformer, and their networks."""

TRAINED = (DENOMAE2, SCRATCH, "cnn", RINGS, "denomae", "mae")
LEGACY = (DENOMAE2, SCRATCH, RINGS, "cumulants", "logistic")
LIKELIHOOD = "likelihood"
RATED = (SCRATCH, "cnn", RINGS)
"""Networks whose learning rate validation examples choose."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run: its part of the study, what is trained, and how it is found."""

    keys: tuple[str, ...]  # where its figures stand in results.json
    do: Callable[[Progress], dict[str, Any]]


def compute(progress: Progress, share: tuple[int, int] = (0, 1)) -> None:
    """All that is not measured yet; `share` (k, n) takes every n-th run from the k-th on."""
    first, every = share
    for job in list(jobs())[first::every]:
        results = Results.of(RESULTS, settings())
        if not results.has(*job.keys):
            progress.note(" ".join(job.keys))
            results.add(job.do(progress), *job.keys)


def settings() -> dict[str, Any]:
    """What the figures are of."""
    return {
        "preset": PRESET,
        "batch_size": BATCH_SIZE,
        "learning_rate": {"rings": RINGS_RATE, "others": LEARNING_RATE},
        "pretrained_images": PRETRAINED_IMAGES,
        "finetuned_images": FINETUNED_IMAGES,
        "longer_images": LONGER,
        "legacy_labels": LEGACY_LABELS,
        "curve_images": CURVE_IMAGES,
    }


def jobs() -> Iterator[Job]:
    """All runs, the first seed of everything before the second."""
    for seed in SEEDS:
        for planes in PLANES:
            for model in (*TRAINED, *(LONGER if seed == SEEDS[0] else ())):
                yield _job(("awgn", planes, model, str(seed)), _awgn, planes, model, seed)
            yield _job(("awgn", planes, "cumulants", str(seed)), _cumulants, planes, seed)
        for model in LEGACY:
            yield _job(("legacy", model, str(seed)), _legacy, model, seed)
        for point in LEFT_OUT_DB:
            yield _job(("left out", f"{point:g}", str(seed)), _left_out, point, seed)
    for point in KNOWN_DB:
        yield _job(("known", f"{point:g}", "0"), _known, point)
    for model in RATED:
        for rate in RATES_TRIED:
            yield _job(("rates", model, f"{rate:g}"), _rated, model, rate)
    yield _job(("labels", "planes"), _labels)
    yield _job(("awgn", "sequence", LIKELIHOOD, "0"), _likelihood)


def snr_points(recipe: str) -> tuple[float, ...]:
    """The SNR points of a recipe of the study in dB."""
    return load_recipe(str(RECIPES / f"{recipe}.toml")).source.channel.snr_db


def _job(keys: tuple[str, ...], do: Callable[..., dict[str, Any]], *given: Any) -> Job:
    return Job(keys, lambda progress: do(*given, progress))


# --- the data sets


def dataset_of(name: str, progress: Progress, snr: str | None = None) -> Dataset:
    """A recipe of the study as a data set; other SNR points are another one."""
    recipe = load_recipe(str(RECIPES / f"{name}.toml"))
    if snr is not None:
        recipe = recipe.with_snr(snr)
    folder = name if snr is None else recipe.folder_name
    return synth(recipe, HOME / "datasets" / folder, progress=progress)


# --- what is trained


def pretrained(
    dataset: Dataset, name: str, method: str, seed: int, progress: Progress, **how: Any
) -> Path:
    """The encoder of a method."""
    chosen = Pretraining(
        PRESET,
        _epochs(dataset, how.pop("images", PRETRAINED_IMAGES)),
        batch_size=BATCH_SIZE,
        learning_rate=LEARNING_RATE,
        seed=seed,
        method=find_method(method),
        network="vit",
        **{"endless": True, **how},
    )
    folder = HOME / "runs" / f"{name}-pretrain-{method}-seed{seed}"
    return pretrain(dataset, chosen, folder, resume=True, progress=progress)


def finetuned(
    dataset: Dataset, name: str, encoder: Path | None, seed: int, progress: Progress, **how: Any
) -> Path:
    """A classifier, from an encoder or from scratch."""
    chosen = Finetuning(
        PRESET,
        epochs=_epochs(dataset, how.pop("images", FINETUNED_IMAGES), how.get("labels")),
        batch_size=BATCH_SIZE,
        learning_rate=how.pop("learning_rate", _rate(how.get("network", "vit"))),
        seed=seed,
        **{"endless": True, **how},
    )
    folder = HOME / "runs" / f"{name}-seed{seed}"
    return finetune(dataset, chosen, folder, pretrained=encoder, resume=True, progress=progress)


def _rate(network: str) -> float:
    return RINGS_RATE if network == NETWORKS[RINGS] else LEARNING_RATE


def _epochs(dataset: Dataset, images: int, labels: int | None = None) -> int:
    return max(1, round(images / (labels or dataset.examples("train"))))


# --- the parts


def _awgn(planes: str, model: str, seed: int, progress: Progress) -> dict[str, Any]:
    """A network on the images of awgn-ten, every one of which it sees once."""
    dataset = dataset_of(PLANES[planes], progress)
    encoder = None
    if model in METHODS:
        encoder = pretrained(dataset, planes, model, seed, progress)
    best = finetuned(
        dataset,
        f"{planes}-finetune-{model}",
        encoder,
        seed,
        progress,
        network=NETWORKS.get(model, "vit"),
        images=LONGER.get(model, FINETUNED_IMAGES),
    )
    return measured(dataset, best, progress)


def _rated(model: str, rate: float, progress: Progress) -> dict[str, Any]:
    """What validation examples say of a learning rate, with all planes."""
    best = finetuned(
        dataset_of(PLANES["planes"], progress),
        f"planes-rate{rate:g}-finetune-{model}",
        None,
        SEEDS[-1],
        progress,
        network=NETWORKS.get(model, "vit"),
        learning_rate=rate,
    )
    return {"validation accuracy": load_checkpoint(best).card["score"]["accuracy"]}


def _cumulants(planes: str, seed: int, progress: Progress) -> dict[str, Any]:
    """Nine cumulants of the symbols and a support vector machine, with all stored labels."""
    dataset = dataset_of(PLANES[planes], progress)
    folder = HOME / "runs" / f"{planes}-cumulants-seed{seed}"
    if not folder.is_dir():
        train_baseline(dataset, "cumulants", folder, seed=seed, progress=progress)
    return measured(dataset, folder, progress)


def _likelihood(progress: Progress) -> dict[str, Any]:
    """The best receiver of the sequence."""
    return measured(dataset_of(SEQUENCE, progress), Path(LIKELIHOOD), progress)


def _legacy(model: str, seed: int, progress: Progress) -> dict[str, Any]:
    """The published signals and pictures with a thousand labels."""
    dataset = dataset_of("legacy-small", progress)
    if model in ("cumulants", "logistic"):
        folder = HOME / "runs" / f"legacy-{model}-seed{seed}"
        if not folder.is_dir():
            train_baseline(
                dataset, model, folder, labels=LEGACY_LABELS, seed=seed, progress=progress
            )
        return measured(dataset, folder, progress)
    encoder = None
    if model == DENOMAE2:
        encoder = pretrained(dataset, "legacy", DENOMAE2, seed, progress, endless=False)
    best = finetuned(
        dataset,
        f"legacy-finetune-{model}",
        encoder,
        seed,
        progress,
        labels=LEGACY_LABELS,
        endless=False,
        network=NETWORKS.get(model, "vit"),
    )
    return measured(dataset, best, progress)


def _labels(progress: Progress) -> dict[str, Any]:
    """Accuracy against labels per class, all methods, budgets and seeds."""
    dataset = dataset_of(PLANES["planes"], progress)
    found = label_curve(
        dataset,
        CurveSettings(
            seeds=len(SEEDS),
            teaching=Teaching(
                preset=PRESET,
                shown=CURVE_IMAGES,
                batch_size=BATCH_SIZE,
                learning_rate=LEARNING_RATE,
            ),
        ),
        HOME / "label-curve",
        pretrained=pretrained(dataset, "planes", DENOMAE2, 0, progress),
        progress=progress,
    )
    figure = figure_of(Panels("", (label_chart(found.curve),)))
    save_figure(figure, DOCS / "figures" / "label-curve.png")
    heads, rows = label_curve_table(found.curve).in_print()
    return {"heads": heads, "rows": rows, "examples": sum(found.curve.points[0].examples)}


def _left_out(point: int, seed: int, progress: Progress) -> dict[str, Any]:
    """A network that never saw one of the SNR points, evaluated at all of them."""
    everything = dataset_of(PLANES["planes"], progress)
    grid = ",".join(_runs([snr for snr in everything.snr_db if snr != point]))
    without = dataset_of("awgn-ten-without", progress, snr=grid)
    name = f"without{point:g}-finetune-{RINGS}"
    best = finetuned(without, name, None, seed, progress, network=NETWORKS[RINGS])
    return measured(everything, best, progress)


def _known(point: int, progress: Progress) -> dict[str, Any]:
    """A network of one SNR point, evaluated there: it knows the SNR, as the ceiling does."""
    there = dataset_of("awgn-ten-known", progress, snr=f"{point:g}")
    name = f"known{point:g}-finetune-{RINGS}"
    best = finetuned(there, name, None, 0, progress, network=NETWORKS[RINGS])
    return measured(there, best, progress)


def _runs(points: Sequence[float]) -> Iterator[str]:
    """Points a decibel apart as pieces of an SNR grid."""
    for piece in np.split(np.array(points), np.flatnonzero(np.diff(points) > 1) + 1):
        yield f"{piece[0]:g}:{piece[-1]:g}"


# --- what is measured


def measured(dataset: Dataset, model: Path, progress: Progress) -> dict[str, Any]:
    """Counts over the test split and what is found beside them."""
    folder = HOME / "reports" / f"{dataset.folder.name}-{model.parent.parent.name}-{model.name}"
    found = eval_snr(dataset, {"model": model}, folder, progress=progress)
    report, assessment = found.report.accuracy["model"], found.report.assessments["model"]
    return {
        "hits_per_snr": report.hits_per_snr.tolist(),
        "examples_per_snr": report.examples_per_snr.tolist(),
        "merged_hits": assessment.merged.hits,
        "ece": round(assessment.calibration.ece, 4),
        "recall": _recall(report),
    }


def _recall(report: SnrReport) -> list[float]:
    """How often each class is taken for itself, over all SNR points."""
    confusion = report.confusion
    return [round(float(share), 4) for share in np.diag(confusion) / confusion.sum(axis=1)]
