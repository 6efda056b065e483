"""Headlines of reports, each in at most 20 words."""

from collections.abc import Mapping

from rfmae.records import SEQUENCE, Assessment, Ceiling, DenoiseReport, SnrReport, weighted
from rfmae.records.label_curve import LabelCurve, LabelDifference, LabelMean
from rfmae.reporting.denoising_verdict import recognition_gain, references_beaten
from rfmae.reporting.report_record import Report

_IN_WORDS = {"probe": "linear probe", "finetune": "fine-tuned"}


def accuracy_headline(
    accuracy: Mapping[str, SnrReport],
    assessments: Mapping[str, Assessment],
    ceilings: Mapping[str, Ceiling],
) -> str:
    """The first model with its interval and its ceiling, and the best of the others."""
    (name, first), *others = accuracy.items()
    ceiling = ceiling_clause(first, assessments[name], ceilings)
    match = assessments[name].match
    of_known = f" of {len(match.common)} known classes" if match and match.unknown else ""
    facts = [f"{name}: {percent(first)} right{of_known}", *([ceiling] if ceiling else [])]
    if others:
        other, best = max(others, key=lambda item: item[1].accuracy)
        which = f"best of {len(others)} others: {other}" if len(others) > 1 else f"{other}:"
        facts.append(f"{which} {100 * best.accuracy:.1f} %")
    return f"{'; '.join(facts)}."


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


def joined_headline(report: Report) -> str:
    """The best model of joined reports, with its interval and its ceiling."""
    if not report.accuracy:
        return report.headline
    name, best = max(report.accuracy.items(), key=lambda item: item[1].accuracy)
    words = f"{name}, best of {len(report.accuracy)} models: {percent(best)} right"
    assessment = report.assessments.get(name)
    if assessment is None or assessment.gap is None:
        return f"{words}."
    return f"{words}; {ceiling_clause(best, assessment, report.ceilings)}."


def denoising_headline(report: DenoiseReport) -> str:
    """Mean PSNR before and after, references beaten, and recognition."""
    mean = {name: report.mean(values) for name, values in report.psnr_db.items()}
    facts = [f"Denoising: PSNR {mean['reconstruction']:.1f} dB (noisy {mean['noisy']:.1f} dB)"]
    if report.differences:
        facts.append(references_beaten(report))
    if report.recognition is not None:
        facts += recognition_gain(report.recognition)
    return f"{'; '.join(facts)}."


def pretraining_headline(curve: LabelCurve, difference: LabelDifference) -> str:
    """The gain by pre-training: accuracies, and the interval of the gain."""
    budget = difference.budget
    first, second = (
        _share(curve.mean(method, budget)) for method in (difference.first, difference.second)
    )
    labels = "1 label" if budget == 1 else f"{budget:,} labels"
    points, half = 100 * difference.difference, 50 * (difference.high - difference.low)
    if difference.low > 0:
        gain = f"pre-training is worth {points:.1f} points (±{half:.1f})"
    elif difference.high < 0:
        gain = f"pre-training costs {-points:.1f} points (±{half:.1f})"
    else:
        gain = f"no significant difference ({points:+.1f} points, ±{half:.1f})"
    facts = f"{_IN_WORDS[difference.first]} {first}, from scratch {second}"
    return f"With {labels} per class, {gain}: {facts}."


def _share(mean: LabelMean) -> str:
    return f"{100 * mean.accuracy:.1f} %"
