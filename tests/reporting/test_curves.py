"""The figure of a run shows what was measured: every value, or the medians of very many."""

import numpy as np
import pytest

from rfmae.errors import ArtefactError
from rfmae.reporting.curve_measures import quantities_of
from rfmae.reporting.curves import curves_figure
from rfmae.reporting.figure_files import save_figure


def drawn(count, **options):
    """A run whose loss is one over the step, validated at every tenth of its steps."""
    lines = [
        {"step": step, "loss": 1 / step, "accuracy": 0.5, "learning_rate": 1e-3}
        for step in range(1, count + 1)
    ]
    lines += [{"step": step, "validation_loss": 2 / step}
              for step in range(count // 10, count + 1, count // 10)]  # fmt: skip
    return curves_figure(quantities_of(lines), "a run", **options)


def line_of(axes, name):
    return next(line for line in axes.lines if str(line.get_label()).startswith(name))


def test_every_quantity_has_a_panel_and_the_loss_the_largest():
    figure = drawn(50)
    figure.draw_without_rendering()  # lays the panels out
    assert [axes.get_title() for axes in figure.axes] == ["loss", "accuracy", "learning rate"]
    areas = [axes.get_position().width * axes.get_position().height for axes in figure.axes]
    assert areas[0] > 2 * max(areas[1:])


def test_a_short_run_is_drawn_value_by_value():
    steps, values = line_of(drawn(50).axes[0], "training").get_data()
    assert steps.tolist() == list(range(1, 51))
    assert values == pytest.approx(1 / np.arange(1, 51))


def test_a_run_of_thousands_is_thinned_and_says_so():
    axes = drawn(5000).axes[0]
    line = line_of(axes, "training")
    assert line.get_label() == "training, running median"
    assert 100 < len(line.get_xdata()) <= 400
    assert len(axes.collections) == 1  # the band


def test_validation_is_dots_at_its_steps():
    dots = line_of(drawn(50).axes[0], "validation")
    assert dots.get_linestyle() == "None"
    assert dots.get_xdata().tolist() == list(range(5, 51, 5))


def test_the_best_step_is_marked_in_every_panel_and_ringed():
    figure = drawn(50, best_step=20)
    for axes in figure.axes:
        assert line_of(axes, "best: step 20").get_xdata() == [20, 20]
    ring = figure.axes[0].lines[-1]
    assert ring.get_xdata().tolist() == [20]
    assert ring.get_ydata().tolist() == [0.1]
    assert not any("best" in str(line.get_label()) for line in drawn(50).axes[0].lines)


def test_the_axis_is_logarithmic_over_a_decade_and_linear_elsewhere():
    loss, accuracy, rate = drawn(50).axes
    assert loss.get_yscale() == "log"
    assert accuracy.get_yscale() == rate.get_yscale() == "linear"


@pytest.mark.parametrize("name", ["curves.svg", "curves.png"])
@pytest.mark.parametrize("lines", [[{"step": 1, "loss": 0.5}], [{"step": 3, "validation_loss": 0}]])
def test_a_run_of_one_line_is_drawn(tmp_path, name, lines):
    save_figure(curves_figure(quantities_of(lines), "a run"), tmp_path / name)
    assert (tmp_path / name).stat().st_size > 5_000


def test_a_run_without_figures_is_refused():
    with pytest.raises(ArtefactError, match="no metrics yet"):
        curves_figure((), "a run")
