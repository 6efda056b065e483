"""Charts of the page put accuracy, ceilings and losses where they belong."""

import re
from dataclasses import replace

import numpy as np
import pytest
from sample_reports import (
    CLASSES,
    SNR_DB,
    at_first_point,
    ceilings,
    embedding,
    grids,
    sample_report,
)

from rfmae.records import SnrReport
from rfmae.reporting.levels import gap_levels
from rfmae.reporting.page.charts import (
    accuracy_chart,
    gap_chart,
    robustness_chart,
    shown_order,
)
from rfmae.reporting.page.confidence_charts import reliability_chart, risk_chart
from rfmae.reporting.page.map_charts import class_map, snr_map, snr_steps


@pytest.fixture(scope="module")
def report():
    return sample_report(per_point=3)


def heights(drawn, kind):
    """The heights of the first path of a kind as shares of the field, 0 below and 1 above."""
    path = re.search(rf'<path class="{kind}" d="M([^"]+)"', drawn)[1].rstrip("Z")
    down = [float(place.split()[1]) for place in path.split("L")]
    total = float(re.search(r'viewBox="0 0 \S+ (\S+)"', drawn)[1])
    return np.array([(total - 46 - y) / (total - 46 - top(drawn)) for y in down])


def top(drawn):
    return 14 if 'class="wide"' in drawn else 12


@pytest.mark.parametrize("wide", [True, False])
def test_lines_stand_at_their_accuracy_and_ceilings_at_theirs(report, wide):
    drawn = accuracy_chart(report.accuracy, ceilings(), wide=wide)
    # a tenth of a pixel of some 300
    expected = report.accuracy["DenoMAE2.0"].accuracy_per_snr
    assert heights(drawn, "line c0") == pytest.approx(expected, abs=3e-4)
    assert heights(drawn, "limit") == pytest.approx(ceilings()["sequence"].accuracy, abs=3e-4)


def test_what_nobody_reaches_is_shaded_from_the_ceiling_up(report):
    drawn = accuracy_chart(report.accuracy, ceilings(), wide=True)
    shade = heights(drawn, "beyond")
    assert shade[: len(SNR_DB)] == pytest.approx(np.ones(len(SNR_DB)))
    assert shade[len(SNR_DB) :][::-1] == pytest.approx(ceilings()["sequence"].accuracy, abs=3e-4)
    assert "beyond" not in accuracy_chart(report.accuracy, {}, wide=True)


def test_every_model_is_named_at_the_end_of_its_line(report):
    drawn = accuracy_chart(report.accuracy, ceilings(), wide=True)
    for name in (*report.accuracy, "ceiling, sequence", "lower bound, symbols"):
        assert f">{name}</text>" in drawn


def test_the_layers_of_the_gap_fill_the_whole(report):
    message = report.assessments["from scratch"].gap
    drawn = gap_chart(report.accuracy["from scratch"], message, "from scratch")
    count = len(SNR_DB)
    known, above = heights(drawn, "layer known c0"), heights(drawn, "layer unreachable")
    assert known[:count] == pytest.approx(
        report.accuracy["from scratch"].accuracy_per_snr, abs=4e-4
    )
    assert above[:count] == pytest.approx(np.ones(count), abs=4e-4)
    model, image = heights(drawn, "layer model-loss"), heights(drawn, "layer image-loss")
    assert (model[:count] >= model[count:][::-1] - 4e-4).all()
    assert image[:count] == pytest.approx(above[count:][::-1], abs=1e-6)


def test_what_holds_at_a_single_point_is_drawn_across_the_whole_chart(report):
    one = {name: at_first_point(item) for name, item in report.accuracy.items()}
    limits = {name: at_first_point(item) for name, item in ceilings().items()}
    drawn = accuracy_chart(one, limits, wide=True)
    expected = ceilings()["sequence"].accuracy[0]
    assert heights(drawn, "limit") == pytest.approx([expected] * 2, abs=3e-4)
    assert heights(drawn, "beyond") == pytest.approx([1, 1, expected, expected], abs=3e-4)
    gap = report.assessments["from scratch"].gap
    drawn = gap_chart(one["from scratch"], at_first_point(gap), "from scratch")
    layer = heights(drawn, "layer known c0")
    reached = one["from scratch"].accuracy_per_snr[0]
    assert layer == pytest.approx([reached, reached, 0, 0], abs=4e-4)


def test_an_accuracy_above_its_ceiling_draws_no_negative_loss(report):
    message = report.assessments["cumulants"].gap
    above = replace(message, model_loss_per_snr=np.full(len(SNR_DB), -0.05))
    drawn = gap_chart(report.accuracy["cumulants"], above, "cumulants")
    model = heights(drawn, "layer model-loss")
    assert model[: len(SNR_DB)] == pytest.approx(model[len(SNR_DB) :][::-1])


def test_an_accuracy_above_its_ceiling_lifts_no_other_ceiling(report):
    message = report.assessments["cumulants"].gap
    above = replace(message, model_loss_per_snr=np.full(len(SNR_DB), -0.3))
    right, seen, best = gap_levels(report.accuracy["cumulants"], above)
    assert (seen == right).all()
    assert best == pytest.approx(np.maximum(right, right - 0.3 + message.image_loss_per_snr))


def test_a_model_of_the_sequence_loses_nothing_to_an_image(report):
    message = replace(report.assessments["cumulants"].gap, image=None, image_loss_per_snr=None)
    image = heights(gap_chart(report.accuracy["cumulants"], message, "c"), "layer image-loss")
    assert image[: len(SNR_DB)] == pytest.approx(image[len(SNR_DB) :][::-1])


def test_values_to_both_sides_of_the_trained_one_are_drawn_in_order():
    assert shown_order((0.0, -20.0, 20.0, -40.0)) == [3, 1, 0, 2]
    assert shown_order((1024.0, 512.0, 256.0)) == [0, 1, 2]
    assert shown_order((0.0, 0.1, 0.2)) == [0, 1, 2]


def test_a_ring_marks_where_five_points_are_lost_and_only_there():
    drawn = robustness_chart(grids()[0], {"DenoMAE2.0": 0, "from scratch": 1})
    assert len(re.findall('class="ring', drawn)) == 2
    assert "ring" not in robustness_chart(grids()[1], {"DenoMAE2.0": 0})


def test_bins_of_confidence_stand_at_their_accuracy(report):
    message = report.assessments["DenoMAE2.0"].calibration
    drawn = reliability_chart(message, "DenoMAE2.0", 0)
    assert heights(drawn, "line thin c0") == pytest.approx(message.bin_accuracy, abs=4e-4)
    assert f"ECE {100 * message.ece:.1f} %" in drawn


def test_the_risk_of_all_answers_is_the_share_of_errors(report):
    message = report.assessments
    drawn = risk_chart(message, {name: s for s, name in enumerate(message)}, wide=True)
    ends = {name: heights(drawn, f"line c{s}")[-1] for s, name in enumerate(message)}
    errors = {name: 1 - item.accuracy for name, item in report.accuracy.items()}
    scale = ends["cumulants"] / errors["cumulants"]
    for name in message:
        assert ends[name] == pytest.approx(scale * errors[name], abs=2e-3)


def test_every_example_of_the_map_is_drawn_once_by_class_and_once_by_snr(rng):
    message = embedding(rng)
    for drawn in (class_map(message), snr_map(message)):
        paths = re.findall(r'<path class="speck[^"]*" d="([^"]*)"', drawn)
        assert sum(path.count("M") for path in paths) == len(message.label)
    assert [name for name in CLASSES if f">{name}</text>" in class_map(message)] == list(CLASSES)


def test_steps_of_snr_go_from_the_lowest_to_the_highest(rng):
    message = embedding(rng)
    steps = snr_steps(message)
    assert steps[message.snr_db.argmin()] == 0
    assert steps[message.snr_db.argmax()] == 6
    assert (np.diff(steps[np.argsort(message.snr_db)]) >= 0).all()


def test_an_exam_at_one_snr_can_be_drawn():
    one = SnrReport(np.array([[[9, 1], [2, 8]]]), (5.0,), ("BPSK", "QPSK"), "symbol")
    for wide in (True, False):
        assert "nan" not in accuracy_chart({"model": one}, {}, wide=wide)
