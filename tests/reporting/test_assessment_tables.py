"""Tables of an assessment say what was found, and nothing where nothing was."""

from dataclasses import replace

import numpy as np
import pytest
from sample_reports import TOO_QUIET, grids, sample_report
from table_text import cells, in_file

from rfmae.records import holm_adjusted
from rfmae.reporting.assessment_tables import (
    bands_table,
    calibration_table,
    comparison_table,
    confusions_table,
    cost_table,
    drops_table,
    left_out_lines,
    open_set_table,
    per_snr_csv,
    probability,
    reliability_csv,
    robustness_csv,
    selective_csv,
    summary_table,
)
from rfmae.reporting.markdown_page import markdown_page
from rfmae.reporting.page.page import page
from rfmae.reporting.tables import ratio_name


@pytest.fixture(scope="module")
def report():
    return sample_report(per_point=3)


def test_no_table_is_empty_and_each_is_written_in_print_and_to_a_file(report):
    message, accuracy = report.assessments, report.accuracy
    tables = [
        summary_table(accuracy, message, report.ceilings),
        bands_table(message, report.ceilings),
        confusions_table(message),
        calibration_table(message, accuracy),
        per_snr_csv(accuracy, message),
        reliability_csv(message),
        selective_csv(message),
        open_set_table(message),
        cost_table(message),
        comparison_table(report.comparisons),
        robustness_csv(report.robustness),
        drops_table(report.robustness),
    ]
    for table in tables:
        assert table.rows
        heads, rows = in_file(table)
        assert heads[: len(table.heads)] == table.heads
        assert len(rows) == len(table.in_print()[1]) == len(table.rows)


def test_the_summary_holds_the_ratio_to_every_ceiling(report):
    for row in cells(summary_table(report.accuracy, report.assessments, report.ceilings)):
        gap = report.assessments[row["model"]].gap
        for limit, ratio in gap.ratio.items():
            head = ratio_name(limit, report.ceilings)
            assert float(row[head]) == pytest.approx(100 * ratio, abs=0.051)


def test_what_a_reader_reached_is_called_a_ceiling_in_no_ratio_and_marked_where_it_stands(report):
    heads = summary_table(report.accuracy, report.assessments, report.ceilings).heads
    assert "of the ceiling, sequence" in heads
    assert "of the lower bound, symbols" in heads
    assert "of the ceiling, symbols" not in heads
    for row in cells(bands_table(report.assessments, report.ceilings)):
        assert row["ceiling, symbols"].startswith("≥ ")
        assert not row["ceiling, sequence"].startswith("≥ ")


def test_a_model_without_a_ceiling_has_no_ratio_and_no_false_one(report):
    message = {name: replace(item, gap=None) for name, item in report.assessments.items()}
    heads = summary_table(report.accuracy, message, {}).heads
    assert not [head for head in heads if "ceiling" in head]
    mixed = {**report.assessments, "cumulants": message["cumulants"]}
    rows = cells(summary_table(report.accuracy, mixed, report.ceilings))
    assert rows[-1]["of the ceiling, sequence"] == "–"


def test_the_numbers_of_every_snr_are_those_of_the_assessment(report):
    for row in cells(per_snr_csv(report.accuracy, report.assessments), in_file):
        message = report.assessments[row["model"]]
        s = report.accuracy[row["model"]].snr_db.index(float(row["snr_db"]))
        assert float(row["ece"]) == pytest.approx(message.calibration.ece_per_snr[s], abs=1e-6)
        assert float(row["ratio_to_symbols"]) == pytest.approx(
            message.gap.ratio_per_snr["symbols"][s], abs=1e-6
        )
        assert float(row["image_loss"]) == pytest.approx(0.07, abs=1e-6)


def test_bins_hold_every_example(report):
    rows = cells(reliability_csv(report.assessments), in_file)
    for name, item in report.accuracy.items():
        assert sum(int(row["examples"]) for row in rows if row["model"] == name) == item.examples


def test_robustness_hits_become_shares_with_their_interval():
    row = cells(robustness_csv(grids()), in_file)[2]
    assert (row["value"], row["hits"], row["accuracy"]) == ("0.002", "770", "0.770000")
    assert float(row["low_95"]) < 0.77 < float(row["high_95"])


def test_a_grid_says_where_five_points_are_lost_or_that_they_never_are():
    carrier, gain = cells(drops_table(grids()))
    assert (carrier["DenoMAE2.0"], carrier["from scratch"]) == ("0.005", "0.002")
    assert (gain["DenoMAE2.0"], gain["from scratch"]) == ("never", "–")
    assert gain["range"] == "−20 to 20"


def test_differences_have_a_sign_and_true_minus_signs(report):
    pair = replace(report.comparisons[0], difference=-0.0123, low=-0.02, high=0.001, p_value=2e-5)
    row = cells(comparison_table((pair,)))[0]
    assert row["difference (95 %), points"] == "−1.23 (−2.00 to +0.10)"
    assert row["McNemar p"] == "< 0.001"


def test_what_could_not_be_tried_has_a_line_for_each_grid():
    assert left_out_lines(grids()) == [f"gain without from scratch, cumulants: {TOO_QUIET}"]
    two = replace(grids()[0], left_out={"A": "too long", "B": "too loud"})
    assert left_out_lines((two,)) == ["carrier offset without A: too long; B: too loud"]


def test_every_way_of_reading_a_report_says_who_was_left_out(report):
    (line,) = left_out_lines(report.robustness)
    assert f"\n- {line}\n" in markdown_page(report)
    assert f'<p class="about">{line.replace("<", "&lt;")}</p>' in page(report)


def test_p_values_stand_beside_those_that_are_corrected_for_all_pairs(report):
    pairs = [replace(report.comparisons[0], p_value=p) for p in (0.02, 0.03)]
    rows = cells(comparison_table(holm_adjusted(pairs)))
    assert [row["McNemar p"] for row in rows] == ["0.020", "0.030"]
    assert [row["p after Holm"] for row in rows] == ["0.040", "0.040"]
    (old,) = cells(comparison_table((replace(pairs[0], p_adjusted=None),)))
    assert old["p after Holm"] == "–"


def test_both_pages_tell_the_corrected_p_values(report):
    pairs = [replace(pair, p_value=p) for pair, p in zip(report.comparisons, (0.012, 0.034),
             strict=True)]  # fmt: skip
    message = replace(report, comparisons=holm_adjusted(pairs))
    assert "| 0.034 | 0.034 |" in markdown_page(message)
    assert "| 0.012 | 0.024 |" in markdown_page(message)
    assert "p after Holm</th>" in page(message)
    assert ">0.024</td>" in page(message)


def test_what_is_not_known_of_the_cost_is_left_out(report):
    rows = {row["model"]: row for row in cells(cost_table(report.assessments))}
    assert rows["DenoMAE2.0"]["parameters"] == "4,812,300"
    assert rows["cumulants"]["parameters"] == rows["cumulants"]["MACs"] == "–"
    without = {name: replace(item, cost=None) for name, item in report.assessments.items()}
    assert cost_table(without).rows == ()


@pytest.mark.parametrize(
    ("value", "message"), [(0.0, "< 0.001"), (0.0012, "0.001"), (1.0, "1.000")]
)
def test_a_probability_is_reported_to_a_thousandth(value, message):
    assert probability(value) == message


def test_a_number_that_is_none_is_a_dash(report):
    item = report.assessments["cumulants"]
    broken = replace(item, selective=replace(item.selective, coverage_at_target=np.nan))
    row = cells(summary_table(report.accuracy, {"cumulants": broken}, {}))[0]
    assert row["answered at 95 % accuracy"] == "–"
