"""A whole report of simulated classifiers: their answers, all results, images."""

from dataclasses import fields, replace

import numpy as np
from made_up import made_up_ceiling
from made_up_curve import made_up_curve, made_up_difference

from rfmae.evaluation.assessing import assess
from rfmae.evaluation.classification import counted
from rfmae.evaluation.comparison import compare
from rfmae.evaluation.unknowns import open_set
from rfmae.records import (
    Answers,
    Cost,
    DenoiseReport,
    EmbeddingMap,
    GalleryRow,
    RobustnessGrid,
    holm_adjusted,
)
from rfmae.reporting.report_record import Report

CLASSES = ("OOK", "4ASK", "8ASK", "4PAM", "16PAM", "DQPSK", "OQPSK", "CPFSK", "GFSK", "GMSK")
SNR_DB = tuple(float(value) for value in range(-10, 11))
TOO_QUIET = "iq must have power, got <0.1"
MODELS = {"DenoMAE2.0": 0.985, "from scratch": 0.93, "cumulants": 0.88}


def ceiling(kind, loss=0.0, is_bound=True):
    """A curve such like the Bayes accuracy, less what an image loses."""
    snr_db = np.array(SNR_DB)
    accuracy = 0.97 - 0.62 / (1 + np.exp((snr_db + 3) / 2.6)) - loss
    return made_up_ceiling(
        accuracy,
        classes=CLASSES,
        snr_db=SNR_DB,
        kind=kind,
        is_bound=is_bound,
        posterior_error=np.full(len(SNR_DB), 0.001),
    )


def ceilings():
    return {"sequence": ceiling("sequence"), "symbols": ceiling("symbols", 0.07, is_bound=False)}


def at_first_point(item):
    """A report, a ceiling or a gap of the first SNR point alone."""
    held = {field.name: getattr(item, field.name) for field in fields(item)}
    cut = {name: values[:1] for name, values in held.items() if isinstance(values, np.ndarray)}
    return replace(item, **cut, **({"snr_db": item.snr_db[:1]} if "snr_db" in held else {}))


def answers_of(share, rng, per_point=20):
    """Answers that are right in a share of what the image allows; neighbours are confused."""
    label = np.tile(np.repeat(np.arange(len(CLASSES)), per_point), len(SNR_DB))
    point = np.repeat(np.arange(len(SNR_DB)), per_point * len(CLASSES))
    chance = share * ceiling("symbols", 0.07).accuracy[point]
    wrong = (label + rng.choice([-1, 1, 2], len(label), p=[0.5, 0.4, 0.1])) % len(CLASSES)
    named = np.where(rng.random(len(label)) < chance, label, wrong)
    scores = rng.normal(0.0, 0.7, (len(label), len(CLASSES)))
    scores[np.arange(len(label)), named] += 1.2 + 3 * chance + rng.normal(0.0, 0.8, len(label))
    odds = np.exp(scores)
    probabilities = odds / odds.sum(axis=1, keepdims=True)
    return Answers(probabilities, label, np.array(SNR_DB)[point], CLASSES, SNR_DB, "symbol")


def cost(parameters):
    return Cost(parameters, None if parameters is None else 40 * parameters, 3.21, 4.56, 812.3,
                256, 512.0, "cpu", 2)  # fmt: skip


def assessment_of(answers, rng, parameters):
    found = assess(answers, ceilings=ceilings(), image="symbols", groups=(), temperature=1.31)
    noise = open_set(answers.confidence, rng.uniform(0.1, 0.9, 500), "noise alone")
    return replace(found, open_sets=(noise,), cost=cost(parameters))


def grids():
    values = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02)
    examples = np.full(len(values), 1000)
    return (
        RobustnessGrid("carrier offset", "cycles per symbol", values,
                       {"DenoMAE2.0": np.array([800, 795, 770, 650, 420, 250]),
                        "from scratch": np.array([760, 750, 700, 560, 330, 210])},
                       examples, {"DenoMAE2.0": 0.005, "from scratch": 0.002}),
        RobustnessGrid("gain", "dB", (0.0, -20.0, 20.0), {"DenoMAE2.0": np.array([800, 801, 799])},
                       np.full(3, 1000), {"DenoMAE2.0": None},
                       {"from scratch": TOO_QUIET, "cumulants": TOO_QUIET}),
    )  # fmt: skip


def embedding(rng, model="DenoMAE2.0"):
    label = np.repeat(np.arange(len(CLASSES)), 40)
    snr_db = rng.choice(SNR_DB, len(label))
    angle = 2 * np.pi * label / len(CLASSES)
    reach = (snr_db - min(SNR_DB)) * 2
    places = np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=1)
    return EmbeddingMap("t-SNE", model, places + rng.normal(0, 3, places.shape), label, snr_db,
                        CLASSES)  # fmt: skip


def image_of(points, size=56):
    density, _, _ = np.histogram2d(points.imag, points.real, size, [[-2.5, 2.5]] * 2)
    wide = np.stack([np.clip(density / scale, 0, 1) for scale in (1, 2, 4)])
    return wide.astype(np.float32)


def gallery(rng, snr_db=SNR_DB):
    rows = []
    for place, value in enumerate(snr_db):
        clean = np.exp(2j * np.pi * rng.integers(0, 4 + place % 5, 400) / (4 + place % 5))
        spread = 10 ** (-value / 20)
        noise = rng.normal(0, 0.5, (2, 400)) * spread
        noisy = clean + noise[0] + 1j * noise[1]
        predicted = clean + 0.15 * (noise[0] + 1j * noise[1])
        images = (image_of(noisy), image_of(predicted), image_of(clean))
        name = CLASSES[place % len(CLASSES)]
        rows.append(GalleryRow(name, value, *images, (12.3, 21.4), (0.31, 0.84)))
    return tuple(rows)


def denoising():
    snr_db = np.array(SNR_DB)
    psnr_db = {
        "reconstruction": 24 + 0.5 * snr_db,
        "noisy": 15 + 0.9 * snr_db,
        "class mean": np.full(len(SNR_DB), 19.5),
        "blank": np.full(len(SNR_DB), 13.0),
    }
    ssim = {name: np.clip(values / 36, 0, 1) for name, values in psnr_db.items()}
    return DenoiseReport(SNR_DB, "symbol", np.full(len(SNR_DB), 200), psnr_db, ssim)


def all_answers(seed=1, per_point=20):
    rng = np.random.default_rng(seed)
    return {name: answers_of(share, rng, per_point) for name, share in MODELS.items()}


def sample_report(seed=1, per_point=20):
    """A report with every part that there is."""
    rng = np.random.default_rng(seed)
    answers = all_answers(seed, per_point)
    first, *others = answers
    return Report(
        title="Accuracy per SNR on awgn-ten",
        headline="DenoMAE2.0: 73.2 % (72.1–74.3) right; image ceiling at least 75.4 %, SNR known; "
        "best of 2 others: from scratch 70.1 %.",
        provenance={
            "data_set": "awgn-ten-3f9c2a1b",
            "classes": list(CLASSES),
            "snr_reference": "symbol",
            "examples": {"train": 4000, "validation": 1000, "test": 4200},
            "models": {"DenoMAE2.0": {"kind": "classifier", "step": 5000, "labels": 1000}},
            "selection": "on the validation split",
        },
        accuracy={name: counted(item) for name, item in answers.items()},
        ceilings=ceilings(),
        assessments={
            name: assessment_of(item, rng, None if name == "cumulants" else 4_812_300)
            for name, item in answers.items()
        },
        comparisons=holm_adjusted(
            compare(answers[first], answers[other], (first, other), rng) for other in others
        ),
        robustness=grids(),
        embedding=(embedding(rng),),
        denoising=denoising(),
        gallery=gallery(rng),
        notes=("ASK is unipolar, PAM bipolar.",),
        label_curve=made_up_curve(CLASSES, SNR_DB),
        label_difference=made_up_difference(made_up_curve(CLASSES, SNR_DB)),
    )
