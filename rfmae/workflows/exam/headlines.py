"""What came out of an exam in one sentence."""

from collections.abc import Mapping

from rfmae.evaluation.gaps import SEQUENCE, weighted
from rfmae.records import WHATS, Assessment, Ceiling, SnrReport
from rfmae.workflows.exam.exams import Results


def headline(results: Results) -> str:
    """The first model with its interval and its ceiling, and the accuracy of the others."""
    (name, first), *others = results.accuracy.items()
    facts = f"{name} names {percent(first)} of {first.examples:,} test examples right"
    reached = share_of_ceiling(first, results.assessments[name], results.ceilings)
    facts += f", {reached}" if reached else ""
    return "; ".join([facts, *(f"{other}: {percent(item)}" for other, item in others)])


def share_of_ceiling(
    accuracy: SnrReport, assessment: Assessment, ceilings: Mapping[str, Ceiling]
) -> str:
    """The share of the ceiling of what the model sees; nothing where none is known."""
    gap = assessment.gap
    if gap is None:
        return ""
    seen = gap.image or SEQUENCE
    limit = 100 * weighted(ceilings[seen].accuracy, accuracy.examples_per_snr)
    what, verb = _what(gap.image)
    allow = f"{what} {verb}" if ceilings[seen].is_bound else f"one reader of {what} has reached"
    return f"{100 * gap.ratio[seen]:.1f} % of the {limit:.1f} % that {allow}"


def percent(report: SnrReport) -> str:
    """Accuracy with its interval, in words."""
    low, high = report.interval
    return f"{100 * report.accuracy:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


def _what(image: str | None) -> tuple[str, str]:
    """What sets a ceiling, an image by what its planes show, and its verb."""
    shown = (image or SEQUENCE).split(", ")
    if not {*shown} <= {*WHATS}:
        return f"the {image or SEQUENCE}", "allows"
    return f"images of {' and '.join(shown)}", "allow"
