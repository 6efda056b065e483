"""A report in Markdown for GitHub."""

from collections.abc import Iterator

from rfmae.reporting import assessment_tables as of_models
from rfmae.reporting.charts.report_charts import embedding_name
from rfmae.reporting.denoising_tables import denoising_section
from rfmae.reporting.facts import as_list, facts_of
from rfmae.reporting.label_curve_tables import label_curve_table
from rfmae.reporting.match_tables import recall_table, unknown_class_table
from rfmae.reporting.report_record import Report
from rfmae.reporting.table import Table
from rfmae.reporting.table_writers import markdown
from rfmae.reporting.tables import accuracy_table, snr_knowledge_note
from rfmae.reporting.transfer_tables import remarks_table, transfer_table

_ABOUT_CEILINGS = (
    "A *ceiling* is the Bayes accuracy of the class list: that of the best receiver of the whole "
    "sequence, or of the planes of the image. One marked ≥ is a lower bound, reached by one "
    "classifier of those planes."
)


def markdown_page(report: Report) -> str:
    """The whole report, with links to its figures."""
    blocks = [f"# {report.title}", report.headline, *(f"- {note}" for note in report.notes)]
    blocks += [
        *_labels(report),
        *_transfer(report),
        *_accuracy(report),
        *_models(report),
        *_losses(report),
        *_confidence(report),
    ]
    blocks += [*_robustness(report), *_unknown(report)]
    if report.denoising is not None:
        blocks += denoising_section(report.denoising)
        if report.gallery:
            blocks.append("![noisy, reconstructed, clean](figures/strip.png)")
    blocks += [*_maps(report), *_cost(report)]
    blocks += ["## Provenance", as_list(facts_of(report))]
    return "\n\n".join(blocks) + "\n"


def _labels(report: Report) -> Iterator[str]:
    if report.label_curve is None:
        return
    if report.label_difference is not None:
        yield "![accuracy with and without pre-training](figures/overview.png)"
    yield "## Accuracy against labels"
    yield "In % of all test examples, mean over draws of labels with its 95 % interval."
    yield markdown(label_curve_table(report.label_curve))
    yield "![accuracy against labels](figures/label-curve.png)"


def _transfer(report: Report) -> Iterator[str]:
    if report.transfer is None:
        return
    yield "## Models on several data sets"
    yield "![accuracy of each model on each data set](figures/transfer.png)"
    yield (
        "Accuracy in % of the classes in common, over all that a model can answer; the difference "
        "is against its own test split, on the same classes (Newcombe)."
    )
    yield markdown(transfer_table(report.transfer))
    yield from _titled("To be known of the pairs", remarks_table(report.transfer))


def _accuracy(report: Report) -> Iterator[str]:
    if not report.accuracy:
        return
    name, first = next(iter(report.accuracy.items()))
    yield "## Accuracy in % with 95 % Wilson intervals"
    yield markdown(accuracy_table(report.accuracy, report.ceilings))
    if report.ceilings:
        yield f"{_ABOUT_CEILINGS} {snr_knowledge_note(report.ceilings)}".rstrip()
    yield "![accuracy against SNR](figures/accuracy.png)"
    yield f"## Confusion of {name}"
    yield "![confusion matrix](figures/confusion.png)"
    if len(first.snr_db) > 1:
        yield "![confusion at every SNR](figures/confusion-per-snr.png)"
    yield from _titled("The most frequent, in %", of_models.confusions_table(report.assessments))


def _models(report: Report) -> Iterator[str]:
    if not report.assessments:
        return
    yield "## Models"
    yield "In % unless stated otherwise."
    yield markdown(of_models.summary_table(report.accuracy, report.assessments, report.ceilings))
    yield from _titled(
        "Classes that a model and the data have in common, in %",
        recall_table(report.accuracy, report.assessments),
    )
    yield from _titled(
        "Low, middle and high SNR, in %", of_models.bands_table(report.assessments, report.ceilings)
    )
    yield from _titled(
        "Paired comparisons: McNemar’s exact test, corrected for all pairs of the table (Holm), "
        "and a paired bootstrap of the difference",
        of_models.comparison_table(report.comparisons),
    )


def _losses(report: Report) -> Iterator[str]:
    if any(item.gap is not None for item in report.assessments.values()):
        yield "## Losses against the ceilings"
        yield "![correct, model loss, image loss, above the ceiling](figures/gap.png)"


def _confidence(report: Report) -> Iterator[str]:
    if not report.assessments:
        return
    yield "## Calibration"
    yield "Bins of equal mass; on the diagonal accuracy equals confidence."
    yield "![reliability](figures/reliability.png)"
    yield "## Selective classification"
    yield "Share of wrong answers when only the most confident examples are answered."
    yield "![risk against coverage](figures/risk-coverage.png)"


def _robustness(report: Report) -> Iterator[str]:
    if not report.robustness:
        return
    yield "## Robustness"
    yield "![accuracy against the strength of impairments](figures/robustness.png)"
    yield from _titled(
        "Five points of accuracy are lost at", of_models.drops_table(report.robustness)
    )
    missing = of_models.left_out_lines(report.robustness)
    if missing:
        yield "\n".join(f"- {line}" for line in missing)


def _unknown(report: Report) -> Iterator[str]:
    classes = unknown_class_table(report.assessments)
    if classes.rows:
        yield "## Classes that a model never learnt"
        yield (
            "Their examples count in no accuracy. One is accepted where the model is as confident "
            "as on 95 % of the examples of the classes that it knows."
        )
        yield markdown(classes)
    table = of_models.open_set_table(report.assessments)
    if table.rows:
        yield "## Out-of-distribution signals"
        yield "AUROC is the chance that a known example is more confident than an unknown one."
        yield markdown(table)


def _maps(report: Report) -> Iterator[str]:
    if report.embedding:
        yield "## Feature map"
        yield "Only neighbourhoods are meaningful, not distances between groups or their sizes."
        for place, item in enumerate(report.embedding):
            yield f"![{item.method} of {item.model}](figures/{embedding_name(place)}.png)"


def _cost(report: Report) -> Iterator[str]:
    table = of_models.cost_table(report.assessments)
    if table.rows:
        yield "## Cost"
        yield "From I/Q to probabilities; p50 and p95 one example at a time."
        yield markdown(table)


def _titled(title: str, table: Table) -> Iterator[str]:
    if table.rows:
        yield f"### {title}"
        yield markdown(table)
