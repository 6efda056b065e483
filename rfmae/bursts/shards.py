"""Examples in files, made by several processes and resumable."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from joblib import Parallel, delayed

from rfmae.bursts.examples import example
from rfmae.bursts.practice_settings import OTHER, Practice
from rfmae.bursts.practice_signals import CLASSES
from rfmae.errors import RecipeError
from rfmae.progress import Progress
from rfmae.records import FloatArray, IntArray

SHARD = 50
"""Examples of one class in a file."""

Split = Literal["train", "validation"]


@dataclass(frozen=True, slots=True)
class ExamplePlan:
    """How many examples of a class there are, from which practice and seed."""

    practice: Practice
    per_class: dict[Split, int]
    other_share: float  # examples of other signals, over those of a class
    held_out: tuple[str, ...]  # kinds of other signals that are not trained on
    seed: int
    twins: bool = False

    def __post_init__(self) -> None:
        for split, count in self.per_class.items():
            if count < SHARD or count % SHARD:
                raise RecipeError(
                    f"{split} examples of a class must be a multiple of {SHARD}, got {count}"
                )

    @property
    def origin(self) -> str:
        """What examples depend on, and not how many there are."""
        held_out = ", ".join(self.held_out)
        return f"seed {self.seed}, twins {self.twins}, held out {held_out}, {self.practice}"


@dataclass(frozen=True, slots=True)
class Examples:
    """Features (N, F) of bursts, those of their clean twins, and what is true of them."""

    features: FloatArray
    clean: FloatArray  # none of them where no denoising is asked for
    labels: IntArray  # (N,), of the classes, the last number for other signals
    kinds: tuple[str, ...]  # of other signals
    snr_db: FloatArray
    symbols: FloatArray


def make_examples(
    plan: ExamplePlan, split: Split, folder: Path, progress: Progress, workers: int = 2
) -> Examples:
    """All examples of a split, from shards in a folder; those that are there are kept."""
    _claim(folder, plan)
    counts = dict.fromkeys(CLASSES, plan.per_class[split])
    counts[OTHER] = round(plan.per_class[split] * plan.other_share / SHARD) * SHARD
    jobs = [(name, number) for name, count in counts.items() for number in range(count // SHARD)]
    jobs.sort(key=lambda job: job[1])  # all classes alike, should it be cut short
    left = [job for job in jobs if not _shard_path(folder, split, *job).exists()]
    with progress.stage(f"examples ({split})", len(jobs), "shards") as bar:
        bar.advance(len(jobs) - len(left))
        made = Parallel(n_jobs=workers, return_as="generator_unordered")(
            delayed(_make_shard)(plan, split, folder, *job) for job in left
        )
        for _ in made:
            bar.advance(1)
    return _joined([_shard_path(folder, split, *job) for job in jobs])


def _claim(folder: Path, plan: ExamplePlan) -> None:
    """Keep examples of different plans apart."""
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "origin.txt"
    if not note.exists():
        note.write_text(plan.origin, "utf-8")
    elif note.read_text("utf-8") != plan.origin:
        raise RecipeError(f"{folder} holds examples of another recipe; name another folder")


def _shard_path(folder: Path, split: Split, name: str, number: int) -> Path:
    plain = name.replace("/", "-").replace("π", "pi")
    return folder / f"{split}-{plain}-{number:03d}.npz"


def _make_shard(plan: ExamplePlan, split: Split, folder: Path, name: str, number: int) -> None:
    label = (*CLASSES, OTHER).index(name)
    address = [plan.seed, ("train", "validation").index(split), label, number]
    practice = plan.practice
    if split == "train":
        practice = replace(practice, left_out=plan.held_out)
    twins = plan.twins and split == "train"
    made = []
    for rng in np.random.default_rng(address).spawn(SHARD):
        found = example(name, rng, practice, twin=twins)
        if found is not None and (found.clean is not None or not twins):
            made.append(found)
    path = _shard_path(folder, split, name, number)
    scratch = path.with_name(f".{path.name}")
    with scratch.open("wb") as file:
        np.savez(
            file,
            features=np.stack([item.features for item in made]).astype(np.float16),
            clean=np.array([item.clean for item in made if item.clean is not None], np.float16),
            labels=np.full(len(made), label),
            kinds=np.array([item.kind for item in made]),
            snr_db=np.array([item.snr_db for item in made]),
            symbols=np.array([item.symbols for item in made]),
        )
    scratch.rename(path)


def _joined(paths: Sequence[Path]) -> Examples:
    parts = [dict(np.load(path, allow_pickle=False)) for path in paths]

    def joined(name: str) -> Any:
        return np.concatenate([part[name] for part in parts])

    return Examples(
        joined("features").astype(np.float32),
        joined("clean").astype(np.float32),
        joined("labels"),
        tuple(map(str, joined("kinds"))),
        joined("snr_db"),
        joined("symbols"),
    )
