from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from image_encoders import image_encoder_config
from linear_waveforms import frequency_shift_keying, linear_waveform

import rfmae
from rfmae.configuration.masking import Masking
from rfmae.configuration.objective import PixelTask
from rfmae.errors import CheckpointError, ShapeError
from rfmae.inference import (
    Answer,
    CachedInputs,
    Denoiser,
    InputPipeline,
    SignalClassifier,
    cut_windows,
)
from rfmae.models.checkpoint import model_card, save_checkpoint
from rfmae.models.classifier import Classifier
from rfmae.models.denomae import DenoMAE
from rfmae.models.presets import (
    classifier_config,
    denomae_config,
    encoder_config,
    patch_grid,
)
from rfmae.models.transformer import initialise
from rfmae.records import IMAGE_ALONE, ImageConfig, Modality, Plane
from rfmae.signal.blind import ReceiveOptions

IMAGE = ImageConfig(size=32)
PIPELINE = InputPipeline(IMAGE, IMAGE_ALONE, {"symbols": 64}, 1.0)
BOTH = (Modality(), Modality("signal"))


@pytest.fixture
def classifier(tmp_path):
    network = Classifier(classifier_config(image_encoder_config("tiny", 32, 3), 3))
    initialise(network, torch.Generator().manual_seed(0))
    card = {
        **model_card(network),
        "image": asdict(IMAGE),
        "classes": ["A", "B", "C"],
        "modalities": [asdict(modality) for modality in IMAGE_ALONE],
        "samples": {"symbols": 64},
        "samples_per_symbol": 1.0,
    }
    save_checkpoint(network.state_dict(), card, tmp_path / "classifier")
    return rfmae.load_classifier(tmp_path / "classifier", device="cpu")


@pytest.fixture
def iq(rng):
    return (rng.normal(size=(5, 64)) + 1j * rng.normal(size=(5, 64))).astype(np.complex64)


def test_probabilities_have_a_row_for_each_example(classifier, iq):
    probabilities = classifier(iq)
    assert probabilities.shape == (5, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_inputs_are_drawn_once_for_classifiers_that_see_alike(classifier, iq):
    reads = []

    def read(views):
        reads.append(views)
        yield {"symbols": iq[:3]}
        yield {"symbols": iq[3:]}

    kept = CachedInputs(read, len(iq))
    for _ in range(2):
        np.testing.assert_allclose(kept.answers(classifier), classifier(iq), atol=1e-6)
    assert reads == [("symbols",)]
    classifier.pipeline = replace(PIPELINE, image=replace(IMAGE, extent=3.0))
    other = kept.answers(classifier)
    assert reads == [("symbols",)] * 2
    np.testing.assert_allclose(other, classifier(iq), atol=1e-6)


def test_inputs_too_many_to_be_kept_are_drawn_again(classifier, iq, monkeypatch):
    monkeypatch.setattr("rfmae.inference.answering._MOST_KEPT", 10)
    reads = []

    def read(views):
        reads.append(views)
        yield {"symbols": iq}

    kept = CachedInputs(read, len(iq))
    first, second = kept.answers(classifier), kept.answers(classifier)
    assert (first == second).all()
    assert len(reads) == 2


def test_neither_gain_nor_number_type_changes_the_answer(classifier, iq):
    np.testing.assert_allclose(classifier(iq * 1e-3), classifier(iq), atol=1e-4)
    np.testing.assert_allclose(classifier(iq.astype(np.complex128)), classifier(iq), atol=1e-6)


def test_a_temperature_divides_the_logits(classifier, iq, tmp_path):
    card = {**classifier.card, "temperature": 2.5}
    save_checkpoint(classifier.network.state_dict(), card, tmp_path / "tempered")
    tempered = rfmae.load_classifier(tmp_path / "tempered", device="cpu")
    weights = classifier(iq).astype(np.float64) ** (1 / 2.5)
    np.testing.assert_allclose(
        tempered(iq), weights / weights.sum(axis=1, keepdims=True), atol=1e-6
    )
    assert tempered(iq).max() < classifier(iq).max()


def test_images_are_answered_as_the_iq_that_they_were_drawn_from(classifier, iq):
    assert classifier.sees_images_alone
    np.testing.assert_array_equal(
        classifier.of_images(rfmae.render_images(iq, IMAGE)), classifier(iq)
    )
    # more than are shown at once
    many = np.tile(rfmae.render_images(iq, IMAGE), (40, 1, 1, 1))
    np.testing.assert_allclose(
        classifier.of_images(many), np.tile(classifier(iq), (40, 1)), atol=1e-6
    )


@pytest.mark.parametrize("key", ["image", "modalities", "samples", "samples_per_symbol"])
def test_a_card_that_does_not_say_what_is_seen_is_refused_in_one_line(classifier, tmp_path, key):
    card = {name: message for name, message in classifier.card.items() if name != key}
    save_checkpoint(classifier.network.state_dict(), card, tmp_path / "older")
    for load in (rfmae.load_classifier, rfmae.load_encoder):
        with pytest.raises(CheckpointError, match=f"older lacks .*'{key}'.*; train") as message:
            load(tmp_path / "older", device="cpu")
        assert "\n" not in str(message.value)


@pytest.mark.parametrize("shape", [(2, 1, 32, 32), (2, 3, 32, 31), (2, 3, 32)])
def test_images_of_another_shape_are_refused(classifier, shape):
    with pytest.raises(ShapeError, match=r"images must have shape \(N, 3, 32, 32\), got \(2, "):
        classifier.of_images(np.zeros(shape, np.float32))


def test_a_classifier_that_sees_more_than_an_image_is_shown_no_image_alone(classifier, tmp_path):
    grids = (patch_grid(BOTH[0], (3, 32, 32)), patch_grid(BOTH[1], (2, 64)))
    network = Classifier(classifier_config(encoder_config("tiny", grids), 3))
    card = {**classifier.card, **model_card(network)}
    card["modalities"] = [asdict(modality) for modality in BOTH]
    save_checkpoint(network.state_dict(), card, tmp_path / "both")
    both = rfmae.load_classifier(tmp_path / "both", device="cpu")
    assert not both.sees_images_alone
    with pytest.raises(ShapeError, match="sees image, signal, not an image alone; give it the I/Q"):
        both.of_images(np.zeros((1, 3, 32, 32), np.float32))


def test_images_are_drawn_as_the_network_sees_them(classifier, iq):
    drawn = rfmae.render_images(iq, IMAGE)
    assert drawn.shape == (5, 3, 32, 32)
    np.testing.assert_array_equal(drawn, rfmae.render_images({"symbols": iq}, IMAGE))
    assert (drawn.max(axis=(2, 3)) == 1).all()


def test_images_of_both_views_need_both(iq):
    planes = (Plane("symbols", "density"), Plane("trajectory", "density"))
    both = ImageConfig(32, planes=planes)
    assert rfmae.render_images({"symbols": iq, "waveform": iq.repeat(4, 1)}, both).shape[1] == 2
    with pytest.raises(ShapeError, match="sees symbols and waveform; give a mapping"):
        rfmae.render_images(iq, both)
    with pytest.raises(ShapeError, match="needs the waveform, got symbols"):
        rfmae.render_images({"symbols": iq}, both)
    with pytest.raises(ShapeError, match="the same number of examples"):
        rfmae.render_images({"symbols": iq, "waveform": iq[:2]}, both)


def test_a_recording_in_both_views_is_cut_alike(tmp_path, iq):
    network = Classifier(classifier_config(image_encoder_config("tiny", 32, 2), 3))
    planes = (Plane("symbols", "density"), Plane("trajectory", "density"))
    card = {
        **model_card(network),
        "image": asdict(ImageConfig(32, planes=planes)),
        "classes": ["A", "B", "C"],
        "modalities": [asdict(modality) for modality in IMAGE_ALONE],
        "samples": {"symbols": 32, "waveform": 128},
        "samples_per_symbol": 4.0,
    }
    save_checkpoint(network.state_dict(), card, tmp_path / "both")
    classifier = rfmae.load_classifier(tmp_path / "both", device="cpu")
    views = {"symbols": iq[0], "waveform": iq[0].repeat(4)}
    assert classifier.answer(views).windows.shape == (2, 3)
    with pytest.raises(ShapeError, match="of one recording, but they fill 2 and 1 windows"):
        classifier.answer({"symbols": iq[0], "waveform": iq[0]})


def test_a_recording_is_answered_window_by_window_and_as_a_whole(classifier, rng):
    iq = np.exp(2j * np.pi * rng.random(200))
    answer = classifier.answer(iq)
    assert answer.windows.shape == (4, 3)
    assert answer.window_length == 64
    assert answer.name == classifier.name(iq)


def test_the_whole_is_the_geometric_mean_of_its_windows_by_what_each_knows():
    windows = np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5]])
    answer = Answer(("A", "B"), windows, 64)
    known = 1 + (windows * np.log2(windows)).sum(axis=1)  # bits; the last window knows nothing
    ratio = 9 ** (known[0] / known.sum()) * 1.5 ** (known[1] / known.sum())
    np.testing.assert_allclose(answer.whole[0] / answer.whole[1], ratio, rtol=1e-4)
    assert answer.name == "A"
    ignorant = Answer(("A", "B"), np.full((3, 2), 0.5), 64)
    np.testing.assert_allclose(ignorant.whole, 0.5)


def test_windows_that_are_sure_of_different_classes_are_said():
    agreed = Answer(("A", "B", "C"), np.array([[0.95, 0.03, 0.02], [0.4, 0.5, 0.1]]), 64)
    assert agreed.contradictions == ()
    apart = Answer(("A", "B", "C"), np.array([[0.95, 0.03, 0.02]] * 2 + [[0.0, 0.01, 0.99]]), 64)
    assert apart.contradictions == ("windows contradict each other: 2 A, 1 C",)


def test_silence_has_no_vote(classifier, rng):
    live = (rng.normal(size=128) + 1j * rng.normal(size=128)).astype(np.complex64)
    for silence in (np.zeros(512), np.full(4096, -0.5 - 0.5j)):
        answer = classifier.answer(np.concatenate([live, silence.astype(np.complex64)]))
        np.testing.assert_array_equal(answer.windows, classifier.answer(live).windows)
        assert "repeat one value" in answer.notes[0]
    with pytest.raises(ShapeError, match="nothing but zeros or another value that repeats"):
        classifier.answer(np.zeros(512, np.complex64))


def test_samples_that_are_no_symbols_are_unknown(classifier, rng):
    symbols = np.exp(0.5j * np.pi * rng.integers(0, 4, 256))
    wave = np.repeat(symbols, 8) + 0.01 * rng.normal(size=2048)
    answer = classifier.answer(wave.astype(np.complex64))
    assert answer.name == "unknown"
    assert answer.best in classifier.classes
    assert "a quarter of the band is empty" in answer.doubts[0]


def test_a_waveform_is_answered_by_the_symbols_of_the_receiver(classifier, rng):
    waveform, _ = linear_waveform(rng, "QPSK", 4.3, snr_db=20)
    answer = classifier.answer(waveform, ReceiveOptions(48e3))
    assert answer.reception.locked and not answer.doubts
    assert answer.name in classifier.classes
    symbols = answer.reception.symbols
    np.testing.assert_array_equal(answer.windows, classifier.answer(symbols).windows)
    assert answer.reception.symbol_rate.value == pytest.approx(48e3 / 4.3, rel=1e-3)


def test_without_the_receiver_or_its_lock_a_waveform_is_unknown(classifier, rng):
    waveform, _ = linear_waveform(rng, "QPSK", 4.3, snr_db=20)
    plain = classifier.answer(waveform, None)
    assert (plain.name, plain.reception) == ("unknown", None)
    msk = classifier.answer(frequency_shift_keying(rng, 8, 0.5))
    assert msk.name == "unknown" and not msk.reception.locked
    assert any("the envelope is constant" in doubt for doubt in msk.doubts)


def test_a_stated_rate_below_the_sample_rate_calls_the_receiver(classifier, rng):
    noise = (rng.normal(size=4096) + 1j * rng.normal(size=4096)).astype(np.complex64)
    assert classifier.answer(noise).reception is None
    stated = classifier.answer(noise, ReceiveOptions(48e3, stated_symbol_rate_hz=9600))
    assert "did not lock" in stated.doubts[0] and stated.name == "unknown"


@pytest.mark.parametrize(("length", "count"), [(10, 1), (64, 1), (65, 2), (128, 2), (130, 3)])
def test_windows_reach_from_the_first_sample_to_the_last(length, count):
    iq = np.arange(length).astype(np.complex64)
    windows = cut_windows(iq, 64)
    assert len(windows) == count
    assert windows[0, 0] == 0
    assert windows[-1, -1] == length - 1
    assert set(windows.ravel().real) == set(range(length))


@pytest.mark.parametrize(
    ("iq", "rule"),
    [
        (np.ones((2, 64)), "must be complex"),
        (np.ones(64, complex), r"complex \(N, T\), or real"),
        (np.ones((0, 64), complex), "must hold samples"),
        (np.full((1, 64), np.nan + 0j), "must be finite, got 64 NaN or infinite samples of 64"),
    ],
)
def test_iq_that_is_no_iq_is_refused(classifier, iq, rule):
    with pytest.raises(ShapeError, match=rule):
        classifier(iq)


def fresh_network(modalities=IMAGE_ALONE, **switches):
    """A DenoMAE that learnt nothing, of images and signals of 64 symbols."""
    shapes = {"image": (3, 32, 32), "clean_image": (3, 32, 32), "signal": (2, 64)}
    grids = tuple(patch_grid(modality, shapes[modality.name]) for modality in modalities)
    network = DenoMAE(denomae_config("tiny", encoder_config("tiny", grids), **switches))
    initialise(network, torch.Generator().manual_seed(0))
    return network.eval()


def saved(network, modalities, folder, **more):
    """The checkpoint of a network."""
    card = {
        **model_card(network),
        "image": asdict(IMAGE),
        "modalities": [asdict(modality) for modality in modalities],
        "samples": {"symbols": 64},
        "samples_per_symbol": 1.0,
        **more,
    }
    save_checkpoint(network.state_dict(), card, folder)
    return folder


def test_a_denoiser_answers_with_images_of_the_same_shape(iq):
    denoiser = Denoiser(fresh_network(), {}, PIPELINE, torch.device("cpu"))
    images = denoiser.images(iq)
    answer = denoiser(images, seed=1)
    assert answer.shape == images.shape
    assert 0 <= answer.min() <= answer.max() <= 1
    np.testing.assert_array_equal(answer, denoiser(images, seed=1))


def test_no_patch_is_predicted_from_itself(iq):
    """Whatever stands in one patch, its own prediction does not see it."""
    denoiser = Denoiser(fresh_network(), {}, PIPELINE, torch.device("cpu"))
    images = denoiser.images(iq)
    changed = images.copy()
    changed[:, :, 8:16, 16:24] = 0.7
    before, after = denoiser(images), denoiser(changed)
    np.testing.assert_array_equal(after[:, :, 8:16, 16:24], before[:, :, 8:16, 16:24])
    assert np.abs(after - before).max() > 1e-5


def test_an_unknown_device_is_refused(tmp_path):
    with pytest.raises(ShapeError, match="no device 'abacus'"):
        rfmae.inference.choose_device("abacus")


def test_the_doors_of_the_package_open():
    assert rfmae.load_classifier is not None
    assert {"load_classifier", "load_recipe", "read_sigmf"} <= set(dir(rfmae))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = rfmae.nothing
    assert isinstance(SignalClassifier, type)


def test_with_nothing_hidden_one_look_predicts_all_patches(iq):
    denoiser = Denoiser(fresh_network(), {}, PIPELINE, torch.device("cpu"))
    images = denoiser.images(iq)
    answer = denoiser.unmasked(images)
    assert answer.shape == images.shape
    assert 0 <= answer.min() <= answer.max() <= 1
    changed = images.copy()
    changed[:, :, 8:16, 16:24] = 0.7
    assert np.abs(denoiser.unmasked(changed) - answer)[:, :, 8:16, 16:24].max() > 1e-5


@pytest.mark.parametrize(
    ("masking", "default", "other"),
    [
        (Masking(), "mask_average", "unmasked"),
        (Masking(lowest=0.25), "mask_average", "unmasked"),
        (Masking(lowest=0.0), "unmasked", "mask average"),
        (Masking(ratio=0.0), "unmasked", None),
    ],
    ids=["masked", "always masked", "drawn", "never masked"],
)
def test_a_denoiser_answers_as_its_network_was_trained(iq, masking, default, other):
    denoiser = Denoiser(fresh_network(masking=masking), {}, PIPELINE, torch.device("cpu"))
    images = denoiser.images(iq)
    ways = {"unmasked": denoiser.unmasked}
    if masking.ratio:
        ways["mask average"] = ways["mask_average"] = denoiser.mask_average
    np.testing.assert_array_equal(denoiser(images), ways[default](images))
    found = denoiser.other_ways(images)
    assert list(found) == ([other] if other else [])
    for name, answer in found.items():
        np.testing.assert_array_equal(answer, ways[name](images))
        assert np.abs(answer - denoiser(images)).max() > 1e-5


def test_a_denoiser_of_image_and_signal_uses_both(iq):
    network = fresh_network(BOTH)
    denoiser = Denoiser(
        network, {}, InputPipeline(IMAGE, BOTH, {"symbols": 64}, 1.0), torch.device("cpu")
    )
    shown = denoiser.inputs(iq)
    assert {name: values.shape for name, values in shown.items()} == {
        "image": (5, 3, 32, 32),
        "signal": (5, 2, 64),
    }
    other = {**shown, "signal": -shown["signal"]}
    assert np.abs(denoiser(shown) - denoiser(other)).max() > 1e-5
    assert denoiser(shown["image"]).shape == denoiser(shown).shape  # and does without it


def test_what_no_receiver_has_is_not_requested(iq, tmp_path):
    modalities = (Modality(), Modality("image", given="clean"))
    network = fresh_network(modalities)
    denoiser = rfmae.load_denoiser(saved(network, modalities, tmp_path / "two"), device="cpu")
    assert list(denoiser.inputs(iq)) == ["image"]
    assert denoiser(denoiser.inputs(iq)).shape == (5, 3, 32, 32)


def test_patches_without_brightness_denoise_nothing(tmp_path):
    network = fresh_network(pixels=PixelTask(normalised=True))
    folder = saved(network, IMAGE_ALONE, tmp_path / "normalised")
    with pytest.raises(CheckpointError, match="without their brightness"):
        rfmae.load_denoiser(folder)


def test_a_network_that_never_saw_images_denoises_none(tmp_path):
    network = fresh_network(BOTH[1:])
    folder = saved(network, BOTH[1:], tmp_path / "signal")
    with pytest.raises(CheckpointError, match="predicts no images"):
        rfmae.load_denoiser(folder)


def test_features_are_the_mean_patch_token_of_either_kind_of_network(classifier, iq, tmp_path):
    network = fresh_network(BOTH)
    encoder = rfmae.load_encoder(saved(network, BOTH, tmp_path / "both"), device="cpu")
    width = network.config.encoder.width
    features = encoder(iq)
    assert features.shape == (5, width)
    inputs = next(InputPipeline(IMAGE, BOTH, {"symbols": 64}, 1.0).inputs(iq, torch.device("cpu")))
    with torch.no_grad():
        expected = network.encoder(inputs)[:, 1:].mean(dim=1)
    np.testing.assert_allclose(features, expected, atol=1e-6)
    assert rfmae.load_encoder(tmp_path / "classifier")(iq).shape == (5, width)


def test_signal_and_image_are_classified_together(iq, tmp_path):
    grids = (patch_grid(BOTH[0], (3, 32, 32)), patch_grid(BOTH[1], (2, 64)))
    network = Classifier(classifier_config(encoder_config("tiny", grids), 3))
    initialise(network, torch.Generator().manual_seed(0))
    folder = saved(network, BOTH, tmp_path / "both", classes=["A", "B", "C"])
    classifier = rfmae.load_classifier(folder, device="cpu")
    probabilities = classifier(iq)
    assert probabilities.shape == (5, 3)
    # order is nothing to an image of points, but something to a signal
    assert np.abs(classifier(iq[:, ::-1]) - probabilities).max() > 1e-5


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int16])
def test_real_pairs_are_iq_at_every_door(classifier, iq, kind):
    scaled = np.round(iq * 1000) if kind is np.int16 else iq
    pairs = np.stack([scaled.real, scaled.imag], axis=1).astype(kind)  # (N, 2, T)
    expected = classifier(pairs[:, 0] + 1j * pairs[:, 1])
    np.testing.assert_array_equal(classifier(pairs), expected)
    np.testing.assert_array_equal(classifier(pairs.swapaxes(1, 2)), expected)  # (N, T, 2)
    recording = classifier.answer(pairs[0])
    np.testing.assert_allclose(recording.windows, expected[:1], rtol=1e-5)  # a batch of one
    images = rfmae.render_images(pairs, classifier.image)
    complex_images = rfmae.render_images(pairs[:, 0] + 1j * pairs[:, 1], classifier.image)
    np.testing.assert_array_equal(images, complex_images)


@pytest.mark.parametrize(
    "pairs",
    [
        np.ones((2, 2, 2)),
        np.ones((3, 3, 64)),
        np.ones((1, 2, 64), np.uint8),
        np.ones((1, 2, 64), bool),
    ],
    ids=["both sides are two", "three rows", "unsigned", "truths"],
)
def test_real_numbers_that_are_no_pairs_are_refused(classifier, pairs):
    with pytest.raises(
        ShapeError, match=r"complex \(N, T\), or real \(N, 2, T\) of signed numbers"
    ):
        classifier(pairs)


def test_a_denoiser_takes_images_and_no_iq(iq):
    denoiser = Denoiser(fresh_network(), {}, PIPELINE, torch.device("cpu"))
    with pytest.raises(ShapeError, match="takes images, got complex"):
        denoiser(iq)
    with pytest.raises(ShapeError, match=r"shape \(N, C, H, W\), got"):
        denoiser(denoiser.images(iq)[0])
