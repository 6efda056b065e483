"""Charts hold accuracy, ceilings and losses as they were measured."""

from dataclasses import replace

import numpy as np
import pytest
from made_up import made_up_ceiling
from made_up_curve import made_up_curve, made_up_difference
from sample_reports import (
    CLASSES,
    SNR_DB,
    at_first_point,
    ceilings,
    embedding,
    grids,
    sample_report,
)

from rfmae.records import SnrReport, wilson_interval
from rfmae.reporting.charts.accuracy_charts import (
    accuracy_chart,
    confusion_map,
    confusion_maps,
    gap_chart,
    gap_levels,
    robustness_charts,
    shown_order,
)
from rfmae.reporting.charts.chart import Axis, range_of, rounded, signed
from rfmae.reporting.charts.confidence_charts import reliability_chart, risk_chart
from rfmae.reporting.charts.label_charts import label_chart, overview_panels
from rfmae.reporting.charts.map_charts import map_panels, snr_steps
from rfmae.reporting.charts.report_charts import charts_of, model_styles
from rfmae.reporting.palette import style, styles_of


@pytest.fixture(scope="module")
def report():
    return sample_report(per_point=3)


@pytest.fixture(scope="module")
def charts(report):
    return charts_of(report)


def lines(chart):
    return {one.name: one for one in chart.series}


# accuracy -----------------------------------------------------------------------------------


def test_lines_stand_at_their_accuracy_and_ceilings_at_theirs(report, charts):
    found = lines(charts["accuracy"].charts[0])
    for name, item in report.accuracy.items():
        assert np.array_equal(found[name].y, 100 * item.accuracy_per_snr)
        assert np.array_equal(found[name].bounds, 100 * item.interval_per_snr)
    assert np.array_equal(found["ceiling, sequence"].y, 100 * ceilings()["sequence"].accuracy)
    assert found["lower bound, symbols"].dots == "none"


def test_what_nobody_reaches_is_shaded_from_the_ceiling_up(report, charts):
    (shade,) = charts["accuracy"].charts[0].areas
    assert np.array_equal(shade.low, 100 * ceilings()["sequence"].accuracy)
    assert set(shade.high) == {100}
    assert not accuracy_chart(report.accuracy, {}, model_styles(report)).areas


def test_what_holds_at_a_single_point_is_drawn_across_the_whole_chart(report):
    one = {name: at_first_point(item) for name, item in report.accuracy.items()}
    limits = {name: at_first_point(item) for name, item in ceilings().items()}
    chart = accuracy_chart(one, limits, model_styles(report))
    limit = lines(chart)["ceiling, sequence"]
    assert (chart.x.low, chart.x.high) == (-11, -9) == tuple(limit.x)
    assert list(limit.y) == [100 * ceilings()["sequence"].accuracy[0]] * 2
    gap = at_first_point(report.assessments["from scratch"].gap)
    correct = gap_chart(one["from scratch"], gap, "from scratch").areas[0]
    assert list(correct.high) == [100 * one["from scratch"].accuracy_per_snr[0]] * 2


def test_the_layers_of_the_gap_fill_the_whole(report, charts):
    for chart, item in zip(charts["gap"].charts, report.accuracy.values(), strict=True):
        correct, *_, unreachable = chart.areas
        assert np.array_equal(correct.high, 100 * item.accuracy_per_snr)
        assert set(correct.low) == {0} and set(unreachable.high) == {100}
        for below, above in zip(chart.areas, chart.areas[1:], strict=False):
            assert np.array_equal(below.high, above.low)
            assert (np.asarray(above.high) >= above.low).all()


def test_an_accuracy_above_its_ceiling_lifts_no_other_ceiling(report):
    gap = report.assessments["cumulants"].gap
    above = replace(gap, model_loss_per_snr=np.full(len(SNR_DB), -0.3))
    right, seen, best = gap_levels(report.accuracy["cumulants"], above)
    assert (seen == right).all()
    assert best == pytest.approx(np.maximum(right, right - 0.3 + gap.image_loss_per_snr))


def test_a_model_of_the_sequence_loses_nothing_to_an_image(report):
    gap = replace(report.assessments["cumulants"].gap, image=None, image_loss_per_snr=None)
    image = gap_chart(report.accuracy["cumulants"], gap, "c").areas[2]
    assert np.array_equal(image.low, image.high)


def test_confusion_is_in_shares_of_the_true_class_with_their_interval(report):
    counts = report.accuracy["cumulants"]
    found = confusion_map(counts, "all")
    assert found.shares.sum(axis=1) == pytest.approx(100)
    share, (low, high) = found.shares[2, 3], found.interval[2, 3]
    assert low < share < high
    assert (low, high) == pytest.approx(
        100 * wilson_interval(counts.confusion[2, 3], counts.confusion[2].sum())
    )
    every = confusion_maps(counts)
    assert [one.title for one in every] == [f"{signed(snr_db)} dB" for snr_db in SNR_DB]


# impairments, confidence, maps --------------------------------------------------------------


def test_values_to_both_sides_of_the_trained_one_are_drawn_in_order():
    assert shown_order((0.0, -20.0, 20.0, -40.0)) == [3, 1, 0, 2]
    assert shown_order((1024.0, 512.0, 256.0)) == [0, 1, 2]
    assert shown_order((0.0, 0.1, 0.2)) == [0, 1, 2]


def test_a_grid_has_its_values_equally_spaced_and_a_ring_where_five_points_are_lost(report):
    carrier, gain = robustness_charts(grids(), model_styles(report))
    assert [label for _, label in gain.x.ticks] == ["−20", "0", "20"]
    assert list(lines(gain)["DenoMAE2.0"].y) == pytest.approx([80.1, 80, 79.9])
    assert gain.guides[0].start[0] == 1  # the value of training
    assert lines(carrier)["DenoMAE2.0"].ring == 3 and lines(gain)["DenoMAE2.0"].ring is None


def test_a_second_grid_of_one_impairment_is_numbered(report):
    titles = [one.title for one in robustness_charts(grids()[:1] * 2, model_styles(report))]
    assert titles == ["carrier offset", "carrier offset (2)"]


def test_bins_of_confidence_stand_at_their_accuracy(report):
    found = report.assessments["DenoMAE2.0"].calibration
    chart = reliability_chart(found, "DenoMAE2.0", style(0))
    assert np.array_equal(chart.series[0].y, 100 * found.bin_accuracy)
    assert chart.notes[0].text == f"ECE {100 * found.ece:.1f} %"


def test_the_risk_of_all_answers_is_the_share_of_errors(report):
    found = lines(risk_chart(report.assessments, model_styles(report)))
    for name, item in report.accuracy.items():
        assert found[name].y[-1] == pytest.approx(100 * (1 - item.accuracy))


def test_the_risk_of_nobody_who_answers_can_be_drawn(report):
    item = report.assessments["cumulants"]
    none = replace(item.selective, coverage=np.zeros(0), risk=np.zeros(0))
    chart = risk_chart({"c": replace(item, selective=none)}, {"c": style(0)})
    assert len(chart.series[0].y) == 0


def test_every_example_of_the_map_is_there_once_by_class_and_once_by_snr(rng):
    found = embedding(rng)
    by_class, by_snr = map_panels(found).charts
    for chart in (by_class, by_snr):
        assert sum(len(one.x) for one in chart.series) == len(found.label)
    assert [one.name for one in by_class.series] == list(CLASSES)
    steps = snr_steps(found)
    assert (steps[found.snr_db.argmin()], steps[found.snr_db.argmax()]) == (0, 6)
    assert (np.diff(steps[np.argsort(found.snr_db)]) >= 0).all()


# labels -------------------------------------------------------------------------------------


def test_the_chart_of_labels_holds_every_mean_with_its_interval():
    curve = made_up_curve()
    chart = label_chart(curve)
    found = lines(chart)
    mean = curve.mean("probe", 10)
    assert list(found["linear probe"].x) == [1, 10, 100]
    assert found["linear probe"].y[1] == 100 * mean.accuracy
    assert list(found["linear probe"].bounds[1]) == [100 * mean.low, 100 * mean.high]
    assert list(found["ceiling lower bound: symbols"].y) == [80, 80]
    assert chart.x.is_log and [label for _, label in chart.x.ticks] == ["1", "10", "100"]


def test_the_overview_marks_the_difference_where_it_is():
    curve = made_up_curve()
    difference = made_up_difference(curve)
    left, right = overview_panels(curve, difference, {}).charts
    (gain,) = left.differences
    assert gain.lines[0] == f"+{100 * difference.difference:.1f} points"
    ends = [100 * curve.mean(method, 10).accuracy for method in ("scratch", "finetune")]
    assert (gain.x, gain.low, gain.high) == pytest.approx((10, *ends))
    # 57 of a hundred by the first seed, one more by each other, two more at each SNR
    line = lines(right)["pre-trained, fine-tuned"]
    assert list(line.y) == pytest.approx([58, 60, 62])
    assert line.bounds[0] == pytest.approx(100 * wilson_interval(np.array(58), np.array(100)))


def test_the_network_is_held_to_who_is_not_reported_the_snr_either():
    curve = made_up_curve()

    def ceiling(snr):
        return made_up_ceiling(
            np.full(3, 0.7), classes=curve.classes, snr_db=curve.snr_db, kind="symbols",
            is_bound=False, snr=snr,
        )  # fmt: skip

    known = {"symbols, SNR known": ceiling("known")}
    both = {"symbols, SNR unknown": ceiling("unknown"), **known}
    for limits, name in (
        (both, "lower bound of the ceiling of its images"),
        (known, "lower bound of the ceiling of its images, SNR known"),
    ):
        chart = overview_panels(curve, made_up_difference(curve), limits).charts[1]
        assert [one for one in lines(chart) if "lower bound" in one] == [name]


# how they look ------------------------------------------------------------------------------


def test_nine_styles_have_nothing_in_common_and_later_ones_differ():
    first = [style(place) for place in range(9)]
    assert len({one.colour for one in first}) == len({one.marker for one in first}) == 9
    assert len({style(place) for place in range(81)}) == 81


def test_a_series_looks_the_same_in_every_chart(charts):
    looks = {}
    for panels in charts.values():
        for one in (one for chart in panels.charts for one in chart.series if one.name):
            if one.style.colour not in ("limit",):
                looks.setdefault(one.name, set()).add(one.style)
    assert {name for name, found in looks.items() if len(found) > 1} <= {"from scratch"}


def test_unknown_names_take_the_styles_that_are_left():
    found = styles_of(["a", "known", "b"], {"known": style(0)})
    assert [found[name] for name in ("known", "a", "b")] == [style(0), style(1), style(2)]


# axes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "most"), [(-10, 10, 8), (0, 1, 5), (0.2, 0.9, 4), (3, 3, 5)]
)
def test_round_numbers_ascend_inside_the_range(low, high, most):
    found = rounded(low, high, most)
    assert found == sorted(set(found))
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in found)
    assert len(found) <= most + 1


def test_a_logarithmic_axis_has_equal_ratios_at_equal_distances():
    axis = Axis("", 1, 100, is_log=True)
    assert [axis.share(value) for value in (1, 10, 100)] == pytest.approx([0, 0.5, 1])


def test_the_unit_stands_at_the_highest_number_and_a_minus_sign_is_one():
    assert Axis("", -50, 100, unit="%").marks(4)[-1] == (100, "100\u00a0%")
    assert signed(-3.0) == "−3"


def test_the_range_of_nothing_is_one():
    assert range_of([]) == pytest.approx((-0.05, 1.05))


def test_an_exam_at_one_snr_is_a_chart():
    one = {"model": SnrReport(np.array([[[9, 1], [2, 8]]]), (5.0,), ("BPSK", "QPSK"), "symbol")}
    assert accuracy_chart(one, {}, {"model": style(0)}).x.low == 4
