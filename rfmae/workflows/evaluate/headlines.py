"""The headline of an evaluation, in at most 20 words."""

from collections.abc import Mapping

from rfmae.evaluation.gaps import weighted
from rfmae.records import SEQUENCE, Assessment, Ceiling, SnrReport
from rfmae.workflows.evaluate.evaluating import Results


def headline(results: Results) -> str:
    """The first model with its interval and its ceiling, and the best of the others."""
    (name, first), *others = results.accuracy.items()
    ceiling = ceiling_clause(first, results.assessments[name], results.ceilings)
    facts = [f"{name}: {percent(first)} right", *([ceiling] if ceiling else [])]
    if others:
        other, best = max(others, key=lambda item: item[1].accuracy)
        which = f"best of {len(others)} others: {other}" if len(others) > 1 else f"{other}:"
        facts.append(f"{which} {100 * best.accuracy:.1f} %")
    return "; ".join(facts)


def ceiling_clause(
    accuracy: SnrReport, assessment: Assessment, ceilings: Mapping[str, Ceiling]
) -> str:
    """The ceiling of what the model sees, on these examples; empty where none is known."""
    gap = assessment.gap
    if gap is None:
        return ""
    ceiling = ceilings[gap.image or SEQUENCE]
    limit = f"{100 * weighted(ceiling.accuracy, accuracy.examples_per_snr):.1f} %"
    bound = "ceiling" if ceiling.is_bound else "ceiling at least"
    if ceiling.kind == SEQUENCE:
        return f"{bound} {limit}"
    return f"image {bound} {limit}, SNR {ceiling.snr}"


def percent(report: SnrReport) -> str:
    """Accuracy with its interval, in words."""
    low, high = report.interval
    return f"{100 * report.accuracy:.1f} % ({100 * low:.1f}–{100 * high:.1f})"
