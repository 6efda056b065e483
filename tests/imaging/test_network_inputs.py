"""Images, signals, noise and SNR of I/Q: their shapes, their units, their quarter turns."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rfmae.errors import ShapeError
from rfmae.imaging.network_inputs import (
    contents,
    input_shapes,
    named_targets,
    network_inputs,
    rendered,
    turned,
)
from rfmae.imaging.render import constellation_images
from rfmae.records import ImageConfig, Modality, Plane

ROUNDING = 1e-5  # of float32 over some hundred samples
IMAGE = ImageConfig(size=32, planes=(Plane("symbols", "density"),))
ABSOLUTE = replace(IMAGE, units="absolute")
WAVES = ImageConfig(size=32, planes=(Plane("trajectory", "density"), Plane("symbols", "density")))
OF_IMAGE, OF_SIGNAL, OF_NOISE = (Modality(what) for what in ("image", "signal", "noise"))
SEQUENCES = (
    OF_IMAGE,
    OF_SIGNAL,
    Modality("image", "clean"),
    Modality("signal", "clean"),
    OF_NOISE,
)
FOLDED = tuple(
    modality if modality.what == "image" else replace(modality, form="folded")
    for modality in SEQUENCES
)
SUBSETS = [SEQUENCES, FOLDED, SEQUENCES[:1], SEQUENCES[1:2], SEQUENCES[:2], SEQUENCES[1::3]]


def complex_noise(rng, *shape):
    return torch.from_numpy((rng.normal(size=(*shape, 2)) @ [1, 1j]).astype(np.complex64))


@pytest.fixture
def observed(rng):
    """Five examples in both views, of three different powers."""
    gains = torch.tensor([1.0, 0.1, 30.0, 1.0, 1.0])[:, None]
    return {"symbols": gains * complex_noise(rng, 5, 64), "waveform": complex_noise(rng, 5, 128)}


@pytest.fixture
def clean(rng):
    return {"symbols": complex_noise(rng, 5, 64), "waveform": complex_noise(rng, 5, 128)}


def network_targets(observed, clean, image, modalities):
    """The targets of each modality: its clean twin, and of noise the same noise."""
    parts = tuple(dict.fromkeys(m.target.content for m in modalities if m.has_target))
    return named_targets(rendered(parts, observed, clean, image), modalities)


# laws over every choice of modalities -------------------------------------------------------


@pytest.mark.parametrize("modalities", SUBSETS, ids=lambda those: f"{len(those)}{those[-1].form}")
@pytest.mark.parametrize("image", [IMAGE, ABSOLUTE], ids=lambda image: image.units)
def test_inputs_and_targets_have_the_shapes_that_were_promised(modalities, image, observed, clean):
    shapes = input_shapes(image, modalities, {"symbols": 64, "waveform": 128})
    for parts in (
        network_inputs(observed, clean, image, modalities),
        network_targets(observed, clean, image, modalities),
    ):
        assert {name: tuple(values.shape[1:]) for name, values in parts.items()} == shapes
        assert all(len(values) == 5 for values in parts.values())
        assert all(values.dtype == torch.float32 for values in parts.values())


@pytest.mark.parametrize("modalities", SUBSETS[:2], ids=["sequences", "folded"])
def test_each_modality_is_the_same_in_whatever_company(modalities, observed, clean):
    together = network_inputs(observed, clean, IMAGE, modalities)
    for modality in modalities:
        alone = network_inputs(observed, clean, IMAGE, (modality,))
        assert torch.equal(together[modality.name], alone[modality.name])


@pytest.mark.parametrize("modalities", SUBSETS[:2], ids=["sequences", "folded"])
def test_a_target_is_the_input_of_a_receiver_without_noise(modalities, observed, clean):
    targets = network_targets(observed, clean, IMAGE, modalities)
    inputs = network_inputs(observed, clean, IMAGE, modalities)
    for what in ("image", "signal"):
        for name in (what, f"clean_{what}"):
            assert torch.equal(targets[name], inputs[f"clean_{what}"])
    assert torch.equal(targets["noise"], inputs["noise"])


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("image", [IMAGE, ABSOLUTE], ids=lambda image: image.units)
def test_turned_inputs_are_those_of_a_turned_carrier(turns, image, observed, clean):
    phase = 1j**turns
    seen, meant = ({view: phase * iq for view, iq in views.items()} for views in (observed, clean))
    quarters = torch.full((5,), turns)
    for make in (network_inputs, network_targets):
        expected = make(seen, meant, image, SEQUENCES)
        found = turned(make(observed, clean, image, SEQUENCES), quarters, image, SEQUENCES)
        for name, values in expected.items():
            torch.testing.assert_close(found[name], values, atol=1e-4, rtol=ROUNDING)


def test_every_example_is_turned_by_its_own_quarters(observed, clean):
    inputs = network_inputs(observed, clean, IMAGE, SEQUENCES)
    turns = torch.tensor([0, 3, 1, 2, 5])
    found = turned(inputs, turns, IMAGE, SEQUENCES)
    for row, quarters in enumerate(turns.tolist()):
        alone = {name: values[row : row + 1] for name, values in inputs.items()}
        one = turned(alone, torch.tensor([quarters]), IMAGE, SEQUENCES)
        assert all(torch.equal(one[name][0], found[name][row]) for name in inputs)


def test_four_quarter_turns_give_the_very_numbers_again(observed, clean):
    inputs = network_inputs(observed, clean, IMAGE, SEQUENCES)
    found = inputs
    for _ in range(4):
        found = turned(found, torch.ones(5, dtype=torch.long), IMAGE, SEQUENCES)
    assert all(torch.equal(found[name], inputs[name]) for name in inputs)


# units --------------------------------------------------------------------------------------


def power(values):
    """Mean power of sequences (N, 2, T), each."""
    return values.square().sum(dim=1).mean(dim=1)


def test_a_signal_is_in_units_of_its_own_rms_amplitude(observed, clean):
    inputs = network_inputs(observed, clean, IMAGE, SEQUENCES)
    for name in ("signal", "clean_signal"):
        torch.testing.assert_close(power(inputs[name]), torch.ones(5), atol=ROUNDING, rtol=0)
    ratio = inputs["signal"][:, 0] / observed["symbols"].real
    torch.testing.assert_close(ratio, ratio[:, :1].expand_as(ratio), rtol=1e-4, atol=0)


@pytest.mark.parametrize("gain", [1e-30, 1e-3, 1.0, 1e4, 1e30])
def test_no_gain_changes_a_signal_or_its_noise(gain, observed, clean):
    inputs = network_inputs(observed, clean, IMAGE, (OF_SIGNAL, OF_NOISE))
    louder = {"symbols": gain * observed["symbols"]}
    found = network_inputs(louder, clean, IMAGE, (OF_SIGNAL, OF_NOISE))
    for name, values in inputs.items():
        torch.testing.assert_close(found[name], values, atol=1e-4, rtol=0)


def test_an_absolute_signal_is_as_it_was_received(observed, clean):
    inputs = network_inputs(observed, clean, ABSOLUTE, (OF_SIGNAL, OF_NOISE))
    assert torch.equal(inputs["signal"][:, 0], observed["symbols"].real)
    assert torch.equal(inputs["signal"][:, 1], observed["symbols"].imag)
    difference = observed["symbols"] - clean["symbols"]
    assert torch.equal(inputs["noise"], torch.view_as_real(difference).transpose(1, 2))


def test_an_example_without_power_stays_zero():
    silence = {"symbols": torch.zeros(2, 64, dtype=torch.complex64)}
    inputs = network_inputs(silence, silence, IMAGE, (OF_SIGNAL, OF_NOISE))
    assert not any(values.any() for values in inputs.values())


# noise --------------------------------------------------------------------------------------


@pytest.mark.parametrize("snr", [0.1, 1.0, 10.0])
def test_noise_is_what_was_added_as_strong_as_it_stands_in_the_observed_signal(snr, rng):
    signal, noise = complex_noise(rng, 4, 4096), complex_noise(rng, 4, 4096) / snr**0.5
    gains = torch.tensor([1.0, 0.2, 5.0, 1.0])[:, None]  # a receiver's, other for each
    observed, clean = {"symbols": gains * (signal + noise)}, {"symbols": signal}
    found = network_inputs(observed, clean, IMAGE, (OF_NOISE,))["noise"]
    rms = (signal + noise).abs().square().mean(dim=1, keepdim=True).sqrt()
    expected = torch.view_as_real(noise / rms).transpose(1, 2)
    # least squares estimates the amplitude of the twin to 1/√(2·4096·snr), here within four
    # deviations
    assert float(power(found - expected).sqrt().max()) < 4 / (2 * 4096) ** 0.5
    torch.testing.assert_close(power(found), torch.full((4,), 1 / (1 + snr)), atol=0.03, rtol=0)


def test_no_noise_is_no_noise(clean):
    loud = {"symbols": 3 * clean["symbols"]}
    found = network_inputs(loud, clean, IMAGE, (OF_NOISE,))["noise"]
    assert float(found.abs().max()) < ROUNDING


def test_signal_and_noise_are_read_from_their_view(observed, clean):
    of_waves = tuple(replace(part, view="waveform") for part in (OF_SIGNAL, OF_NOISE))
    inputs = network_inputs(observed, clean, ABSOLUTE, of_waves)
    assert torch.equal(inputs["signal"][:, 0], observed["waveform"].real)
    assert inputs["noise"].shape == (5, 2, 128)


# images and folded signals ------------------------------------------------------------------


def test_images_are_those_of_the_renderer(observed, clean):
    modalities = (OF_IMAGE, Modality("image", "clean"))
    inputs = network_inputs(observed, clean, WAVES, modalities, 2.0)
    assert torch.equal(inputs["image"], constellation_images(observed, WAVES, 2.0))
    assert torch.equal(inputs["clean_image"], constellation_images(clean, WAVES, 2.0))


@pytest.mark.parametrize("samples", [16, 1000, 50_176, 60_000])
def test_a_folded_signal_is_the_real_part_on_straight_lines_row_by_row(samples, rng):
    iq = complex_noise(rng, 2, samples)
    folded = replace(OF_SIGNAL, form="folded")
    images = network_inputs({"symbols": iq}, None, ABSOLUTE, (folded,))["signal"]
    assert images.shape == (2, 3, 224, 224)
    at = np.linspace(0, samples - 1, 224 * 224)
    for folded_image, example in zip(images, iq.real.numpy(), strict=True):
        expected = np.interp(at, np.arange(samples), example).reshape(224, 224)
        # float32 places 50,176 points on 60,000 samples to a hundredth of one
        np.testing.assert_allclose(folded_image[0], expected, atol=0.05)
        assert torch.equal(folded_image[0], folded_image[1])
        assert torch.equal(folded_image[0], folded_image[2])


def test_nothing_is_drawn_twice():
    assert contents(SEQUENCES, targets=True) == contents(SEQUENCES, targets=False)
    only = contents((replace(OF_SIGNAL, patch=8),), targets=True)
    assert only == (OF_SIGNAL, replace(OF_SIGNAL, given="clean"))


# what cannot be -----------------------------------------------------------------------------


def test_a_receiver_needs_no_clean_twin(observed):
    assert set(network_inputs(observed, None, IMAGE, SEQUENCES[:2])) == {"image", "signal"}


@pytest.mark.parametrize("modality", SEQUENCES[2:], ids=lambda modality: modality.name)
def test_what_no_receiver_has_needs_the_clean_twin(modality, observed):
    with pytest.raises(ShapeError, match=f"{modality.name} needs the clean twins"):
        network_inputs(observed, None, IMAGE, (modality,))


def test_a_view_that_was_not_given_is_refused(observed):
    waves = {"waveform": observed["waveform"]}
    with pytest.raises(ShapeError, match=r"signal is read from the symbols, but .* waveform"):
        rendered((OF_SIGNAL,), waves, None, IMAGE)


def test_a_folded_signal_is_not_turned(observed, clean):
    inputs = network_inputs(observed, clean, IMAGE, FOLDED)
    with pytest.raises(ShapeError, match="signal is folded from the real part alone"):
        turned(inputs, torch.ones(5, dtype=torch.long), IMAGE, FOLDED)


# an estimate of the SNR ---------------------------------------------------------------------

SNR_DB = torch.tensor([-20.0, 0.0, 3.0, 10.0, 30.0], dtype=torch.float64)
WITH_SNR = (OF_IMAGE, Modality("snr"), OF_NOISE)


def test_an_snr_is_seen_in_bels_and_has_no_target(observed, clean):
    inputs = network_inputs(observed, clean, IMAGE, WITH_SNR, snr_db=SNR_DB)
    torch.testing.assert_close(inputs["snr"].flatten(), SNR_DB.float() / 10, rtol=0, atol=1e-6)
    shapes = input_shapes(IMAGE, WITH_SNR, {"symbols": 64})
    assert {name: tuple(values.shape[1:]) for name, values in inputs.items()} == shapes
    assert inputs["snr"].dtype == torch.float32
    assert set(network_targets(observed, clean, IMAGE, WITH_SNR)) == {"image", "noise"}
    assert Modality("snr") in contents(WITH_SNR, targets=True)


def test_no_turn_changes_an_snr_and_it_changes_nothing_else(observed, clean):
    inputs = network_inputs(observed, clean, IMAGE, WITH_SNR, snr_db=SNR_DB)
    after = turned(inputs, torch.arange(5), IMAGE, WITH_SNR)
    torch.testing.assert_close(after["snr"], inputs["snr"], rtol=0, atol=0)
    without = network_inputs(observed, clean, IMAGE, (OF_IMAGE, OF_NOISE))
    for name, values in without.items():
        torch.testing.assert_close(inputs[name], values, rtol=0, atol=0)


def test_an_snr_without_an_estimate_is_refused(observed):
    with pytest.raises(ShapeError, match="no snr_db was given"):
        network_inputs(observed, None, IMAGE, (OF_IMAGE, Modality("snr")))
