"""What few labels are worth to a network that was pre-trained, kept in few-labels.json.

One point is one line of work: whatever stops the study, the next call goes on from there. All
methods of a seed see the same labels, and nothing is drawn twice.

    python docs/few_labels_study.py [k/n]    measures what is missing, every n-th group
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from few_labels_data import (
    CHANNELS,
    DISJOINT,
    HOME,
    PAIRS,
    TRANSFERS,
    WAVEFORM,
    dataset_of,
    disjoint_halves,
    other_channel,
    synthesised,
    transfer_target,
)
from few_labels_networks import (
    ALL_IMAGES,
    EPOCHS,
    HARMONICS,
    IMAGE,
    SHOWN,
    SNR,
    VARIANTS,
    Probed,
    classifier_hits,
    classifier_of,
    encoder_of,
    hits_of,
)
from pages import Results

from rfmae.datasets.store import Dataset
from rfmae.progress import Progress, Silent
from rfmae.records import Modality
from rfmae.workflows.learning.baselines import train_baseline

FOUND = Path(__file__).parent / "few-labels.json"

SEEDS = (0, 1, 2)
BUDGETS = (1, 5, 10, 50, 100, 1000)
PER_POINT = (2, 5, 10, 20, 50, 100)  # labels of each class at each SNR point
DISJOINT_BUDGETS = (1, 5, 10, 100)
OTHER_BUDGETS = (10, 100)

SCRATCH = {
    "rings": (HARMONICS,),
    "rings and SNR": (HARMONICS, SNR),
    "vit": (IMAGE,),
    "cnn": (IMAGE,),
}
"""What is trained from labels alone, and what it sees."""

Group = tuple[str, Callable[[Results], None]]


def groups() -> Iterator[Group]:
    """All that is measured, what matters most first."""
    for seed in SEEDS:
        yield f"probe rings {seed}", lambda f, s=seed: probes(f, "rings", s, units=True)
        yield f"snr {seed}", lambda f, s=seed: probes(f, "rings and SNR", s, units=True)
        yield f"fine-tune rings {seed}", lambda f, s=seed: tuned(f, "rings", s)
        yield f"scratch rings {seed}", lambda f, s=seed: scratch(f, "rings", s)
        yield f"noisy {seed}", lambda f, s=seed: probes(f, "rings, noisy target", s)
        yield f"no position {seed}", lambda f, s=seed: probes(f, "position weight 0", s)
    for seed in SEEDS:
        yield f"classical {seed}", lambda f, s=seed: classical(f, s)
        yield f"cnn {seed}", lambda f, s=seed: scratch(f, "cnn", s)
        yield f"fine-tune snr {seed}", lambda f, s=seed: tuned(f, "rings and SNR", s)
        yield f"scratch snr {seed}", lambda f, s=seed: scratch(f, "rings and SNR", s)
    for seed in SEEDS:
        for split in range(len(DISJOINT)):
            yield f"disjoint {split} {seed}", lambda f, p=split, s=seed: disjoint(f, p, s)
        for name in CHANNELS:
            yield f"channel {name} {seed}", lambda f, n=name, s=seed: channel(f, n, s)
        for name in TRANSFERS:
            yield f"transfer {name} {seed}", lambda f, n=name, s=seed: transfer(f, n, s)
    rest = [name for name in VARIANTS if name not in ("rings", "rings and SNR", "vit")]
    for seed in SEEDS:
        for name in rest:
            yield f"{name} {seed}", lambda f, n=name, s=seed: probes(f, n, s)
    for seed in SEEDS:
        yield f"vit {seed}", lambda f, s=seed: probes(f, "vit", s)
        yield f"fine-tune vit {seed}", lambda f, s=seed: tuned(f, "vit", s)
        yield f"vit scratch {seed}", lambda f, s=seed: scratch(f, "vit", s)
    for seed in SEEDS:
        yield f"all labels {seed}", lambda f, s=seed: all_labels(f, s)


def probes(found: Results, name: str, seed: int, *, units: bool = False) -> None:
    """Linear probes of a pre-training at every budget."""
    dataset = dataset_of(PAIRS)
    probed = cache(
        lambda: Probed(encoder_of(dataset, name, seed), dataset, VARIANTS[name].modalities)
    )

    def point(method: str, budget: str, labels: dict[str, int]) -> None:
        add(found, lambda: probed().hits(labels, seed), name, method, budget, str(seed))

    for count in BUDGETS:
        point("probe", str(count), {"labels_per_class": count})
    for count in PER_POINT if units else ():
        point("probe, per class and SNR", str(count), {"labels_per_class_and_snr": count})
    if units:
        point("probe", "all", {})


def tuned(found: Results, name: str, seed: int) -> None:
    """The same encoder fine-tuned at every budget."""
    dataset, variant = dataset_of(PAIRS), VARIANTS[name]
    taught = Taught(dataset, seed, variant.modalities, variant.network)
    for count in BUDGETS:
        add(
            found,
            lambda c=count: taught.hits(c, f"tuned-{name}", encoder_of(dataset, name, seed)),
            name,
            "fine-tuned",
            str(count),
            str(seed),
        )


def scratch(found: Results, name: str, seed: int) -> None:
    """A network from labels alone at every budget."""
    taught = Taught(dataset_of(PAIRS), seed, SCRATCH[name], name.split()[0])
    for count in BUDGETS:
        add(
            found,
            lambda c=count: taught.hits(c, f"scratch-{name}"),
            f"{name} from scratch",
            "",
            str(count),
            str(seed),
        )


@dataclass(frozen=True, slots=True)
class Taught:
    """Classifiers of one network on one data set."""

    dataset: Dataset
    seed: int
    modalities: tuple[Modality, ...]
    network: str = "rings"

    def hits(
        self, count: int | None, name: str, encoder: Path | None = None, shown: int = SHOWN
    ) -> list[int]:
        """Hits of a classifier of so many labels per class; none means all."""
        words = name.replace(" ", "-").replace(".", "-")
        best = classifier_of(
            self.dataset,
            {} if count is None else {"labels_per_class": count},
            self.seed,
            modalities=self.modalities,
            encoder=encoder,
            network=self.network,
            shown=shown,
            name=f"{words}-{count or 'all'}-seed{self.seed}",
        )
        return classifier_hits(best, self.dataset, self.modalities)


def classical(found: Results, seed: int) -> None:
    """Cumulants of all that the planes show, and a support vector machine."""
    from rfmae.workflows.evaluate.evaluating import answers_of
    from rfmae.workflows.evaluate.predictors import open_predictor

    dataset = dataset_of(PAIRS)
    for count in BUDGETS:

        def hits(count: int = count) -> list[int]:
            folder = HOME / "few-labels" / f"cumulants-{count}-seed{seed}"
            if not folder.is_dir():
                train_baseline(
                    dataset, "cumulants-planes", folder, labels_per_class=count, seed=seed
                )
            predictor = open_predictor(dataset, folder, "cpu")
            rows = np.arange(dataset.examples("test"))
            answers = answers_of(dataset, predictor, "cumulants", rows, Silent())
            return hits_of(answers.probabilities.argmax(axis=1), dataset)

        add(found, hits, "cumulants of the planes + SVM", "", str(count), str(seed))


def all_labels(found: Results, seed: int) -> None:
    """Every label that the pairs have: pre-trained and from scratch, with and without the SNR."""
    dataset = dataset_of(PAIRS)
    for name in ("rings and SNR", "rings"):
        taught = Taught(dataset, seed, VARIANTS[name].modalities)
        for start in ("pre-trained", "from scratch"):

            def hits(name: str = name, start: str = start, taught: Taught = taught) -> list[int]:
                encoder = encoder_of(dataset, name, seed) if start == "pre-trained" else None
                return taught.hits(None, f"all-{name}-{start}", encoder, ALL_IMAGES)

            add(found, hits, f"{name}, {start}", "all labels", "all", str(seed))


def disjoint(found: Results, split: int, seed: int) -> None:
    """Pre-trained on five classes, measured on the other five."""
    first, other = disjoint_halves(split)
    encoder = cache(lambda: encoder_of(synthesised(first), "rings", seed, f"disjoint{split}-"))
    few(found, synthesised(other), encoder, seed, f"disjoint {split}", DISJOINT_BUDGETS)


def channel(found: Results, name: str, seed: int) -> None:
    """Pre-trained in white noise, measured under another channel with labels from there."""
    encoder = cache(lambda: encoder_of(dataset_of(PAIRS), "rings", seed))
    few(found, synthesised(other_channel(name)), encoder, seed, name, OTHER_BUDGETS)


def transfer(found: Results, name: str, seed: int) -> None:
    """Pre-trained on the ten classes, measured on other data."""
    pairs, home = dataset_of(PAIRS), ""
    if TRANSFERS[name]:
        pairs, home = pairs.rendered_as(WAVEFORM), "waveform-"
    encoder = cache(lambda: encoder_of(pairs, "rings", seed, home))
    target = transfer_target(name).rendered_as(pairs.image)
    few(found, target, encoder, seed, name, OTHER_BUDGETS)


def few(
    found: Results,
    dataset: Dataset,
    encoder: Callable[[], Path],
    seed: int,
    key: str,
    budgets: tuple[int, ...],
) -> None:
    """Probe, fine-tuned and from scratch with labels of a data set."""
    modalities = (HARMONICS,)
    add(found, lambda: dataset.examples("test"), "test examples", key)
    probed = cache(lambda: Probed(encoder(), dataset, modalities))
    taught = Taught(dataset, seed, modalities)
    for count in budgets:
        ways: dict[str, Callable[[int], list[int]]] = {
            "probe": lambda c: probed().hits({"labels_per_class": c}, seed),
            "fine-tuned": lambda c: taught.hits(c, f"{key}-tuned", encoder()),
            "from scratch": lambda c: taught.hits(c, f"{key}-scratch"),
        }
        for method, hits in ways.items():
            add(found, lambda h=hits, c=count: h(c), key, method, str(count), str(seed))


def add(found: Results, measure: Callable[[], Any], *keys: str) -> None:
    """Measure a point that is not there yet."""
    if not found.has(*keys):
        found.add(measure(), *keys)
        print(*keys, flush=True)


def settings() -> dict[str, Any]:
    """What the figures are of."""
    return {"epochs": EPOCHS, "shown": SHOWN, "all_images": ALL_IMAGES}


def compute(_: Progress, share: tuple[int, int] = (0, 1)) -> None:
    """All that is not measured yet."""
    first, every = share
    for number, (name, measure) in enumerate(groups()):
        if number % every == first:
            print("#", name, flush=True)
            measure(Results.of(FOUND, settings()))


if __name__ == "__main__":
    torch.set_num_threads(1)
    first, every = map(int, (sys.argv[1] if len(sys.argv) > 1 else "0/1").split("/"))
    compute(Silent(), (first, every))
