"""Several reports become one when they are of the same examples."""

from dataclasses import replace

import numpy as np
import pytest
from sample_reports import sample_report

from rfmae.errors import ArtefactError
from rfmae.records import SnrReport, holm_adjusted
from rfmae.reporting.joining import joined, renamed, with_distinct_names
from rfmae.reporting.report_record import Report


@pytest.fixture(scope="module")
def first():
    return sample_report(seed=1, per_point=2)


@pytest.fixture(scope="module")
def second(first):
    names = {"DenoMAE2.0": "likelihood", "from scratch": "LSTM", "cumulants": "KS test"}
    return renamed(sample_report(seed=2, per_point=2), names)


def test_models_stand_side_by_side_in_the_order_in_which_they_come(first, second):
    both = joined({"a": first, "b": second}, "Both")
    assert list(both.accuracy) == [*first.accuracy, *second.accuracy]
    assert list(both.assessments) == list(both.accuracy)
    for name, report in {**first.accuracy, **second.accuracy}.items():
        assert both.accuracy[name] is report
    assert both.ceilings.keys() == first.ceilings.keys()
    assert both.gallery is first.gallery
    assert [item.model for item in both.embedding] == ["DenoMAE2.0", "likelihood"]
    assert both.notes == first.notes


def test_a_report_joined_with_itself_is_itself(first):
    both = joined({"a": first, "b": first}, first.title)
    assert list(both.accuracy) == list(first.accuracy)
    assert both.comparisons == first.comparisons
    assert len(both.robustness) == len(first.robustness)


def test_p_values_are_corrected_for_all_pairs_of_the_joined_report(first, second):
    pairs = [replace(pair, p_value=0.01) for pair in (*first.comparisons, *second.comparisons)]
    halves = [
        replace(report, comparisons=holm_adjusted(pairs[n : n + 2]))
        for n, report in ((0, first), (2, second))
    ]
    assert halves[0].comparisons[0].p_adjusted == pytest.approx(0.02)
    both = joined({"a": halves[0], "b": halves[1], "again": halves[0]}, "Both")
    assert len(both.comparisons) == 4
    assert [pair.p_adjusted for pair in both.comparisons] == pytest.approx([0.04] * 4)


def test_models_of_one_name_that_are_not_the_same_are_reported_apart(first):
    other = sample_report(seed=2, per_point=2)
    apart = with_distinct_names({"a": first, "b": other})
    assert list(apart["b"].accuracy) == [f"{name} (b)" for name in first.accuracy]
    assert list(joined({"a": first, "b": other}, "Both").accuracy) == [
        *first.accuracy,
        *(f"{name} (b)" for name in first.accuracy),
    ]


def test_a_new_name_goes_everywhere(first):
    report = renamed(first, {"DenoMAE2.0": "ours"})
    assert "DenoMAE2.0" not in {
        *report.accuracy,
        *report.assessments,
        *(name for item in report.comparisons for name in (item.first, item.second)),
        *(name for grid in report.robustness for name in (*grid.hits, *grid.drop_at)),
        *(item.model for item in report.embedding),
    }
    assert renamed(report, {"ours": "DenoMAE2.0"}).accuracy.keys() == first.accuracy.keys()


def test_grids_of_the_same_values_hold_the_models_of_both(first, second):
    grid = joined({"a": first, "b": second}, "Both").robustness[0]
    assert list(grid.hits) == ["likelihood", "LSTM", "DenoMAE2.0", "from scratch"]
    other = replace(second.robustness[0], examples=np.full(6, 2000))
    fewer = replace(second, robustness=(other,))
    assert len(joined({"a": first, "b": fewer}, "Both").robustness) == 3


def test_what_the_reports_say_of_themselves_is_reported_once_or_by_report(first, second):
    theirs = replace(second, provenance={**second.provenance, "seed": 2})
    facts = joined({"a": first, "b": theirs}, "Both").provenance
    assert facts["data_set"] == "awgn-ten-3f9c2a1b"
    assert facts["joined_from"] == {"a": {}, "b": {"seed": 2}}


def of_another_exam(report, what):
    if what == "data set":
        return replace(report, provenance={"data_set": "awgn-ten-00000000"})
    one = next(iter(report.accuracy.values()))
    if what == "classes":
        other = SnrReport(one.counts, one.snr_db, one.classes[::-1], one.snr_reference)
    else:
        other = SnrReport(one.counts[:5], one.snr_db[:5], one.classes, one.snr_reference)
    return replace(report, accuracy={"model": other}, assessments={}, comparisons=())


@pytest.mark.parametrize("what", ["data set", "classes", "SNR points"])
def test_reports_of_another_exam_are_refused_in_one_line(first, what):
    with pytest.raises(ArtefactError, match=f"same {what}.*a has.*b has") as caught:
        joined({"a": first, "b": of_another_exam(first, what)}, "Both")
    assert "\n" not in str(caught.value)


def test_denoising_is_joined_to_the_accuracy_of_the_same_data(first):
    alone = Report("Denoising", "It helps.", {"data_set": "awgn-ten-3f9c2a1b"},
                   denoising=first.denoising, gallery=first.gallery)  # fmt: skip
    without = replace(first, denoising=None, gallery=())
    both = joined({"a": without, "b": alone}, "Both")
    assert both.denoising is first.denoising
    assert both.gallery is first.gallery
