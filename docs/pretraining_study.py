"""What docs/pretraining.md tells: the runs, and what is measured of each, kept in pretraining.json.

One run is one line of work: whatever stops the study, the next call goes on from there.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pretraining_references as references
from pages import Results

from rfmae.configuration.methods import Method, find_method, with_switches
from rfmae.configuration.training import Pretraining
from rfmae.datasets.recipe import Splits, load_recipe
from rfmae.datasets.store import Dataset
from rfmae.evaluation.denoise_measures import DenoiseBatch, evaluate_denoising
from rfmae.evaluation.image_quality import psnr_db
from rfmae.evaluation.probe import Features, linear_probe, neighbour_probe, probe_report
from rfmae.inference import Denoiser, FeatureEncoder, InputPipeline, load_denoiser, load_encoder
from rfmae.models.checkpoint import load_checkpoint
from rfmae.models.patches import PatchGrid
from rfmae.models.transformer import initialise
from rfmae.progress import Progress
from rfmae.records import FloatArray, IntArray, as_plain
from rfmae.training.run_folder import RunFolder
from rfmae.training.sampling import WEIGHTS, addressed_generator
from rfmae.workflows.data import synth
from rfmae.workflows.learning.training import pretrain

HOME = Path(__file__).parents[1] / "artifacts" / "pretraining"
RESULTS = Path(__file__).with_name("pretraining.json")

PRESET = "small"
SEEDS = (0, 1, 2)
BUDGET_HOURS = 12.0  # no run is begun later than that after the start
UNTRAINED, TRAINED = "untrained", "denomae2"
LEARNT = ("mae", "denomae", TRAINED, "position-dropout", "curriculum", "feature-noise")


@dataclass(frozen=True, slots=True)
class Size:
    """How large a part of the study is: examples per class and SNR point, pixels, epochs."""

    recipe: str
    pixels: int
    patch: int
    train: int
    validation: int
    test: int
    epochs: int
    batch_size: int = 16  # on few cores many small steps teach more in the same time
    mask_ratio: float = 0.75


# half hidden: in noise the linear theory finds most to learn at a half or a little more
DENOISING = Size("awgn-ten", 224, 32, train=30, validation=5, test=10, epochs=24, mask_ratio=0.5)
PROBES = Size("awgn-ten", 48, 8, train=48, validation=10, test=20, epochs=3)

LINEAR_EXAMPLES = 2000  # of the linear optimum that sees all
HELD_OUT_EXAMPLES = 500
COMPONENTS = 64  # of each patch, of the linear masked optimum


def compute(progress: Progress) -> None:
    """All that is not measured yet, the denoiser first, then seed after seed of all methods."""
    settings = {"preset": PRESET, **_sizes()}
    results, started = Results.of(RESULTS, settings), time.monotonic()
    for seed, method in _plan():
        if time.monotonic() - started > BUDGET_HOURS * 3600:
            progress.note("the time is over; call again to go on")
            return
        if method is None and not results.has("denoising"):
            results.add(denoising(progress), "denoising")
        elif method is not None and not results.has("probes", method, str(seed)):
            results.add(probed(method, seed, progress), "probes", method, str(seed))


def _plan() -> Iterator[tuple[int, str | None]]:
    """Seed and method of every run in order; no method is the denoiser."""
    yield 0, None
    for seed in SEEDS:
        yield from ((seed, method) for method in (*LEARNT, UNTRAINED))


def _sizes() -> dict[str, dict[str, Any]]:
    return {name: as_plain(size) for name, size in (("denoising", DENOISING), ("probes", PROBES))}


# --- training


def trained(size: Size, method: str, seed: int, progress: Progress) -> tuple[Dataset, Path, float]:
    """The data set, the best checkpoint, and the minutes that its steps took."""
    recipe = load_recipe(size.recipe)
    recipe = replace(
        recipe,
        image=replace(recipe.image, size=size.pixels),
        splits=Splits(size.train, size.validation, size.test),
    )
    dataset = synth(recipe, HOME / "datasets" / recipe.folder_name, workers=2, progress=progress)
    settings = Pretraining(
        PRESET,
        size.epochs,
        batch_size=size.batch_size,
        seed=seed,
        method=taught(size, method),
        network="vit",
        patch=size.patch,
    )
    folder = HOME / "runs" / f"{recipe.folder_name}-{method}-seed{seed}"
    checkpoint = pretrain(dataset, settings, folder, resume=True, progress=progress)
    return dataset, checkpoint, minutes_of(folder, size.batch_size)


def taught(size: Size, method: str) -> Method:
    """A method, with as much hidden as this part of the study asks for at the end."""
    return with_switches(find_method(method), {"masking.ratio": size.mask_ratio})


def minutes_of(folder: Path, batch_size: int) -> float:
    """How long the steps of a run took, by its log; drawing and validation are not in it."""
    lines = [line for line in RunFolder(folder).metrics() if "images_per_second" in line]
    steps = np.diff([0, *(line["step"] for line in lines)])
    rates = np.array([line["images_per_second"] for line in lines])
    return float((steps * batch_size / rates).sum() / 60)


# --- probes


def probed(method: str, seed: int, progress: Progress) -> dict[str, Any]:
    """How often frozen features of the test split are named right."""
    dataset, checkpoint, minutes = trained(
        PROBES, TRAINED if method == UNTRAINED else method, seed, progress
    )
    encoder = untrained(checkpoint, seed) if method == UNTRAINED else load_encoder(checkpoint)
    train, validation, test = (
        features(dataset, split, encoder, progress) for split in ("train", "validation", "test")
    )
    linear, near = linear_probe(train, validation), neighbour_probe(train, validation)
    grid = {
        "snr_db": dataset.snr_db,
        "classes": dataset.classes,
        "snr_reference": dataset.snr_reference,
    }
    found: dict[str, Any] = {
        "minutes": minutes,
        "examples": len(test),
        "strength": linear.strength,
        "neighbours": near.neighbours,
    }
    for name, probe in (("linear", linear), ("nearest", near)):
        report = probe_report(probe, test, **grid)
        found[name] = {"hits_per_snr": report.hits_per_snr.tolist()}
    progress.note(f"{method}, seed {seed}: {sum(found['linear']['hits_per_snr'])} of {len(test)}")
    return found


def untrained(checkpoint: Path, seed: int) -> FeatureEncoder:
    """The encoder of a run as it was before the first step."""
    loaded = load_checkpoint(checkpoint)
    network = loaded.build()
    initialise(network, addressed_generator(seed, WEIGHTS, 0))
    pipeline = InputPipeline.of(loaded)
    return FeatureEncoder(network.encoder, pipeline, next(network.parameters()).device)


def features(dataset: Dataset, split: str, encoder: FeatureEncoder, progress: Progress) -> Features:
    """What an encoder makes of a split."""
    rows = np.arange(dataset.examples(split))
    parts = []
    with progress.stage(f"features of {split}", len(rows), "examples") as stage:
        for part in references.batches(rows):
            views = dataset.read_views(split, encoder.pipeline.views, part)
            parts.append(encoder({view: batch.iq for view, batch in views.items()}))
            stage.advance(len(part))
    label, snr_db = dataset.labels(split)
    return Features(np.concatenate(parts), label, snr_db)


# --- denoising

Answers = Mapping[str, Callable[[FloatArray, IntArray], FloatArray]]
"""By name: noisy images (N, C, H, W) and their labels to what is said of the clean ones."""


def denoising(progress: Progress) -> dict[str, Any]:
    """PSNR and SSIM of every answer to the test images, and what the reconstruction is ahead."""
    dataset, checkpoint, minutes = trained(DENOISING, TRAINED, 0, progress)
    denoiser = load_denoiser(checkpoint)
    answers = _answers(dataset, denoiser, progress)
    test = np.arange(dataset.examples("test"))
    psnr: dict[str, list[FloatArray]] = {name: [] for name in answers}

    def answered() -> Iterator[DenoiseBatch]:
        for rows in references.batches(test):
            drawn = references.draw(dataset, "test", rows)
            said = {name: say(drawn.noisy, drawn.label) for name, say in answers.items()}
            for name, images in said.items():
                psnr[name].append(psnr_db(images, drawn.clean))
            yield DenoiseBatch(drawn.clean, said, drawn.snr_db, drawn.label)

    with progress.stage("denoise", len(test), "images") as stage:
        report = evaluate_denoising(
            answered(),
            snr_db=dataset.snr_db,
            classes=dataset.classes,
            snr_reference=dataset.snr_reference,
            advance=stage.advance,
        )
    _, snr_db = dataset.labels("test")
    single = {name: np.concatenate(values) for name, values in psnr.items()}
    ahead = {name: _ahead(single, name, snr_db, dataset.snr_db) for name in answers}
    return {"minutes": minutes, "report": as_plain(replace(report, likeness=())), "ahead_db": ahead}


def _answers(dataset: Dataset, denoiser: Denoiser, progress: Progress) -> Answers:
    rows = references.spread_rows(dataset.examples("train"), LINEAR_EXAMPLES)
    held_out_rows = references.spread_rows(dataset.examples("validation"), HELD_OUT_EXAMPLES)
    progress.note("solving the linear optima")
    train = references.draw(dataset, "train", rows)
    held_out = references.draw(dataset, "validation", held_out_rows)
    means = references.class_means(train)
    seeing = references.seeing_optimum(train, held_out)
    shape = train.noisy.shape[1:]
    grid = PatchGrid("image", shape, DENOISING.patch)
    visible = taught(DENOISING, TRAINED).masking.visible_at(grid.patches, 1, 1)
    masked = references.masked_optimum(dataset, train, grid, visible, COMPONENTS)
    progress.note(f"ridges: {masked.mae.ridge:g} masked, {seeing.ridge:g} seeing all")
    return {
        "reconstruction": lambda noisy, _: denoiser(noisy),
        "noisy": lambda noisy, _: noisy,
        "class mean": lambda _, label: means[label],
        "linear, masked": lambda noisy, _: masked(noisy),
        "linear, sees all": lambda noisy, _: seeing.predict(noisy).clip(0, 1),
        "reconstruction, sees all": lambda noisy, _: denoiser.unmasked(noisy),
        "blank": lambda noisy, _: np.zeros_like(noisy),
    }


def _ahead(
    single: Mapping[str, FloatArray], name: str, snr_db: FloatArray, grid: tuple[float, ...]
) -> dict[str, list[float]]:
    """Mean difference in PSNR of the same images per SNR, and half its 95 % interval."""
    difference = single["reconstruction"] - single[name]
    parts = [difference[np.isclose(snr_db, point)] for point in grid]
    half = [1.96 * part.std(ddof=1) / np.sqrt(len(part)) for part in parts]
    return {"mean": [float(part.mean()) for part in parts], "half": list(map(float, half))}
