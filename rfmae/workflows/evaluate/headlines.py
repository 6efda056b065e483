"""What came out of an exam in one sentence."""

from collections.abc import Mapping

from rfmae.evaluation.gaps import weighted
from rfmae.records import SEQUENCE, WHATS, Assessment, Ceiling, SnrReport
from rfmae.workflows.evaluate.evaluating import Results


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
    """The share of the ceiling of what the model sees; nothing where none is known.

    Of what is no ceiling, but was reached by one reader, it is told as that.
    """
    gap = assessment.gap
    if gap is None:
        return ""
    seen = gap.image or SEQUENCE
    ceiling = ceilings[seen]
    limit = f"{100 * weighted(ceiling.accuracy, accuracy.examples_per_snr):.1f} %"
    ratio = f"{100 * gap.ratio[seen]:.1f} %"
    what, verb = _what(ceiling)
    told = f"is{'' if ceiling.snr == 'known' else ' not'} told the SNR"
    if not ceiling.is_bound:
        return f"{ratio} of what one reader reached that {told} and sees {what} ({limit})"
    whom = "" if ceiling.kind == SEQUENCE else f" whoever {told}"
    return f"{ratio} of the {limit} that {what} {verb}{whom}"


def percent(report: SnrReport) -> str:
    """Accuracy with its interval, in words."""
    low, high = report.interval
    return f"{100 * report.accuracy:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


def _what(ceiling: Ceiling) -> tuple[str, str]:
    """What sets a ceiling, an image by what its planes show, and its verb."""
    shown = ceiling.kind.split(", ")
    if not {*shown} <= {*WHATS}:
        return f"the {ceiling.kind}", "allows"
    return f"images of {' and '.join(shown)}", "allow"
