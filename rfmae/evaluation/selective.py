"""Selective classification: risk and coverage when only confident examples are answered."""

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records import Answers, FloatArray, Selective

TARGET_ACCURACY = 0.95

_CURVE_POINTS = 200  # more than a figure can show


def selective(answers: Answers, target: float = TARGET_ACCURACY) -> Selective:
    """The risk-coverage curve, the area below it, and the coverage at a target accuracy.

    Geifman and El-Yaniv, Selective Classification for Deep Neural Networks, NeurIPS 2017. The area
    is the mean, over the examples, of the risk at the coverage at which each of them is answered.
    """
    if not 0 < target <= 1:
        raise ShapeError(f"a target accuracy must lie in (0, 1], got {target:g}")
    coverage, risk = risk_coverage(answers)
    points = [answers.at(point) for point in range(len(answers.grid_db))]
    shown = np.unique(np.linspace(0, len(coverage) - 1, _CURVE_POINTS).round().astype(int))
    shown = shown[: len(coverage)]
    return Selective(
        coverage=coverage[shown],
        risk=risk[shown],
        aurc=float(np.diff(coverage, prepend=0.0) @ risk),
        target_accuracy=target,
        coverage_at_target=_coverage_at(coverage, risk, target),
        coverage_at_target_per_snr=np.array(
            [_coverage_at(*risk_coverage(item), target) for item in points]
        ),
    )


def risk_coverage(answers: Answers) -> tuple[FloatArray, FloatArray]:
    """Share of examples answered and share of wrong answers among them, both (K,).

    One point for each confidence that occurs, from the highest down: equal ones are answered
    together or not at all.
    """
    values, group = np.unique(-answers.confidence, return_inverse=True)
    given = np.bincount(group, minlength=len(values)).cumsum()
    wrong = np.bincount(group, ~answers.right, minlength=len(values)).cumsum()
    return given / max(len(answers), 1), wrong / np.maximum(given, 1)


def _coverage_at(coverage: FloatArray, risk: FloatArray, target: float) -> float:
    """The largest coverage at which the accuracy is reached; zero where it never is."""
    # a ratio of whole numbers, compared with a decimal fraction
    reached = 1 - risk >= target - 1e-12
    return float(coverage[reached].max(initial=0.0))
