import pytest

from rfmae.baselines.signals_read import InputSpec, Signal, signal_of_plane, signals_of_views
from rfmae.baselines.trained import METHODS, inputs_of
from rfmae.errors import ShapeError
from rfmae.records import Plane

BOTH = ("waveform", "symbols")


@pytest.mark.parametrize(
    ("plane", "rate", "signal", "view"),
    [
        (Plane("symbols", "decay", 5), 1, Signal("symbols"), "symbols"),
        (Plane("trajectory", "density"), 8, Signal("trajectory"), "waveform"),
        (Plane("differential", "density", lag_symbols=2), 1, Signal("differential", 2), "symbols"),
        (
            Plane("differential-trajectory", "density", lag_symbols=0.5),
            8,
            Signal("differential-trajectory", 4),
            "waveform",
        ),
    ],
    ids=str,
)
def test_a_plane_shows_a_signal_of_its_view(plane, rate, signal, view):
    found = signal_of_plane(plane, rate)
    assert found == signal
    assert found.view == plane.view == view
    assert found.is_differential is plane.is_differential


@pytest.mark.parametrize("name", METHODS)
def test_one_view_is_read_unless_a_baseline_reads_all_that_is_shown(name):
    shown = (Signal("symbols"), Signal("trajectory"), Signal("differential", 1))
    inputs = inputs_of(name, BOTH, signals=shown)
    if name == "cumulants-planes":
        assert inputs.signals == shown
        assert inputs.views == ("symbols", "waveform")
        assert inputs_of(name, BOTH).signals == signals_of_views(BOTH)
    else:
        assert inputs.signals == (Signal("symbols"),)
        assert inputs_of(name, ("waveform",)).views == ("waveform",)


def test_signals_that_contradict_themselves_are_refused():
    with pytest.raises(ShapeError, match="got differential with 0"):
        Signal("differential")
    with pytest.raises(ShapeError, match="got symbols with 2"):
        Signal("symbols", 2)
    with pytest.raises(ShapeError, match="what must be symbols or"):
        Signal("picture")
    with pytest.raises(ShapeError, match="at least one signal"):
        InputSpec(())
