"""What few labels tell a network that was pre-trained, kept in few-labels.json, point by point.

One point is one line of work: whatever stops the study, the next call goes on from there. All
methods of a seed see the same labels, and nothing is drawn twice in a process.

    python docs/few_labels_study.py [k/n]    measures what is missing, every n-th group
"""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pages import Results, alone_with

from rfmae.datasets.recipe import Recipe, load_recipe
from rfmae.datasets.store import Dataset, open_dataset
from rfmae.evaluation.probe import Features, linear_probe
from rfmae.models.checkpoint import load_checkpoint
from rfmae.models.encoders import AnyEncoder
from rfmae.progress import Progress, Silent
from rfmae.records import IntArray, Modality
from rfmae.signal.impairments import Fading
from rfmae.training.label_budget import LabelBudget
from rfmae.training.loaders import InputSplit
from rfmae.workflows.data import synth
from rfmae.workflows.learning.baselines import train_baseline
from rfmae.workflows.learning.methods import Method, find_method, with_switches
from rfmae.workflows.learning.training import Finetuning, Pretraining, finetune, pretrain

DOCS = Path(__file__).parent
HOME = DOCS.parent / "artifacts" / "results"
FOUND = DOCS / "few-labels.json"
RECIPES = DOCS / "results"

SEEDS = (0, 1, 2)
BUDGETS = (1, 5, 10, 50, 100, 1000)
PER_POINT = (2, 5, 10, 20, 50)  # labels of each class at each SNR point
EPOCHS = 8  # of 67,200 pairs, 2,096 steps of 256
SHOWN = 12_800  # labelled images that a network is shown at every budget
STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0)
ALL_IMAGES = 420_000  # shown with all labels

CPU = torch.device("cpu")
HARMONICS, SNR, IMAGE = Modality("harmonics"), Modality("snr", view="waveform"), Modality()


@dataclass(frozen=True, slots=True)
class Variant:
    """A pre-training: the network, what it sees, and what differs from DenoMAE2.0."""

    network: str = "rings"
    modalities: tuple[Modality, ...] = (HARMONICS,)
    switches: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(modality.name for modality in self.modalities)

    @property
    def method(self) -> Method:
        return with_switches(find_method("denomae2", self.network), self.switches)


VARIANTS: dict[str, Variant] = {
    "rings": Variant(),
    "rings, noisy target": Variant(switches={"pixels.target": "noisy"}),
    "rings and SNR": Variant(modalities=(HARMONICS, SNR)),
    "position weight 0": Variant(switches={"position.weight": 0.0, "position.dropout": 0.0}),
    "position weight 0.01": Variant(switches={"position.weight": 0.01}),
    "position weight 1": Variant(switches={"position.weight": 1.0}),
    "mask ratio 0.25": Variant(switches={"masking.ratio": 0.25}),
    "mask ratio 0.5": Variant(switches={"masking.ratio": 0.5}),
    "mask ratio 0.75": Variant(switches={"masking.ratio": 0.75}),
    "mask ratio 0.9": Variant(switches={"masking.ratio": 0.9}),
    "mask ratio 0 to 0.75": Variant(switches={"masking.ratio": 0.75, "masking.lowest": 0.0}),
    "hidden tokens alone judged, mask ratio 0.75": Variant(
        switches={"masking.ratio": 0.75, "pixels.where": "hidden"}
    ),
    "curriculum": Variant(
        switches={
            "masking.ratio": 0.5,
            "masking.start_ratio": 0.25,
            "laplacian_weight": 0.05,
            "uniformity_weight": 0.01,
        }
    ),
    "vit": Variant("vit", (IMAGE,)),
}
"""What is pre-trained; all but the last three named ones are DenoMAE2.0 with one thing changed."""

SCRATCH = {"rings": (HARMONICS,), "vit": (IMAGE,), "cnn": (IMAGE,)}
"""What is trained from labels alone, and what it sees."""


# --- data, drawn once


@cache
def dataset_of(name: str) -> Dataset:
    """A recipe of the study as a data set."""
    return synthesised(load_recipe(str(RECIPES / f"{name}.toml")))


def synthesised(recipe: Recipe) -> Dataset:
    """Any recipe as a data set of the study."""
    return synth(recipe, HOME / "datasets" / recipe.folder_name, workers=1, progress=Silent())


@cache
def split_of(
    folder: Path, split: str, modalities: tuple[Modality, ...], targets: bool = False
) -> InputSplit:
    """A split of a data set, whole, held for whoever asks next."""
    return KeptSplit(open_dataset(folder), split, modalities, CPU, Silent(), targets=targets)


class KeptSplit(InputSplit):
    """A split that is rendered once for all processes of the study."""

    def _all_drawn(self, progress: Progress) -> dict[Modality, torch.Tensor]:
        names = "-".join(part.name for part in self._drawing.parts)
        name = f"{self._dataset.folder.name}-{self._split}-{names}.pt"
        path = HOME / "few-labels" / "rendered" / name
        if not path.is_file():
            drawn = super()._all_drawn(progress)
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_suffix(f".{os.getpid()}")
            torch.save([drawn[part] for part in self._drawing.parts], beside)
            beside.replace(path)
            return drawn
        return dict(zip(self._drawing.parts, torch.load(path, mmap=True), strict=True))


# --- what is trained


def encoder_of(dataset: Dataset, name: str, seed: int, home: str = "") -> Path:
    """The checkpoint of a pre-training."""
    variant = VARIANTS[name]
    split_of(dataset.folder, "train", variant.modalities, targets=True)
    transformer = variant.network == "vit"
    settings = Pretraining(
        "tiny" if transformer else "small",
        EPOCHS // 8 if transformer else EPOCHS,
        batch_size=32 if transformer else None,
        learning_rate=1.5e-3 if transformer else None,
        seed=seed,
        method=variant.method,
        network=variant.network,
        modalities=variant.names,
    )
    words = name.replace(" ", "-").replace(",", "")
    folder = HOME / "few-labels" / f"{home}pretrain-{words}-seed{seed}"
    with alone_with(folder.with_suffix(".json")):  # another process may want it, too
        return pretrain(dataset, settings, folder, resume=True, device="cpu")


def classifier_of(
    dataset: Dataset,
    labels: dict[str, int],
    seed: int,
    *,
    modalities: tuple[Modality, ...],
    encoder: Path | None = None,
    network: str = "rings",
    shown: int = SHOWN,
    name: str,
) -> Path:
    """A classifier of few labels, from an encoder or from scratch."""
    budget = LabelBudget.of(**labels).total(dataset) or dataset.examples("train")
    settings = Finetuning(
        "tiny" if network == "vit" else "small",
        epochs=max(1, round(shown / budget)),
        seed=seed,
        network=network,
        modalities=tuple(modality.name for modality in modalities),
        **labels,
    )
    folder = HOME / "few-labels" / "classifiers" / name
    return finetune(dataset, settings, folder, pretrained=encoder, resume=True, device="cpu")


# --- what is measured


def hits_of(named: IntArray, dataset: Dataset) -> list[int]:
    """Test examples named right at each SNR point."""
    label, snr_db = dataset.labels("test")
    right = named == label
    return [int(right[np.isclose(snr_db, point)].sum()) for point in dataset.snr_db]


@torch.no_grad()
def asked(best: Path, dataset: Dataset, modalities: tuple[Modality, ...]) -> list[int]:
    """Hits of a classifier's checkpoint."""
    network = load_checkpoint(best).build()
    split = split_of(dataset.folder, "test", modalities)
    rows = torch.arange(len(split)).split(512)
    return hits_of(
        torch.cat([network(split.inputs(part)).argmax(dim=1) for part in rows]).numpy(), dataset
    )


@torch.no_grad()
def features_of(
    encoder: AnyEncoder,
    dataset: Dataset,
    split: str,
    modalities: tuple[Modality, ...],
    rows: IntArray | None = None,
) -> Features:
    """What a frozen encoder makes of the rows of a split."""
    drawn = split_of(dataset.folder, split, modalities)
    every = torch.arange(len(drawn)) if rows is None else torch.from_numpy(rows)
    values = torch.cat([encoder.features(drawn.inputs(part)) for part in every.split(512)])
    label, snr_db = dataset.labels(split)
    return Features(values.numpy(), label[every.numpy()], snr_db[every.numpy()])


class Probed:
    """Linear probes of one encoder at any budget."""

    def __init__(self, best: Path, dataset: Dataset, modalities: tuple[Modality, ...]) -> None:
        self._encoder: AnyEncoder = load_checkpoint(best).build().encoder
        self._dataset, self._modalities = dataset, modalities
        self._held = {
            split: features_of(self._encoder, dataset, split, modalities)
            for split in ("validation", "test")
        }

    def hits(self, labels: dict[str, int], seed: int) -> list[int]:
        """Hits of the probe whose strength validation chooses."""
        rows = LabelBudget.of(**labels).rows(self._dataset, seed)
        known = features_of(
            self._encoder,
            self._dataset,
            "train",
            self._modalities,
            None if rows is None else rows.numpy(),
        )
        probe = linear_probe(known, self._held["validation"], STRENGTHS)
        return hits_of(probe.name(self._held["test"].values), self._dataset)


# --- the groups


Group = tuple[str, Callable[[Results], None]]


def groups() -> Iterator[Group]:
    """All that is measured, what matters most first."""
    for seed in SEEDS:
        yield (
            f"probe rings {seed}",
            lambda found, seed=seed: probes(found, "rings", seed, units=True),
        )
        yield f"fine-tune rings {seed}", lambda found, seed=seed: tuned(found, "rings", seed)
        yield f"scratch rings {seed}", lambda found, seed=seed: scratch(found, "rings", seed)
        yield f"noisy {seed}", lambda found, seed=seed: probes(found, "rings, noisy target", seed)
        yield f"snr {seed}", lambda found, seed=seed: probes(found, "rings and SNR", seed)
        yield (
            f"no position {seed}",
            lambda found, seed=seed: probes(found, "position weight 0", seed),
        )
    for seed in SEEDS:
        yield f"classical {seed}", lambda found, seed=seed: classical(found, seed)
        yield f"cnn {seed}", lambda found, seed=seed: scratch(found, "cnn", seed)
    for seed in SEEDS:
        yield f"all labels {seed}", lambda found, seed=seed: all_labels(found, seed)
    for seed in SEEDS:
        for split in range(len(DISJOINT)):
            yield f"disjoint {split} {seed}", lambda f, p=split, s=seed: disjoint(f, p, s)
        for name in CHANNELS:
            yield f"channel {name} {seed}", lambda f, n=name, s=seed: channel(f, n, s)
    rest = [name for name in VARIANTS if name.startswith(("mask", "hidden", "position", "curr"))]
    for seed in SEEDS:
        for name in rest:
            yield f"{name} {seed}", lambda found, name=name, seed=seed: probes(found, name, seed)
    yield "vit", lambda found: (probes(found, "vit", 0), tuned(found, "vit", 0))
    for seed in SEEDS:
        yield f"vit scratch {seed}", lambda found, seed=seed: scratch(found, "vit", seed)


def probes(found: Results, name: str, seed: int, *, units: bool = False) -> None:
    """Linear probes of a pre-training at every budget."""
    dataset = dataset_of("awgn-ten-pairs")
    probed = cache(
        lambda: Probed(encoder_of(dataset, name, seed), dataset, VARIANTS[name].modalities)
    )
    for count in BUDGETS:
        add(
            found,
            lambda c=count: probed().hits({"labels_per_class": c}, seed),
            name,
            "probe",
            str(count),
            str(seed),
        )
    for count in PER_POINT if units else ():
        add(
            found,
            lambda c=count: probed().hits({"labels_per_class_and_snr": c}, seed),
            name,
            "probe, per class and SNR",
            str(count),
            str(seed),
        )


def tuned(found: Results, name: str, seed: int) -> None:
    """The same encoder fine-tuned at every budget."""
    dataset, variant = dataset_of("awgn-ten-pairs"), VARIANTS[name]
    for count in BUDGETS:

        def hits(count: int = count) -> list[int]:
            best = classifier_of(
                dataset,
                {"labels_per_class": count},
                seed,
                modalities=variant.modalities,
                encoder=encoder_of(dataset, name, seed),
                network=variant.network,
                name=f"tuned-{variant.network}-{count}-seed{seed}",
            )
            return asked(best, dataset, variant.modalities)

        add(found, hits, name, "fine-tuned", str(count), str(seed))


def scratch(found: Results, network: str, seed: int) -> None:
    """A network from labels alone at every budget."""
    dataset, modalities = dataset_of("awgn-ten-pairs"), SCRATCH[network]
    for count in BUDGETS:

        def hits(count: int = count) -> list[int]:
            best = classifier_of(
                dataset,
                {"labels_per_class": count},
                seed,
                modalities=modalities,
                network=network,
                name=f"scratch-{network}-{count}-seed{seed}",
            )
            return asked(best, dataset, modalities)

        add(found, hits, f"{network} from scratch", "", str(count), str(seed))


def classical(found: Results, seed: int) -> None:
    """Cumulants of all that the planes show, and a support vector machine."""
    from rfmae.workflows.exam.candidates import open_candidate
    from rfmae.workflows.exam.exams import answers_of

    dataset = dataset_of("awgn-ten-pairs")
    for count in BUDGETS:

        def hits(count: int = count) -> list[int]:
            folder = HOME / "few-labels" / f"cumulants-{count}-seed{seed}"
            if not folder.is_dir():
                train_baseline(
                    dataset, "cumulants-planes", folder, labels_per_class=count, seed=seed
                )
            candidate = open_candidate(dataset, folder, "cpu")
            rows = np.arange(dataset.examples("test"))
            answers = answers_of(dataset, candidate, "cumulants", rows, Silent())
            return hits_of(answers.probabilities.argmax(axis=1), dataset)

        add(found, hits, "cumulants of the planes + SVM", "", str(count), str(seed))


def all_labels(found: Results, seed: int) -> None:
    """Every label that the pairs have: pre-trained and from scratch, with and without the SNR."""
    dataset = dataset_of("awgn-ten-pairs")
    for name in ("rings", "rings and SNR"):
        modalities = VARIANTS[name].modalities
        for start in ("pre-trained", "from scratch"):

            def hits(
                name: str = name, start: str = start, modalities: Any = modalities
            ) -> list[int]:
                encoder = encoder_of(dataset, name, seed) if start == "pre-trained" else None
                best = classifier_of(
                    dataset,
                    {},
                    seed,
                    modalities=modalities,
                    encoder=encoder,
                    shown=ALL_IMAGES,
                    name=f"all-{name.replace(' ', '-')}-{start.replace(' ', '-')}-seed{seed}",
                )
                return asked(best, dataset, modalities)

            add(found, hits, f"{name}, {start}", "all labels", "all", str(seed))


DISJOINT = (
    ("OOK", "8ASK", "16PAM", "OQPSK", "GFSK"),
    ("OOK", "4ASK", "DQPSK", "CPFSK", "GMSK"),
)
"""Classes that are pre-trained on; labels are of the other five."""

DISJOINT_BUDGETS = (1, 5, 10, 100)


def disjoint(found: Results, split: int, seed: int) -> None:
    """Pre-trained on five classes, asked about the other five."""
    base = load_recipe(str(RECIPES / "awgn-ten-pairs.toml"))
    seen = DISJOINT[split]
    other = tuple(name for name in base.classes if name not in seen)
    halves = [
        replace(
            base, name=f"awgn-five-{word}{split}", source=replace(base.source, modulations=names)
        )
        for word, names in (("seen", seen), ("other", other))
    ]
    halves[1] = replace(halves[1], splits=replace(base.splits, train=10))
    encoder = cache(lambda: encoder_of(synthesised(halves[0]), "rings", seed, f"disjoint{split}-"))
    few(found, synthesised(halves[1]), encoder, seed, f"disjoint {split}", DISJOINT_BUDGETS)


CHANNELS: dict[str, dict[str, Any]] = {
    "carrier offset": {"carrier_offset_turns_per_symbol": (-0.002, 0.002)},
    "timing error": {"timing_offset_symbols": (-0.2, 0.2)},
    "fading": {
        "fading": Fading(
            kind="rician", k_factor_db=6.0, delays_symbols=(0.0, 0.7), powers_db=(0.0, -9.0)
        )
    },
    "roll-off 0.2": {},
}
"""What the channel does to examples that are asked about; pre-training saw white noise alone."""


def channel(found: Results, name: str, seed: int) -> None:
    """Pre-trained in white noise, asked under another channel with labels from there."""
    base = load_recipe(str(RECIPES / "awgn-ten-pairs.toml"))
    source = replace(base.source, channel=replace(base.source.channel, **CHANNELS[name]))
    if "roll-off" in name:
        source = replace(source, pulse=replace(source.pulse, rolloff=0.2))
    else:
        source = replace(source, receiver=replace(source.receiver, timing="none", carrier="none"))
    recipe = replace(
        base,
        name="awgn-ten-" + name.replace(" ", "-").replace(".", "-"),
        source=source,
        splits=replace(base.splits, train=10, test=48),
    )
    encoder = cache(lambda: encoder_of(dataset_of("awgn-ten-pairs"), "rings", seed))
    few(found, synthesised(recipe), encoder, seed, name, (10, 100))


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
    probed = cache(lambda: Probed(encoder(), dataset, modalities))
    for count in budgets:
        labels = {"labels_per_class": count}

        def classified(start: Path | None, count: int = count) -> list[int]:
            word = "scratch" if start is None else "tuned"
            best = classifier_of(
                dataset,
                {"labels_per_class": count},
                seed,
                modalities=modalities,
                encoder=start,
                name=f"{key.replace(' ', '-')}-{word}-{count}-seed{seed}",
            )
            return asked(best, dataset, modalities)

        add(
            found,
            lambda given=labels: probed().hits(given, seed),
            key,
            "probe",
            str(count),
            str(seed),
        )
        add(found, lambda c=classified: c(encoder()), key, "fine-tuned", str(count), str(seed))
        add(found, lambda c=classified: c(None), key, "from scratch", str(count), str(seed))


def add(found: Results, measure: Callable[[], list[int]], *keys: str) -> None:
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
