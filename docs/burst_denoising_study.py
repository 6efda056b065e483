"""What denoising is worth to the classifier of bursts: python docs/burst_denoising_study.py WORK

An encoder learns to predict the features of clean twins from those of noisy bursts, without labels,
and is then trained on few labels or all; beside it the same network from random weights. Examples
are made in the folder WORK and kept there; the result is docs/burst-denoising.json.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from rfmae.bursts.practice_signals import CLASSES
from rfmae.bursts.shards import make_examples
from rfmae.progress import Silent
from rfmae.training.burst_network import BurstTraining, denoising_encoder, train_burst_network
from rfmae.workflows.learning.burst_classifier import SHIPPED_RECIPE, read_burst_recipe

PER_CLASS = {"train": 500, "validation": 150}
BUDGETS = (5, 20, None)
SEEDS = (0, 1)
DENOISING_EPOCHS = 25
STEPS = 2000
OUT = Path(__file__).parent / "burst-denoising.json"


def main(work: Path) -> None:
    """Make the examples, train, write."""
    recipe = read_burst_recipe(SHIPPED_RECIPE)
    plan = replace(recipe.plan, per_class=PER_CLASS, twins=True, other_share=0.1)
    train = make_examples(plan, "train", work, Silent())
    test = make_examples(replace(plan, other_share=0.4), "validation", work, Silent())
    known, tested = train.labels < len(CLASSES), test.labels < len(CLASSES)
    centre = train.features[known].mean(axis=0)
    scale = np.maximum(train.features[known].std(axis=0), 1e-3)

    def standard(values: np.ndarray) -> np.ndarray:
        return np.clip((values - centre) / scale, -6, 6).astype(np.float32)

    noisy, clean = standard(train.features[known]), standard(train.clean[known])
    labels, held = train.labels[known], test.labels[tested]
    features = standard(test.features[tested])
    rows = []
    for budget in BUDGETS:
        found: dict[str, list[float]] = {"random": [], "denoising": []}
        for seed in SEEDS:
            chosen = _few(labels, budget, seed)
            epochs = 30 if budget is None else STEPS // 10
            training = BurstTraining(epochs=epochs, seed=seed, batch=min(512, len(chosen)))
            learnt = denoising_encoder(
                noisy, clean, BurstTraining(denoising_epochs=DENOISING_EPOCHS, seed=seed)
            )
            for name, encoder in (("random", None), ("denoising", learnt)):
                trained = train_burst_network(
                    noisy[chosen], labels[chosen], len(CLASSES), training, encoder
                )
                found[name].append(_accuracy(trained.layers, features, held))
        rows.append({"labels": budget, **found})
        print(rows[-1], flush=True)
    content = {"examples": len(labels), "tested": len(held), "seeds": len(SEEDS), "rows": rows}
    OUT.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _few(labels: np.ndarray, budget: int | None, seed: int) -> np.ndarray:
    """The rows of so many labels of each class."""
    rng = np.random.default_rng([seed, 7])
    rows = [rng.permutation(np.flatnonzero(labels == n))[:budget] for n in range(len(CLASSES))]
    return np.concatenate(rows)


def _accuracy(layers, features: np.ndarray, labels: np.ndarray) -> float:
    values = features
    for number, (weights, biases) in enumerate(layers):
        values = values @ weights.T + biases
        if number < len(layers) - 1:
            values = np.where(values > 0, values, 0.01 * values)
    return float((values.argmax(axis=1) == labels).mean())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
