"""What a network sees, drawn beside what a person would draw."""

import numpy as np
import pytest

from rfmae.records import ImageConfig, Plane
from rfmae.reporting.image_figures import seen_figure
from rfmae.reporting.iq_excerpt import Excerpt

PLANES = (
    Plane("symbols", "decay", half_width=5),
    Plane("differential", "density", lag_symbols=1),
)


@pytest.fixture
def excerpt(rng):
    iq = rng.normal(size=(64, 2)).view(complex)[:, 0].astype(np.complex64)
    return Excerpt(iq, iq, float("nan"), 1.0)


def test_every_plane_of_every_image_is_drawn_as_it_is(excerpt, rng):
    seen = {"observed": rng.random((2, 32, 32)), "clean": rng.random((2, 32, 32))}
    figure = seen_figure(excerpt, seen, ImageConfig(size=32, extent=2.0, planes=PLANES), "QPSK")
    person, network = figure.subfigs
    assert len(person.axes) == 1
    shown_images = [axes.images[0] for axes in network.axes]
    drawn = np.stack([shown.get_array() for shown in shown_images]).reshape(2, 2, 32, 32)
    np.testing.assert_array_equal(drawn, np.stack([seen["observed"], seen["clean"]]))
    for axes, shown in zip(network.axes, shown_images, strict=True):
        # black is 0 and white is 1 in every plane, row 0 on top where Q is highest
        assert shown.get_clim() == (0.0, 1.0)
        assert (shown.origin, *shown.get_extent()) == ("upper", -2.0, 2.0, -2.0, 2.0)
        assert axes.get_title().startswith(("observed\n", "clean\n"))
    assert "differential over 1 symbol\ndensity" in network.axes[1].get_title()
    assert "32 × 32 pixels, axes in rms amplitudes" in network.get_suptitle()


def test_a_recording_has_one_row_and_axes_of_its_own_amplitude(excerpt, rng):
    config = ImageConfig(size=32, units="absolute", planes=PLANES[:1])
    figure = seen_figure(excerpt, {"observed": rng.random((1, 32, 32))}, config, "capture")
    _, network = figure.subfigs
    assert len(network.axes) == 1
    assert "amplitude as stored" in network.get_suptitle()
