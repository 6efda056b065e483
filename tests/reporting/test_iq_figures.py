"""Every kind of plot of I/Q, for every kind of source: units on its axes, data where it is."""

import warnings

import numpy as np
import pytest
from matplotlib.colors import to_hex

from rfmae.errors import ArtefactError, ShapeError
from rfmae.reporting.iq_excerpt import Excerpt, Mark
from rfmae.reporting.iq_figures import PLOTS, iq_figure

NONE = np.zeros(0, np.complex64)
NAN = float("nan")


def noise(rng, count):
    return rng.normal(size=(count, 2)).view(complex)[:, 0].astype(np.complex64)


@pytest.fixture
def clean(rng):
    """A QPSK waveform of eight samples a symbol, with pulses of half a cosine."""
    symbols = np.exp(1j * np.pi / 4 * (2 * rng.integers(0, 4, 64) + 1))
    pulse = np.sin(np.pi * np.arange(1, 17) / 17)
    impulses = np.kron(symbols, np.eye(1, 8)[0])
    return np.convolve(impulses, pulse)[:512].astype(np.complex64)


@pytest.fixture
def sources(rng, clean):
    noisy = clean + 0.1 * noise(rng, 512)
    return {
        "synthetic": Excerpt(noisy, clean, NAN, 8.0),
        "synthetic in Hz": Excerpt(noisy, clean, 1e6, 8.0),
        "recording": Excerpt(noisy, NONE, 2.4e6, 8.0, "full scale 1"),
        "recording of a fractional rate": Excerpt(noisy, NONE, 48e3, 3.0864),
        "silence": Excerpt(np.zeros(512, np.complex64), NONE, 1.0, 4.0),
        "long": Excerpt(noise(rng, 300_000), NONE, 1e9, 2.0),
    }


SOURCES = ["synthetic", "synthetic in Hz", "recording", "recording of a fractional rate", "silence"]


def panels(figure):
    """The axes of each panel that hold data, without the colour bars."""
    return [[axes for axes in panel.axes if axes.get_label() != "<colorbar>"]
            for panel in figure.subfigs]  # fmt: skip


def words(figure):
    """Everything that is written."""
    return " | ".join(text.get_text() for text in figure.findobj(match=lambda artist: hasattr(
        artist, "get_text")))  # fmt: skip


@pytest.mark.parametrize("kind", PLOTS)
@pytest.mark.parametrize("source", SOURCES)
def test_every_picture_of_every_source_is_drawn_with_units_on_its_axes(
    sources, kind, source, tmp_path
):
    with warnings.catch_warnings(action="error"):
        figure = iq_figure({kind: sources[source]}, "QPSK, Es/N0 10 dB")
        figure.savefig(tmp_path / "drawn.png", dpi=50)
    (axes,) = panels(figure)
    assert figure.get_suptitle() == "QPSK, Es/N0 10 dB"
    assert [one.get_xlabel() for one in axes][-1]
    assert axes[0].get_ylabel()
    labels = " ".join(one.get_xlabel() + one.get_ylabel() for one in figure.axes)
    unit = {"psd": "dB per", "spectrogram": "dB per", "eye": "time in symbols"}
    assert unit.get(kind, "I (amplitude") in labels or "I (full scale 1" in labels


@pytest.mark.parametrize("kind", PLOTS)
def test_a_long_recording_is_drawn_too(sources, kind, tmp_path):
    figure = iq_figure({kind: sources["long"]}, "long")
    figure.savefig(tmp_path / "drawn.png", dpi=50)
    assert "300,000 samples" in words(figure)


@pytest.mark.parametrize("kind", PLOTS)
def test_the_clean_twin_is_shown_wherever_there_is_one(sources, kind):
    assert "clean" in words(iq_figure({kind: sources["synthetic"]}, ""))
    assert "clean" not in words(iq_figure({kind: sources["recording"]}, ""))


def test_the_points_of_a_constellation_are_the_samples_with_i_across_and_q_up(sources):
    excerpt = sources["synthetic"]
    figure = iq_figure({"constellation": excerpt}, "")
    (axes,) = figure.axes
    points = axes.collections[0].get_offsets().data
    drawn = np.sort_complex(points[:, 0] + 1j * points[:, 1])
    assert drawn == pytest.approx(np.sort_complex(excerpt.iq))
    assert axes.get_aspect() == 1.0
    assert axes.get_xlabel().startswith("I ")
    assert axes.get_ylabel().startswith("Q ")
    twin = axes.lines[0].get_xydata()
    assert twin @ [1, 1j] == pytest.approx(excerpt.clean)


def test_dense_points_are_darker(rng):
    crowd = np.concatenate([np.full(500, 1 + 1j), 0.9 * noise(rng, 100)]).astype(np.complex64)
    figure = iq_figure({"constellation": Excerpt(crowd, NONE, NAN, 1.0)}, "")
    points = figure.axes[0].collections[0]
    shade = dict(zip(map(tuple, points.get_offsets().data), points.get_array(), strict=True))
    assert shade[(1.0, 1.0)] == pytest.approx(1.0)
    assert np.median([value for place, value in shade.items() if place != (1.0, 1.0)]) < 0.6


def test_points_beyond_the_axes_are_counted(rng):
    iq = noise(rng, 1000)
    iq[:3] = 1000
    figure = iq_figure({"constellation": Excerpt(iq, NONE, NAN, NAN)}, "")
    assert "1,000 samples, 3 of them outside" in words(figure)
    assert figure.axes[0].get_xlim()[1] < 10


@pytest.mark.parametrize(
    ("rate", "unit", "edge"),
    [(48e3, "kHz", 24.0), (2e6, "MHz", 1.0), (4e9, "GHz", 2.0), (10.0, "Hz", 5.0),
     (NAN, "cycles per sample", 0.5)],
)  # fmt: skip
def test_frequencies_run_over_the_whole_band_in_a_unit_that_reads_well(clean, rate, unit, edge):
    axes = iq_figure({"psd": Excerpt(clean, NONE, rate, 8.0)}, "").axes[0]
    assert axes.get_xlabel() == f"frequency in {unit}"
    assert axes.get_xlim() == pytest.approx((-edge, edge))


@pytest.mark.parametrize(
    ("rate", "unit"), [(1.0, "s"), (1e6, "µs"), (1e4, "ms"), (NAN, "samples"), (1e10, "ns")]
)
def test_time_reads_well_too(clean, rate, unit):
    axes = iq_figure({"spectrogram": Excerpt(clean, NONE, rate, 8.0)}, "").axes[0]
    assert axes.get_xlabel() == f"time in {unit}"


def test_the_occupied_band_is_that_of_the_clean_twin(sources, clean):
    with_twin = words(iq_figure({"psd": sources["synthetic"]}, ""))
    alone = words(iq_figure({"psd": Excerpt(clean, NONE, NAN, 8.0)}, ""))
    said = "power: "
    assert with_twin.split(said)[1].split()[0] == alone.split(said)[1].split()[0]


def test_eyes_hold_a_trace_for_each_symbol_in_both_rails(sources):
    figure = iq_figure({"eye": sources["recording"]}, "")
    in_phase, quadrature = panels(figure)[0]
    assert len(in_phase.collections[0].get_segments()) == 62
    assert len(quadrature.collections[0].get_segments()) == 62
    assert to_hex(in_phase.collections[0].get_color()[0]) == "#0b62a4"


def test_several_pictures_stand_in_one_figure_each_in_its_panel(sources):
    figure = iq_figure(dict.fromkeys(PLOTS, sources["synthetic"]), "all")
    assert len(figure.subfigs) == len(PLOTS)
    assert all(panels(figure))


def test_what_cannot_be_drawn_is_refused(sources):
    with pytest.raises(ArtefactError, match="'eyes'; did you mean eye"):
        iq_figure({"eyes": sources["synthetic"]}, "")
    with pytest.raises(ShapeError, match="more than two symbols, got 16 samples at 8"):
        iq_figure({"eye": Excerpt(np.ones(16, np.complex64), NONE, NAN, 8.0)}, "")
    for kind in ("psd", "spectrogram"):
        with pytest.raises(ShapeError, match="at least 16 samples, got 15"):
            iq_figure({kind: Excerpt(np.ones(15, np.complex64), NONE, NAN, 8.0)}, "")
    with pytest.raises(ShapeError, match=r"\(T,\) and samples, got \(0,\)"):
        Excerpt(NONE, NONE, NAN, NAN)
    with pytest.raises(ShapeError, match=r"clean must have the shape of iq \(4,\), got \(3,\)"):
        Excerpt(np.ones(4, np.complex64), np.ones(3, np.complex64), NAN, NAN)


@pytest.mark.parametrize("kind", PLOTS)
def test_the_shortest_signal_is_drawn(kind, tmp_path):
    count = {"constellation": 1, "trajectory": 1, "eye": 5}.get(kind, 16)
    excerpt = Excerpt(np.ones(count, np.complex64), NONE, 1.0, 2.0)
    iq_figure({kind: excerpt}, "").savefig(tmp_path / "drawn.png", dpi=30)


# frequencies of the radio and what is marked ----------------------------------------------------


def test_frequencies_are_those_of_the_radio_and_marks_are_framed_at_theirs(clean):
    marks = (Mark(100, 50, -20e3, 40e3, "QPSK"), Mark(0, 512, NAN, NAN, "all"))
    excerpt = Excerpt(clean, NONE, 200e3, 8.0, centre_hz=433.92e6, marks=marks)
    figure = iq_figure({"spectrogram": excerpt, "psd": excerpt}, "")
    spectrogram, psd = (axes[0] for axes in panels(figure))
    assert psd.get_xlim() == pytest.approx((433.82, 434.02))
    assert psd.get_xlabel() == "frequency in MHz" and spectrogram.get_ylabel() == psd.get_xlabel()
    first, second = spectrogram.patches
    assert first.get_bbox().bounds == pytest.approx((0.5, 433.9, 0.25, 0.06))
    assert second.get_bbox().bounds == pytest.approx((0, 433.82, 2.56, 0.2))
    assert {"QPSK", "all"} <= {text.get_text() for text in spectrogram.texts}


def test_a_constellation_shows_the_loudest_stretch_and_says_when_it_is(rng):
    iq = 0.01 * noise(rng, 50_000)
    iq[20_000:25_000] += 1
    figure = iq_figure({"constellation": Excerpt(iq.astype("c8"), NONE, 1e6, NAN)}, "")
    points = figure.axes[0].collections[0].get_offsets().data
    assert len(points) == 4096 and points[:, 0].min() > 0.9
    assert "of 50,000 samples, 2" in words(figure) and " ms" in words(figure)
