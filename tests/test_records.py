"""Records: what they refuse at birth, and what they compute from counts."""

import json
from dataclasses import FrozenInstanceError, asdict, replace
from itertools import product

import numpy as np
import pytest
from made_up import made_up_ceiling
from scipy.stats import binomtest

from rfmae.errors import ArtefactError, RecipeError, ShapeError
from rfmae.records import (
    IMAGE_ALONE,
    TRAJECTORY_PLANES,
    DenoiseReport,
    ImageConfig,
    IqBatch,
    IqPairBatch,
    Modality,
    Plane,
    RobustnessGrid,
    SnrReport,
    as_plain,
    check_modalities,
    image_config_from_card,
    modalities_from_card,
    needed_views,
    snr_view,
    wilson_interval,
)
from rfmae.records.label_curve import LabelPoint


@pytest.fixture
def batch():
    return IqBatch(
        iq=np.ones((4, 16), np.complex64),
        label=np.array([0, 1, 2, 1]),
        snr_db=np.array([-10.0, 0.0, 0.0, 10.0]),
        classes=("OOK", "QPSK", "GMSK"),
        samples_per_symbol=8,
        snr_reference="symbol",
    )


@pytest.fixture
def report():
    counts = np.array([[[3, 1], [2, 2]], [[5, 0], [1, 4]], [[0, 0], [0, 0]]])
    return SnrReport(counts, (-5.0, 0.0, 5.0), ("OOK", "QPSK"), "symbol")


# --- batches


def test_a_batch_is_as_long_as_its_examples(batch):
    assert len(batch) == 4
    assert len(IqPairBatch(batch, batch.iq.copy())) == 4


def test_a_batch_may_be_empty(batch):
    none = np.zeros(0)
    empty = replace(batch, iq=np.zeros((0, 16), np.complex64), label=none.astype(int), snr_db=none)
    assert len(empty) == 0


@pytest.mark.parametrize(
    ("iq", "said"),
    [
        (np.ones((4, 16), np.float32), r"float32 \(4, 16\)"),
        (np.ones(4, np.complex64), r"complex64 \(4,\)"),
        (np.ones((4, 2, 16), np.complex64), r"complex64 \(4, 2, 16\)"),
    ],
    ids=["real", "one example", "three axes"],
)
def test_iq_that_is_not_complex_with_time_last_is_refused(batch, iq, said):
    with pytest.raises(ShapeError, match=rf"iq must be complex of shape \(N, T\), got {said}"):
        replace(batch, iq=iq)


@pytest.mark.parametrize("name", ["label", "snr_db"])
@pytest.mark.parametrize("shape", [(3,), (5,), (4, 1), ()])
def test_what_is_known_of_examples_comes_one_for_each(batch, name, shape):
    with pytest.raises(ShapeError, match=rf"{name} must have shape \(4,\), got"):
        replace(batch, **{name: np.zeros(shape, int)})


@pytest.mark.parametrize(("label", "said"), [([0, 0, 0, 3], "0 to 3"), ([-1, 0, 0, 0], "-1 to 0")])
def test_a_label_outside_the_classes_is_refused(batch, label, said):
    with pytest.raises(ShapeError, match=f"labels must index 3 classes, got {said}"):
        replace(batch, label=np.array(label))


@pytest.mark.parametrize("shape", [(4, 15), (3, 16)])
def test_a_clean_twin_has_the_shape_of_what_was_observed(batch, shape):
    with pytest.raises(ShapeError, match=r"shape of observed \(4, 16\)"):
        IqPairBatch(batch, np.zeros(shape, np.complex64))


def test_a_record_does_not_change(batch):
    with pytest.raises(FrozenInstanceError):
        batch.snr_reference = "sample"


# --- the image declaration


MANY_PLANES = (
    Plane("symbols", "decay", half_width=5),
    Plane("symbols", "density", normalise="points"),
    Plane("trajectory", "density"),
    Plane("differential", "density", lag_symbols=2),
    Plane("differential-trajectory", "decay", half_width=25, lag_symbols=0.5),
)


def test_an_image_shows_three_kernels_unless_configured_otherwise():
    assert [plane.half_width for plane in ImageConfig().planes] == [5, 25, 50]


def test_planes_say_which_views_they_are_drawn_from():
    assert ImageConfig().views == ("symbols",)
    assert ImageConfig(planes=MANY_PLANES[2:3]).views == ("waveform",)
    # symbols first, however the planes are ordered
    assert ImageConfig(planes=MANY_PLANES[::-1]).views == ("symbols", "waveform")


def test_planes_describe_themselves():
    assert [str(plane) for plane in MANY_PLANES] == [
        "symbols, decay 5",
        "symbols, density",
        "trajectory, density",
        "differential over 2 symbols, density",
        "differential-trajectory over 0.5 symbols, decay 25",
    ]


@pytest.mark.parametrize(
    ("plane", "said"),
    [
        ({"half_width": 0}, "half_width of a decay plane must lie in 1 to 112, got 0"),
        ({"half_width": 113}, "must be from 0 to 112, got 113"),
        ({"how": "density", "half_width": 5}, "a density plane has no half_width, got 5"),
        ({"how": "density", "lag_symbols": 1}, "lag_symbols belongs to differential planes"),
        ({"what": "differential", "how": "density"}, "lag_symbols .* above 0 .* got 0"),
        (
            {"what": "differential", "how": "density", "lag_symbols": 0.5},
            "must be whole, got 0.5.*differential-trajectory",
        ),
        ({"how": "published", "half_width": 5, "normalise": "points"}, "divided by its peak"),
    ],
)
def test_a_plane_that_means_nothing_is_refused(plane, said):
    with pytest.raises(RecipeError, match=said):
        Plane(**plane)


def test_an_older_card_is_refused_in_one_line():
    with pytest.raises(ArtefactError, match=r"half_widths.*generate the data set again"):
        image_config_from_card({"size": 224, "extent": 2.5, "half_widths": [5, 25, 50]})


def test_an_image_declaration_comes_back_from_its_card():
    config = ImageConfig(size=64, extent=2.0, units="absolute", planes=MANY_PLANES)
    card = json.loads(json.dumps(as_plain(config)))
    assert image_config_from_card(card) == config


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"size": 23}, "size must be from 24 to 4,096, got 23"),
        ({"extent": 0.0}, "extent must be positive, got 0"),
        ({"extent": -1.0}, "extent must be positive, got -1"),
        ({"extent": float("nan")}, "extent must be a finite number, got nan"),
        ({"planes": ()}, "planes must name at least one plane, got none"),
        (
            {"size": 64, "planes": (Plane(how="published", half_width=5),)},
            "published planes are 224 pixels wide, got image size 64",
        ),
    ],
)
def test_an_image_that_cannot_be_drawn_is_refused(change, said):
    with pytest.raises(RecipeError, match=said):
        ImageConfig(**change)


# --- intervals


@pytest.mark.parametrize("count", [1, 2, 10, 137, 20_000])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 1.0])
def test_the_wilson_interval_is_that_of_scipy(count, share):
    hits = round(share * count)
    theirs = binomtest(hits, count).proportion_ci(confidence_level=0.95, method="wilson")
    ours = wilson_interval(np.array(hits), np.array(count))
    np.testing.assert_allclose(ours, [theirs.low, theirs.high], atol=1e-12)


def test_intervals_keep_the_shape_of_their_counts():
    hits = np.array([[0, 5], [10, 3]])
    intervals = wilson_interval(hits, np.full((2, 2), 10))
    assert intervals.shape == (2, 2, 2)
    assert (intervals[..., 0] <= hits / 10).all()
    assert (hits / 10 <= intervals[..., 1]).all()


def test_no_examples_carry_no_information():
    assert wilson_interval(np.array([0, 1]), np.array([0, 1]))[0].tolist() == [0.0, 1.0]


# --- reports


def test_ratios_are_computed_from_the_counts(report):
    assert report.hits_per_snr.tolist() == [5, 9, 0]
    assert report.examples_per_snr.tolist() == [8, 10, 0]
    assert report.accuracy_per_snr.tolist() == [5 / 8, 9 / 10, 0.0]
    assert report.examples == 18
    assert report.accuracy == pytest.approx(14 / 18)
    assert report.confusion.tolist() == [[8, 1], [3, 6]]


def test_every_accuracy_has_its_interval(report):
    for point, (hits, count) in enumerate([(5, 8), (9, 10)]):
        theirs = binomtest(hits, count).proportion_ci(method="wilson")
        np.testing.assert_allclose(report.interval_per_snr[point], theirs, atol=1e-12)
    assert report.interval_per_snr[2].tolist() == [0.0, 1.0]
    np.testing.assert_allclose(
        report.interval, binomtest(14, 18).proportion_ci(method="wilson"), atol=1e-12
    )


def test_an_empty_report_has_no_accuracy_and_every_interval():
    report = SnrReport(np.zeros((1, 2, 2), int), (0.0,), ("OOK", "QPSK"), "symbol")
    assert report.accuracy == 0.0
    assert report.interval == (0.0, 1.0)


@pytest.mark.parametrize("shape", [(2, 2, 2), (3, 2), (3, 3, 3), (3, 2, 3)])
def test_counts_of_another_shape_are_refused(report, shape):
    with pytest.raises(ShapeError, match=r"counts must have shape \(3, 2, 2\), got"):
        replace(report, counts=np.zeros(shape, int))


def test_a_report_can_be_written_as_json(report):
    plain = json.loads(json.dumps(as_plain(report)))
    assert plain["counts"] == report.counts.tolist()
    assert plain["snr_db"] == [-5.0, 0.0, 5.0]
    assert plain["classes"] == ["OOK", "QPSK"]
    assert plain["snr_reference"] == "symbol"


def denoise_report(**changes):
    values = {
        "snr_db": (0.0, 10.0),
        "snr_reference": "symbol",
        "examples_per_snr": np.array([1, 3]),
        "psnr_db": {"noisy": np.array([10.0, 20.0]), "blank": np.array([4.0, 8.0])},
        "ssim": {"noisy": np.array([0.2, 0.6]), "blank": np.array([0.0, 0.0])},
    }
    return DenoiseReport(**{**values, **changes})


CLASSES, POINTS = ("BPSK", "QPSK"), (-3.0, 0.0, 3.0)


def ceiling_of(accuracy, kind="sequence", **changes):
    return made_up_ceiling(accuracy, classes=CLASSES, snr_db=POINTS, kind=kind, **changes)


def test_who_does_not_know_the_snr_is_right_as_often_as_he_says_on_average_alone():
    estimates = {"hit_rate": np.array([0.5, 0.7, 0.9]), "posterior_error": np.full(3, 0.003)}
    known, unknown = (
        ceiling_of([0.6, 0.7, 0.8], snr=snr, **estimates) for snr in ("known", "unknown")
    )
    assert known.accuracy.tolist() == [0.6, 0.7, 0.8]
    assert unknown.accuracy.tolist() == [0.5, 0.7, 0.9]
    assert known.accuracy_error.tolist() == [0.003] * 3
    # of 400 frames of each of two signals
    assert unknown.accuracy_error == pytest.approx(np.sqrt([0.25 / 800, 0.21 / 800, 0.09 / 800]))


def test_a_capped_ceiling_is_nowhere_above_its_bound_and_elsewhere_the_same():
    bound = ceiling_of([0.6, 0.8, 1.0], hit_rate=np.array([0.9, 0.9, 0.9]))
    image = ceiling_of(
        [0.5, 0.81, 1.0], "symbols", is_bound=False, mean_posterior=np.array([0.7, 0.7, 0.7])
    )
    capped = image.capped(bound)
    assert capped.accuracy.tolist() == [0.5, 0.8, 1.0]
    assert capped.merged_accuracy.tolist() == [0.5, 0.8, 1.0]
    assert capped.mean_posterior.tolist() == [0.6, 0.7, 0.7]
    assert (capped.accuracy <= bound.accuracy).all()
    assert (capped.name, capped.is_bound) == ("symbols, SNR known", False)
    again = capped.capped(bound)
    assert again.accuracy.tolist() == capped.accuracy.tolist()


@pytest.mark.parametrize(
    "bound",
    [
        made_up_ceiling([0.5, 0.6, 0.7], classes=("BPSK", "8PSK"), snr_db=POINTS),
        made_up_ceiling([0.5, 0.6, 0.7], classes=CLASSES, snr_db=(0.0, 3.0, 6.0)),
        ceiling_of([0.5, 0.6, 0.7], "symbols", is_bound=False),
    ],
    ids=["other classes", "other points", "what a reader reached"],
)
def test_nothing_else_bounds_a_ceiling(bound):
    with pytest.raises(ShapeError, match="same classes and SNR points"):
        ceiling_of([0.5, 0.6, 0.7], "symbols").capped(bound)


def test_a_mean_over_examples_weighs_every_snr_by_its_examples():
    report = denoise_report()
    assert report.answers == ("noisy", "blank")
    assert report.mean(report.psnr_db["noisy"]) == pytest.approx((10 + 3 * 20) / 4)
    assert report.mean(report.ssim["noisy"]) == pytest.approx((0.2 + 3 * 0.6) / 4)


def test_a_mean_over_no_examples_is_zero():
    report = denoise_report(examples_per_snr=np.array([0, 0]))
    assert report.mean(report.psnr_db["noisy"]) == 0.0


@pytest.mark.parametrize("name", ["psnr_db", "ssim"])
def test_a_measure_that_is_not_one_number_per_snr_is_refused(name):
    with pytest.raises(ShapeError, match=r"noisy must have shape \(2,\), got \(3,\)"):
        denoise_report(**{name: {"noisy": np.zeros(3)}})


def test_numpy_numbers_and_tuples_become_plain():
    plain = as_plain(denoise_report(snr_db=(np.float64(0.0), np.float64(10.0))))
    assert json.loads(json.dumps(plain))["psnr_db"]["blank"] == [4.0, 8.0]
    assert type(plain["snr_db"][0]) is float


# --- modalities

EVERY_MODALITY = [
    *(Modality("image", given, patch=patch) for given in ("observed", "clean") for patch in (0, 4)),
    *(
        Modality("signal", given, form, view)
        for given, form, view in product(
            ("observed", "clean"), ("sequence", "folded"), ("symbols", "waveform")
        )
    ),
    *(Modality("noise", form=form) for form in ("sequence", "folded")),
    *(Modality("snr", view=view) for view in ("symbols", "waveform")),
]
LENGTHS = {"symbols": 64, "waveform": 128}


@pytest.mark.parametrize("modality", EVERY_MODALITY, ids=str)
def test_a_modality_reads_back_from_its_card(modality):
    card = json.loads(json.dumps([asdict(modality)]))
    assert modalities_from_card(card) == (modality,)


@pytest.mark.parametrize("modality", [m for m in EVERY_MODALITY if m.has_target], ids=str)
def test_a_target_is_drawn_like_its_input_and_is_its_own_target(modality):
    target = modality.target
    assert target.target == target
    assert target.shape(ImageConfig(), LENGTHS) == modality.shape(ImageConfig(), LENGTHS)
    assert not target.is_received
    assert modality.content == replace(modality, patch=12).content


def test_names_state_what_is_given_and_a_receiver_has_three_of_them():
    names = {modality.name: modality.is_received for modality in EVERY_MODALITY}
    assert names == {
        "image": True,
        "clean_image": False,
        "signal": True,
        "clean_signal": False,
        "noise": False,
        "snr": True,
    }


def test_an_snr_is_one_number_of_a_view_and_has_no_target():
    assert [modality.name for modality in EVERY_MODALITY if not modality.has_target] == ["snr"] * 2
    seen = Modality("snr", view="waveform")
    assert seen.shape(ImageConfig(), LENGTHS) == (1, 1)
    assert snr_view((*IMAGE_ALONE, seen)) == "waveform"
    assert snr_view(IMAGE_ALONE) is None
    assert needed_views((*IMAGE_ALONE, seen), ImageConfig()) == ("symbols", "waveform")


@pytest.mark.parametrize("how", [{"given": "clean"}, {"form": "folded"}])
def test_an_snr_that_no_receiver_estimates_is_refused(how):
    with pytest.raises(RecipeError, match="an SNR is estimated of what was observed"):
        Modality("snr", **how)


def test_an_snr_alone_and_one_of_a_view_that_is_not_there_are_refused():
    with pytest.raises(RecipeError, match="an SNR alone determines no modulation; add"):
        check_modalities((Modality("snr"),), ImageConfig(), LENGTHS)
    waves = (*IMAGE_ALONE, Modality("snr", view="waveform"))
    with pytest.raises(RecipeError, match="snr is read from the waveform"):
        check_modalities(waves, ImageConfig(), {"symbols": 64})


def test_views_are_those_of_the_planes_and_of_the_signals():
    waves = ImageConfig(planes=TRAJECTORY_PLANES)
    signal = Modality("signal")
    assert needed_views(IMAGE_ALONE, waves) == ("waveform",)
    assert needed_views((signal,), waves) == ("symbols",)
    assert needed_views((*IMAGE_ALONE, signal), waves) == ("symbols", "waveform")
    assert needed_views((replace(signal, view="waveform"),), ImageConfig()) == ("waveform",)


def test_modalities_that_go_together_pass():
    check_modalities((*IMAGE_ALONE, Modality("signal", patch=16)), ImageConfig(), LENGTHS)


def test_modalities_without_a_received_one_are_refused():
    with pytest.raises(RecipeError, match="one that a receiver has, got clean_image, noise"):
        check_modalities((Modality("image", "clean"), Modality("noise")), ImageConfig(), LENGTHS)


def test_hits_are_some_of_the_examples_and_budgets_are_labels():
    with pytest.raises(ShapeError, match="from 0 to the number of examples"):
        LabelPoint("probe", 1, 0, (3,), (2,))
    with pytest.raises(ShapeError, match="at least one label, got 0"):
        LabelPoint("probe", 0, 0, (1,), (2,))
    with pytest.raises(ShapeError, match="from 0 to the number of examples"):
        RobustnessGrid("phase", "°", (0.0,), {"a": np.array([3])}, np.array([2]), {"a": None})
