"""A label curve of made-up runs, for the tests of figures and reports."""

from rfmae.evaluation.label_means import label_difference, label_means
from rfmae.records.label_curve import LabelCurve, LabelPoint, Limit

HITS = {"finetune": (48, 57, 61), "probe": (47, 56, 60), "scratch": (30, 40, 55)}
"""Of a hundred test examples at each SNR, at the budgets 1, 10 and 100, by the first seed."""


def made_up_curve(classes=("BPSK", "QPSK", "8PSK"), snr_db=(-10.0, 0.0, 10.0), seeds=3):
    """Every method at every budget, each seed a little better than the one before."""
    points = [
        LabelPoint(
            method,
            budget,
            seed,
            tuple(min(hits + seed + 2 * place, 100) for place in range(len(snr_db))),
            (100,) * len(snr_db),
        )
        for method, shares in HITS.items()
        for budget, hits in zip((1, 10, 100), shares, strict=True)
        for seed in range(seeds)
    ]
    return LabelCurve(
        data_set="made-up",
        classes=tuple(classes),
        snr_db=tuple(snr_db),
        snr_reference="symbol",
        points=tuple(points),
        means=label_means(points),
        ceilings=(Limit("sequence", 0.9, True), Limit("symbols", 0.8, False)),
        provenance={"labels": "the same for every method of a seed"},
    )


def made_up_difference(curve, budget=10):
    """Fine-tuned less from scratch."""
    return label_difference(curve.points_of("finetune", budget), curve.points_of("scratch", budget))
