"""Rendering of stored reports, one again or several joined."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from rfmae.artefacts import refuse_occupied
from rfmae.errors import ArtefactError
from rfmae.records import Answers, Comparison, holm_adjusted
from rfmae.reporting.answer_files import read_answers
from rfmae.reporting.folder import KIND, read_report, write_report
from rfmae.reporting.joining import check_same_examples, joined, with_distinct_names
from rfmae.reporting.report_record import Report
from rfmae.workflows.evaluate.evaluating import comparisons_of
from rfmae.workflows.evaluate.headlines import ceiling_clause, percent
from rfmae.workflows.evaluate.snr_evaluation import WrittenReport


def report(folders: Sequence[Path], out: Path | None = None, *, seed: int = 0) -> WrittenReport:
    """Render one report again from its JSON, or join several on the same examples.

    Models are compared again, example by example, where their predictions were kept; `seed` is that
    of the bootstrap. Without `out`, one report is rendered again in place.
    """
    if not folders:
        raise ArtefactError("a report must be named, got none; name its folder")
    if out is None and len(folders) > 1:
        raise ArtefactError(f"{len(folders)} reports are joined into a new folder; name --out")
    target = out or folders[0]
    refuse_occupied(target, replaces=KIND)
    if len(folders) == 1:
        content = read_report(folders[0])
        answers = read_answers(content, folders[0])
    else:
        content, answers = _together(folders, seed)
    return WrittenReport(content, write_report(content, target, answers))


def _together(folders: Sequence[Path], seed: int) -> tuple[Report, dict[str, Answers]]:
    """Several reports joined, with the predictions of their models."""
    names = _names(folders)
    found = {name: read_report(folder) for name, folder in zip(names, folders, strict=True)}
    check_same_examples(found)
    distinct = with_distinct_names(found)
    answers: dict[str, Answers] = {}
    for name, folder in zip(names, folders, strict=True):
        kept = read_answers(found[name], folder)
        news = dict(zip(found[name].accuracy, distinct[name].accuracy, strict=True))
        answers |= {news[model]: item for model, item in kept.items() if news[model] not in answers}
    content = joined(distinct, f"{' and '.join(names)}, joined")
    comparisons = _comparisons(answers, content.comparisons, seed)
    return replace(content, headline=_headline(content), comparisons=comparisons), answers


def _names(folders: Sequence[Path]) -> list[str]:
    """The name of each folder, with that of its parent where two have the same."""
    paths = [folder.resolve() for folder in folders]
    if len(set(paths)) < len(paths):
        raise ArtefactError("a report was named twice; name each once")
    short = [path.name for path in paths]
    if len(set(short)) == len(short):
        return short
    return [f"{path.parent.name}-{path.name}" for path in paths]


def _comparisons(
    answers: dict[str, Answers], stored: tuple[Comparison, ...], seed: int
) -> tuple[Comparison, ...]:
    """The first model against every other on the same examples, then the stored comparisons.

    Their p-values are corrected together.
    """
    if not answers:
        return stored
    first = next(iter(answers.values()))
    alike = {name: item for name, item in answers.items() if _same_examples(first, item)}
    made = comparisons_of(alike, seed)
    pairs = {frozenset((item.first, item.second)) for item in made}
    rest = (item for item in stored if frozenset((item.first, item.second)) not in pairs)
    return holm_adjusted((*made, *rest))


def _same_examples(first: Answers, second: Answers) -> bool:
    return np.array_equal(first.label, second.label) and np.array_equal(first.snr_db, second.snr_db)


def _headline(report: Report) -> str:
    """The best model with its interval and its ceiling, in at most 20 words."""
    if not report.accuracy:
        return report.headline
    name, best = max(report.accuracy.items(), key=lambda item: item[1].accuracy)
    words = f"{name}, best of {len(report.accuracy)} models: {percent(best)} right"
    assessment = report.assessments.get(name)
    if assessment is None or assessment.gap is None:
        return f"{words}."
    return f"{words}; {ceiling_clause(best, assessment, report.ceilings)}."
