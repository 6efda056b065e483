"""Augmentations of training examples: laws of radio, and what is refused for it would be none."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from rfmae.configuration.augmentation import Augmentation, parse_augmentation
from rfmae.datasets.augmenting import Augmenter, signal_and_noise
from rfmae.datasets.recipe import Splits
from rfmae.datasets.store import write_dataset
from rfmae.errors import DatasetError, RecipeError
from rfmae.imaging.network_inputs import network_inputs, turned
from rfmae.records import DECAY_PLANES, TRAJECTORY_PLANES, Modality
from rfmae.units import ratio_to_db

EVERYTHING = Augmentation(0.5, 1e-3, 0.2, 6.0, 3.0)
SYMBOLS, WAVEFORM = ("symbols",), ("waveform",)
COUNT = 64


def recipe_of(tiny_recipe, **changes):
    source = replace(
        tiny_recipe.source, modulations=("QPSK", "16QAM"), symbols_per_example=512, **changes
    )
    planes = DECAY_PLANES if "symbols" in source.receiver.views else TRAJECTORY_PLANES
    return replace(
        tiny_recipe,
        source=source,
        image=replace(tiny_recipe.image, planes=planes),
        splits=Splits(train=COUNT // 4, validation=1, test=1),
    )


@pytest.fixture(scope="module")
def made(tiny_recipe, tmp_path_factory):
    """A data set of each way to observe, 64 training examples at 0 and 10 dB."""

    def make(observe):
        receiver = replace(tiny_recipe.source.receiver, observe=observe)
        recipe = recipe_of(tiny_recipe, receiver=receiver)
        return write_dataset(recipe, tmp_path_factory.mktemp("augmented") / observe)

    return {observe: make(observe) for observe in ("symbols", "waveform", "both")}


def examples(dataset, views):
    pairs = {view: dataset.read("train", view=view) for view in views}
    observed = {view: both.observed.iq for view, both in pairs.items()}
    return observed, {view: both.clean for view, both in pairs.items()}


def augmenter(dataset, augmentation, views, seed=1):
    return Augmenter(dataset, augmentation, views, batch_size=COUNT, seed=seed)


def alone(**magnitude):
    return replace(Augmentation(), **magnitude)


def powers(iq):
    return np.square(np.abs(iq)).mean(axis=1)


# laws of every augmentation -------------------------------------------------------------------

FAMILY = [
    (name, views)
    for name in (item.name for item in fields(Augmentation))
    for views in (SYMBOLS, WAVEFORM)
    if (name, views) != ("timing_offset_symbols", SYMBOLS)
]


@pytest.mark.parametrize(("name", "views"), FAMILY)
def test_each_one_changes_examples_and_keeps_unit_power_type_and_shape(made, name, views):
    dataset = made[views[0]]
    observed, clean = examples(dataset, views)
    found = augmenter(dataset, alone(**{name: getattr(EVERYTHING, name)}), views)
    changed = found(observed, clean, 0)[views[0]]
    before = observed[views[0]]
    assert changed.shape == before.shape
    assert changed.dtype == np.complex64
    np.testing.assert_allclose(powers(changed), 1, atol=1e-5)  # float32 sums of 512 and more
    moved = np.abs(changed - before).max(axis=1)
    if name == "gain_db":  # the receiver takes it off again
        assert moved.max() < 1e-5
    else:
        assert moved.min() > 1e-4


@pytest.mark.parametrize("views", [SYMBOLS, WAVEFORM])
def test_no_augmentation_is_the_identity_bit_for_bit(made, views):
    observed, clean = examples(made[views[0]], views)
    changed = augmenter(made[views[0]], Augmentation(), views)(observed, clean, 3)
    assert changed[views[0]].tobytes() == observed[views[0]].tobytes()


def test_pieces_of_a_step_are_cut_from_one_batch_and_steps_differ(made):
    observed, clean = examples(made["waveform"], WAVEFORM)
    whole = augmenter(made["waveform"], EVERYTHING, WAVEFORM)(observed, clean, 5)["waveform"]
    again = augmenter(made["waveform"], EVERYTHING, WAVEFORM)
    for piece in (slice(0, 20), slice(20, 64)):
        given = [{view: iq[piece] for view, iq in half.items()} for half in (observed, clean)]
        part = again(*given, 5, piece)["waveform"]
        assert part.tobytes() == whole[piece].tobytes()
    assert not np.allclose(again(observed, clean, 6)["waveform"], whole)
    other = augmenter(made["waveform"], EVERYTHING, WAVEFORM, seed=2)
    assert not np.allclose(other(observed, clean, 5)["waveform"], whole)


def test_one_more_change_does_not_touch_what_the_others_draw(made):
    """Noise of the same strength is the same noise, whether or not the phase is drawn, too."""
    observed, clean = examples(made["symbols"], SYMBOLS)
    noise = alone(noise_db=0.0)
    without = augmenter(made["symbols"], noise, SYMBOLS)(observed, clean, 0)["symbols"]
    turned_too = replace(noise, phase_turns=0.5)
    both = augmenter(made["symbols"], turned_too, SYMBOLS)(observed, clean, 0)["symbols"]
    amplitude, _ = signal_and_noise(observed["symbols"], clean["symbols"])
    twin = amplitude[:, None] * clean["symbols"]
    first = without - twin
    # what is left after the turned twin is taken off is the noise of before
    phase = np.exp(1j * np.angle((np.conj(twin) * both).sum(axis=1)))[:, None]
    left = both - phase * twin
    correlation = np.vdot(first, left).real / np.vdot(first, first).real
    assert correlation > 0.95


# each by its own law --------------------------------------------------------------------------


def test_a_phase_is_one_turn_of_the_whole_example_and_any_as_likely(made):
    observed, clean = examples(made["symbols"], SYMBOLS)
    found = augmenter(made["symbols"], alone(phase_turns=0.5), SYMBOLS)
    turns = []
    for step in range(30):
        changed = found(observed, clean, step)["symbols"]
        ratio = changed / observed["symbols"]
        np.testing.assert_allclose(ratio, ratio[:, :1] * np.ones_like(ratio), atol=2e-3)
        turns.append(np.angle(ratio[:, 0]) / (2 * np.pi))
    counts, _ = np.histogram(np.concatenate(turns), bins=8, range=(-0.5, 0.5))
    # 1,920 draws over eight bins of 240: five deviations of 15
    assert abs(counts - 240).max() < 75


def test_phase_turns_commute_with_drawing(made, monkeypatch):
    """I/Q turned by a quarter and drawn is what was drawn, turned by a quarter."""
    dataset, modalities = made["symbols"], (Modality(), Modality("signal"))
    observed = {"symbols": examples(dataset, SYMBOLS)[0]["symbols"][:12]}
    quarters = np.arange(12) % 4
    found = augmenter(dataset, alone(phase_turns=0.5), SYMBOLS)
    monkeypatch.setattr(found, "_sampled", lambda *_: {"phase_turns": quarters / 4})
    changed = found(observed, {}, 0)

    def sampled(views):
        return network_inputs(
            {view: torch.from_numpy(iq) for view, iq in views.items()},
            None,
            dataset.image,
            modalities,
        )

    expected = turned(sampled(observed), torch.from_numpy(quarters), dataset.image, modalities)
    for name, values in sampled(changed).items():
        # images are drawn to a thousandth of their peak
        torch.testing.assert_close(values, expected[name], atol=1e-3, rtol=0)


def test_a_carrier_offset_is_a_ramp_of_phase_as_long_as_configured(made):
    observed, _ = examples(made["waveform"], WAVEFORM)
    largest = 1e-3
    found = augmenter(made["waveform"], alone(carrier_offset_turns_per_symbol=largest), WAVEFORM)
    changed = found(observed, {}, 0)["waveform"]
    ratio = changed / observed["waveform"]
    slope = np.angle(ratio[:, 1:] / ratio[:, :-1]).mean(axis=1) / (2 * np.pi)
    per_symbol = slope * made["waveform"].samples_per_symbol("waveform")
    assert largest * 0.9 < np.abs(per_symbol).max() <= largest * 1.001
    np.testing.assert_allclose(np.angle(ratio[:, 0]), 0, atol=1e-3)  # sample 0 keeps its phase


def test_a_timing_offset_is_a_linear_phase_of_the_spectrum(made):
    observed, _ = examples(made["waveform"], WAVEFORM)
    largest, rate = 0.2, made["waveform"].samples_per_symbol("waveform")
    found = augmenter(made["waveform"], alone(timing_offset_symbols=largest), WAVEFORM)
    changed = found(observed, {}, 0)["waveform"]
    before, after = (np.fft.fft(iq, axis=1) for iq in (observed["waveform"], changed))
    frequency = np.fft.fftfreq(before.shape[1])
    band = np.abs(frequency) < 0.2
    # tan of a sum of phasors per bin: fit the delay by the strongest lag of the cross spectrum
    lags = np.linspace(-largest, largest, 81) * rate
    steering = np.exp(2j * np.pi * np.outer(lags, frequency[band]))
    match = (steering @ (after * before.conj())[:, band].T).real
    delays = lags[match.argmax(axis=0)]
    sampled = found._sampled(0, slice(None))["timing_offset_symbols"] * rate
    np.testing.assert_allclose(delays, sampled, atol=0.02)  # the lags are 0.01 samples apart
    assert np.abs(delays).max() > 0.15 * rate


@pytest.mark.parametrize("views", [SYMBOLS, WAVEFORM])
@pytest.mark.parametrize("lower_db", [0.0, 3.0])
def test_noise_redrawn_has_the_requested_snr_and_is_new(made, views, lower_db, monkeypatch):
    dataset, view = made[views[0]], views[0]
    observed, clean = examples(dataset, views)
    found = augmenter(dataset, alone(noise_db=lower_db), views)
    monkeypatch.setattr(found, "_sampled", lambda *_: {"noise_db": np.full(COUNT, lower_db)})

    def snr_db(iq):
        amplitude, power = signal_and_noise(iq, clean[view])
        return ratio_to_db(amplitude**2 / power)

    requested = snr_db(observed[view]) - lower_db
    fresh = [found(observed, clean, step)[view] for step in range(8)]
    # 64 examples, eight times, of 512 symbols at 0 and 10 dB: a deviation of 0.02 dB
    assert np.mean([snr_db(iq) - requested for iq in fresh]) == pytest.approx(0, abs=0.1)
    left = [iq - signal_and_noise(iq, clean[view])[0][:, None] * clean[view] for iq in fresh[:2]]
    before = observed[view] - (
        signal_and_noise(observed[view], clean[view])[0][:, None] * clean[view]
    )
    for one, other in ((left[0], left[1]), (left[0], before)):
        likeness = abs(np.vdot(one, other)) / np.sqrt(np.vdot(one, one) * np.vdot(other, other))
        assert abs(likeness) < 0.03  # 1/√32,768 samples is 0.006


def test_the_snr_of_noise_redrawn_is_that_of_the_grid(made):
    """Against the number that the recipe names, not only against the example before."""
    dataset = made["symbols"]
    observed, clean = examples(dataset, SYMBOLS)
    fresh = augmenter(dataset, alone(noise_db=0.0), SYMBOLS)(observed, clean, 0)["symbols"]
    amplitude, power = signal_and_noise(fresh, clean["symbols"])
    _, snr_db = dataset.labels("train")
    for point in dataset.snr_db:
        there = snr_db == point
        found = ratio_to_db(np.mean(amplitude[there] ** 2) / np.mean(power[there]))
        assert found == pytest.approx(point, abs=0.25)  # 32 examples of 16QAM's own power


def test_lower_snr_is_drawn_down_to_the_largest_change_and_never_higher(made):
    observed, clean = examples(made["symbols"], SYMBOLS)
    found = augmenter(made["symbols"], alone(noise_db=4.0), SYMBOLS)
    sampled = np.concatenate([found._sampled(step, slice(None))["noise_db"] for step in range(20)])
    assert 0 <= sampled.min() < 0.1
    assert 3.9 < sampled.max() <= 4
    assert found.needs_clean
    assert not augmenter(made["symbols"], alone(phase_turns=0.5), SYMBOLS).needs_clean
    assert found(observed, clean, 0)["symbols"].shape == observed["symbols"].shape


def test_the_amplitude_and_the_noise_of_a_made_up_example_are_found(rng):
    twin = rng.standard_normal((3, 4000)) + 1j * rng.standard_normal((3, 4000))
    noise = rng.standard_normal((3, 4000)) + 1j * rng.standard_normal((3, 4000))
    amplitude, power = signal_and_noise(0.5 * twin + 0.3 * noise, twin)
    np.testing.assert_allclose(amplitude, 0.5, atol=0.03)
    np.testing.assert_allclose(power, 2 * 0.3**2, rtol=0.1)
    assert signal_and_noise(noise, np.zeros_like(twin))[0].tolist() == [0, 0, 0]


def test_symbols_and_waveform_of_an_example_are_turned_alike(made):
    views = ("symbols", "waveform")
    observed, _ = examples(made["both"], views)
    changed = augmenter(made["both"], alone(phase_turns=0.5), views)(observed, {}, 0)
    angles = [np.angle(np.vdot(observed[v][7], changed[v][7])) for v in views]
    assert angles[0] == pytest.approx(angles[1], abs=1e-4)


def test_a_gain_counts_where_amplitudes_are_absolute(tmp_path):
    from rfmae.datasets.recipe import load_recipe

    recipe = load_recipe("legacy")
    source = replace(recipe.source, modulations=("OOK", "16PAM"), symbols_per_example=32)
    small = replace(recipe, source=source, splits=Splits(train=4, validation=1, test=1))
    dataset = write_dataset(small.with_snr("0"), tmp_path / "published")
    observed, clean = examples(dataset, WAVEFORM)
    found = Augmenter(dataset, alone(gain_db=6.0), WAVEFORM, batch_size=8, seed=0)
    gain_db = ratio_to_db(powers(found(observed, clean, 0)["waveform"])) - ratio_to_db(
        powers(observed["waveform"])
    )
    np.testing.assert_allclose(gain_db, found._sampled(0, slice(None))["gain_db"], atol=1e-4)
    with pytest.raises(RecipeError, match="published signals hold each sample"):
        Augmenter(dataset, alone(noise_db=0.0), WAVEFORM, batch_size=8, seed=0)


# words and refusals ---------------------------------------------------------------------------


def test_words_are_magnitudes_and_numbers_take_their_place():
    assert parse_augmentation("") == Augmentation()
    assert parse_augmentation("phase, noise") == alone(phase_turns=0.5, noise_db=0.0)
    found = parse_augmentation("carrier=2e-4,timing=0.3,gain=3,noise=2.5")
    assert found == Augmentation(0.0, 2e-4, 0.3, 3.0, 2.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fase", "unknown augmentation 'fase'"),
        ("gain=loud", "gain= takes a number, got 'loud'"),
        ("timing=2", "timing_offset_symbols must be from 0 to 0.5, got 2"),
        ("noise=-1", "noise_db must be from 0 to 30, got -1"),
        ("phase=nan", "phase_turns must be a finite number, got nan"),
    ],
)
def test_words_that_mean_nothing_are_refused(text, message):
    with pytest.raises(RecipeError, match=message):
        parse_augmentation(text)


def test_a_timing_offset_of_symbols_is_refused(made):
    with pytest.raises(RecipeError, match=r"needs a waveform.*observe the waveform"):
        augmenter(made["symbols"], alone(timing_offset_symbols=0.1), SYMBOLS)


@pytest.mark.parametrize(
    ("changes", "views", "why"),
    [
        ({"channel": {"clip_level_rms": 2.0}}, SYMBOLS, "clip_level_rms disturbs"),
        ({"receiver": {"observe": "both"}}, ("symbols", "waveform"), "must have the same"),
        ({"receiver": {"observe": "waveform", "waveform": "filtered"}}, WAVEFORM, "have passed"),
        ({"pulse": {"shape": "gaussian"}}, SYMBOLS, "leaves it coloured"),
    ],
)
def test_noise_that_is_not_white_or_not_alone_is_not_redrawn(
    tiny_recipe, tmp_path, changes, views, why
):
    parts = {
        name: replace(getattr(tiny_recipe.source, name), **values)
        for name, values in changes.items()
    }
    dataset = write_dataset(recipe_of(tiny_recipe, **parts), tmp_path / "other")
    with pytest.raises(RecipeError, match=f"cannot be redrawn: .*{why}.*leave it out"):
        augmenter(dataset, alone(noise_db=0.0), views)


def test_recordings_have_no_clean_twin_to_make_noise_for(made, monkeypatch):
    card = {**made["waveform"].card, "synthetic": False}
    recorded = replace(made["waveform"], card=card)
    with pytest.raises(DatasetError, match="holds no clean twins"):
        augmenter(recorded, alone(noise_db=0.0), WAVEFORM)
    observed, _ = examples(made["waveform"], WAVEFORM)
    loud = {"waveform": 5 * observed["waveform"]}
    kept = augmenter(recorded, alone(phase_turns=0.5), WAVEFORM)(loud, {}, 0)["waveform"]
    np.testing.assert_allclose(powers(kept), 25, rtol=1e-4)  # its power stays as it was recorded
