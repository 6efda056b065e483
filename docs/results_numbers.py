"""What was measured for docs/results.md, as numbers: accuracies of runs, and the ceilings above."""

from typing import Any

import numpy as np
from pages import consistent
from results_study import DENOMAE2, LIKELIHOOD, LONGER, RECIPES, RINGS, SCRATCH

from rfmae.datasets.recipe import load_recipe
from rfmae.records import Ceiling, FloatArray
from rfmae.workflows.ceilings import known_ceilings

NAMES = {
    SCRATCH: "from scratch",
    "mae": "MAE",
    "denomae": "DenoMAE",
    DENOMAE2: "DenoMAE2.0",
    "cnn": "small CNN",
    RINGS: "rings",
    **{name: f"rings, {images:,} images" for name, images in LONGER.items()},
    "cumulants": "cumulants + SVM",
    "logistic": "logistic regression",
    LIKELIHOOD: "likelihood receiver, SNR known",
}
"""By the name of the model in results.json, in the order of the tables."""

SEE_NO_IMAGE = ("cumulants", LIKELIHOOD)

Found = dict[str, Any]
Runs = dict[str, Found]
"""What was measured of one model, by seed."""


def shares(runs: Runs) -> FloatArray:
    """Accuracy of every seed at every SNR in %, (seeds, S)."""
    return np.array(
        [100 * np.divide(run["hits_per_snr"], run["examples_per_snr"]) for run in runs.values()]
    )


def means(runs: Runs) -> FloatArray:
    """Accuracy of every seed over all SNR points in %."""
    return np.array(
        [100 * sum(run["hits_per_snr"]) / sum(run["examples_per_snr"]) for run in runs.values()]
    )


def ceilings_of(recipe: str) -> dict[str, Ceiling]:
    """What the best receiver reaches of a recipe of the study, by what it sees."""
    return consistent(known_ceilings(load_recipe(RECIPES / f"{recipe}.toml")))


def models_of(found: Found, planes: str) -> dict[str, Runs]:
    """What was measured on some planes, and receivers of the sequence beside it."""
    part = found.get("awgn", {})
    everything = {**part.get(planes, {}), **part.get("sequence", {})}
    return {name: everything[name] for name in NAMES if name in everything}


def image_ceiling(ceilings: dict[str, Ceiling], snr: str = "unknown") -> Ceiling:
    """That of the image, of receivers that know the SNR or not."""
    return next(
        ceiling for name, ceiling in ceilings.items() if name != "sequence" and ceiling.snr == snr
    )
