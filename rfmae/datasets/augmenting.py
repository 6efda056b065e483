"""Augmentation of received I/Q: carrier phase, carrier offset, timing, gain and noise.

Each change is one of a real radio link, and acts on I/Q before it is rendered.
"""

from collections.abc import Iterator
from dataclasses import fields

import numpy as np

from rfmae.configuration.augmentation import Augmentation
from rfmae.datasets.recipe import Recipe, load_recipe
from rfmae.datasets.store import Dataset
from rfmae.errors import RecipeError
from rfmae.records import ComplexArray, FloatArray, View, Views
from rfmae.signal.channel import offset_carrier, rotate, times, white_noise
from rfmae.signal.interpolation import delay
from rfmae.signal.receiver import unit_power
from rfmae.signal.streams import addressed
from rfmae.units import db_to_ratio


class Augmenter:
    """Augments the I/Q of the batch of a step, determined by seed and step.

    Each change draws from its own stream, for the whole batch, so that it depends neither on the
    other changes nor on how the batch is sliced. The receiver's unit power is restored where the
    recipe has it; there a gain changes nothing.
    """

    def __init__(
        self,
        dataset: Dataset,
        augmentation: Augmentation,
        views: tuple[View, ...],
        *,
        batch_size: int,
        seed: int,
    ) -> None:
        """`views` are those that inputs are rendered from."""
        recipe = load_recipe(dataset.folder / "recipe.toml") if dataset.has_clean else None
        _check(dataset, recipe, augmentation, views)
        self._augmentation = augmentation
        self._rates = {view: dataset.samples_per_symbol(view) for view in views}
        self._unit_power = recipe is not None and recipe.source.kind == "synthetic"
        self._batch_size, self._seed = batch_size, seed

    @property
    def needs_clean(self) -> bool:
        """Whether it needs the clean twins."""
        return self._augmentation.noise_db is not None

    def __call__(
        self, observed: Views, clean: Views, step: int, piece: slice = slice(None)
    ) -> Views:
        """The rows `piece` of the batch of a step (N, T) in each view, changed."""
        if self._augmentation.is_off:
            return observed
        sampled = self._sampled(step, piece)
        return {
            view: self._changed(iq, clean.get(view), sampled, self._rates[view], step, piece)
            for view, iq in observed.items()
        }

    def _sampled(self, step: int, piece: slice) -> dict[str, FloatArray]:
        """The change of each example of a piece, by its name, each (N,)."""
        sampled = {}
        for number, item in enumerate(fields(Augmentation)):
            largest = getattr(self._augmentation, item.name)
            if largest is not None:
                lowest = 0.0 if item.name == "noise_db" else -largest
                shares = self._generator(step, number).random(self._batch_size)[piece]
                sampled[item.name] = lowest + (largest - lowest) * shares
        return sampled

    def _changed(
        self,
        iq: ComplexArray,
        twin: ComplexArray | None,
        sampled: dict[str, FloatArray],
        rate: float,
        step: int,
        piece: slice,
    ) -> ComplexArray:
        changes, noise = self._augmentation, None
        if "noise_db" in sampled and twin is not None:
            amplitude, power = signal_and_noise(iq, twin)
            iq = times(twin, amplitude[:, None])
            power = power * db_to_ratio(sampled["noise_db"])
            noise = self._noise(iq.shape[1], step, piece)
            noise = times(noise, np.sqrt(power)[:, None])
        if changes.timing_offset_symbols:
            iq = delay(iq, sampled["timing_offset_symbols"] * rate)
        if changes.carrier_offset_turns_per_symbol:
            iq = offset_carrier(iq, sampled["carrier_offset_turns_per_symbol"] / rate)
        if changes.phase_turns:
            iq = rotate(iq, sampled["phase_turns"])
        if noise is not None:
            iq = iq + noise
        if changes.gain_db:
            iq = times(iq, np.sqrt(db_to_ratio(sampled["gain_db"]))[:, None])
        return unit_power(iq) if self._unit_power else iq

    def _noise(self, samples: int, step: int, piece: slice) -> ComplexArray:
        rng = self._generator(step, len(fields(Augmentation)))
        return white_noise((self._batch_size, samples), 1.0, rng)[piece]

    def _generator(self, step: int, purpose: int) -> np.random.Generator:
        return addressed(self._seed, (_AUGMENTATION, step, purpose))


_AUGMENTATION = 0xA06  # keeps its addresses distinct from those of examples and of training


def signal_and_noise(observed: ComplexArray, clean: ComplexArray) -> tuple[FloatArray, FloatArray]:
    """Amplitude of the clean twin in each example by least squares, and the noise power, (N,).

    Of T samples at a signal-to-noise ratio s the amplitude is off by about 1/√(2·T·s) of itself.
    """
    seen, twin = observed.astype(np.complex128), clean.astype(np.complex128)
    energy = np.square(np.abs(twin)).sum(axis=1)
    amplitude = (twin.conj() * seen).real.sum(axis=1) / np.where(energy > 0, energy, 1.0)
    residual = seen - amplitude[:, None] * twin
    return amplitude, np.square(np.abs(residual)).mean(axis=1)


# changes that a data set permits -------------------------------------------------------------

_NOT_NOISE = {
    "carrier_to_interference_db",
    "impulse_probability",
    "iq_gain_imbalance_db",
    "iq_phase_imbalance_degrees",
    "dc_offset_rms",
    "clip_level_rms",
    "quantiser_bits",
}
_WHITE_AFTER_ITS_FILTER = ("rrc", "rectangular", "half-sine")


def _check(
    dataset: Dataset, recipe: Recipe | None, changes: Augmentation, views: tuple[View, ...]
) -> None:
    """Refuse changes that are not those of a real receiver."""
    if changes.timing_offset_symbols and "symbols" in views:
        raise RecipeError(
            "a timing offset needs a waveform, but inputs of "
            f"{dataset.name} are rendered from symbols; leave out timing, or observe the waveform"
        )
    if changes.noise_db is not None:
        dataset.check_clean()
        assert recipe is not None  # comes with the clean twins
        why = next(_against_noise(recipe, views), None)
        if why:
            raise RecipeError(f"noise of {dataset.name} cannot be redrawn: {why}; leave it out")


def _against_noise(recipe: Recipe, views: tuple[View, ...]) -> Iterator[str]:
    """Why the noise of some views of a recipe is not white, or not the only disturbance."""
    source = recipe.source
    if source.kind == "published":
        yield "published signals hold each sample of it"
    if len(views) > 1:
        yield "symbols and waveform must have the same"
    other = sorted(_NOT_NOISE & {*recipe.drawn_names})
    if other:
        yield f"{other[0]} disturbs examples, too"
    if "waveform" in views and source.receiver.waveform == "filtered":
        yield "its waveforms have passed the matched filter"
    if "symbols" in views and source.pulse.shape not in _WHITE_AFTER_ITS_FILTER:
        yield f"the filter of a pulse {source.pulse.shape} leaves it coloured"
