"""The input modalities of a network: image, harmonics, signal, noise, SNR."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from rfmae.configuration.declared import check_settings, setting
from rfmae.errors import ArtefactError, RecipeError
from rfmae.plain import value
from rfmae.records.harmonic_orders import ORDERS, RINGS, harmonic_planes
from rfmae.records.image import ImageConfig
from rfmae.records.iq import View

PUBLISHED_FOLD = 224
"""Pixels on a side of the image that DenoMAE folds a signal into."""


@dataclass(frozen=True, slots=True)
class Modality:
    """One of the inputs of a network that share one encoder (DenoMAE).

    What: the constellation `image`; the circular `harmonics` of the points that its planes show;
    the `signal`, I and Q over time; the `noise`, the observed signal less its clean twin, which is
    its own target; the `snr` as a receiver estimates it of the observed I/Q, one number, which is
    never hidden and has no target.

    Given: the encoder sees what was `observed`, or the `clean` twin, as two of the five inputs of
    DenoMAE are. The target is the clean twin either way.

    Form, of signal and noise: a `sequence` (2, T) of I and Q in one-dimensional patches, or
    `folded`, the real part as an image of 224×224 pixels, as in the public code of DenoMAE.

    `view` is the source of signal, noise and SNR; the planes of an image name their own.
    `patch` counts pixels on a side or samples; zero leaves it to the network.
    """

    what: Literal["image", "harmonics", "signal", "noise", "snr"] = setting(
        "image", "What the network sees of an example."
    )
    given: Literal["observed", "clean"] = setting(
        "observed", "What was observed, or its clean twin."
    )
    form: Literal["sequence", "folded"] = setting(
        "sequence", "Of signal and noise: I and Q in time, or the real part as an image."
    )
    view: View = setting("symbols", "What signal, noise and SNR are taken from.")
    patch: int = setting(
        0, "Side of a patch; 0 leaves it to the network.", unit="pixels or samples", least=0
    )

    def __post_init__(self) -> None:
        check_settings(self, RecipeError)
        if self.what == "noise" and self.given == "clean":
            raise RecipeError('noise has no clean twin, got given = "clean"; leave it out')
        if self.what == "snr" and (self.given, self.form) != ("observed", "sequence"):
            raise RecipeError(
                "an SNR is estimated of what was observed and is one number, "
                f"got given = {self.given!r}, form = {self.form!r}; leave them out"
            )
        if not self.of_planes:
            return
        if self.form == "folded":
            raise RecipeError(
                f'{self.what} cannot be folded, got form = "folded"; leave it out or write '
                'what = "signal"'
            )
        if self.view != "symbols":
            raise RecipeError(
                f"{self.what} is drawn from what the planes of the image name, "
                f"got view = {self.view!r}; leave it out"
            )
        if self.what == "harmonics" and self.patch:
            raise RecipeError(
                f"harmonics are cut into rings, not patches, got patch = {self.patch}; leave it out"
            )

    @property
    def of_planes(self) -> bool:
        """Whether it is drawn from what the planes of the image name."""
        return self.what in ("image", "harmonics")

    @property
    def name(self) -> str:
        """Its name among the inputs, such as image, harmonics, signal, noise, snr, clean_image."""
        return f"clean_{self.what}" if self.given == "clean" else self.what

    @property
    def is_received(self) -> bool:
        """Whether a receiver has it; clean twins and pure noise exist in training alone."""
        return self.given == "observed" and self.what != "noise"

    @property
    def needs_clean(self) -> bool:
        """Whether it cannot be drawn without the clean twin."""
        return not self.is_received

    @property
    def learns_from_turns(self) -> bool:
        """Whether random carrier phases augment it.

        Rings are invariant to the phase of harmonics, and an SNR has none.
        """
        return self.what not in ("harmonics", "snr")

    @property
    def has_target(self) -> bool:
        """Whether there is anything that a network could predict."""
        return self.what != "snr"

    @property
    def target(self) -> "Modality":
        """The reconstruction target: its clean twin; of noise the same noise."""
        return self if self.what == "noise" else replace(self, given="clean")

    @property
    def content(self) -> "Modality":
        """The modality without its patch size."""
        return replace(self, patch=0)

    def shape(self, image: ImageConfig, samples: Mapping[View, int]) -> tuple[int, ...]:
        """Planes and sides of one example, (C, H, W), (2, T), or (1, 1) of a number.

        Of harmonics, planes, orders, and real and imaginary part of each ring. `samples` is the
        length of an example in each view.
        """
        if self.what == "snr":
            return (1, 1)
        if self.what == "image":
            return (len(image.planes), image.size, image.size)
        if self.what == "harmonics":
            return (len(harmonic_planes(image)), len(ORDERS), 2 * RINGS)
        if self.form == "folded":
            return (3, PUBLISHED_FOLD, PUBLISHED_FOLD)  # three equal channels, as an image has
        return (2, samples[self.view])


IMAGE_ALONE = (Modality(),)
"""What DenoMAE2.0 sees."""


def needed_views(modalities: Sequence[Modality], image: ImageConfig) -> tuple[View, ...]:
    """The views that the modalities are drawn from, each once, symbols first."""
    needed = {modality.view for modality in modalities if not modality.of_planes}
    if any(modality.of_planes for modality in modalities):
        needed |= {*image.views}
    return tuple(view for view in get_args(View) if view in needed)


def snr_view(modalities: Sequence[Modality]) -> View | None:
    """The view that the SNR is estimated from; None where no network sees it."""
    return next((modality.view for modality in modalities if modality.what == "snr"), None)


def check_modalities(
    modalities: Sequence[Modality], image: ImageConfig, samples: Mapping[View, int]
) -> None:
    """Raise `RecipeError` for modalities that do not fit together, or not with the views.

    `samples` is the length of an example in each view.
    """
    names = [modality.name for modality in modalities]
    if len(set(names)) < len(names):
        raise RecipeError(
            f"modalities must differ in what and given, got {', '.join(names)}; leave one out"
        )
    if not any(modality.is_received for modality in modalities):
        raise RecipeError(
            f"modalities must name one that a receiver has, got {', '.join(names) or 'none'}; "
            'add { what = "image" } or { what = "signal" }'
        )
    if names == ["snr"]:
        raise RecipeError(
            "an SNR alone determines no modulation; "
            'add { what = "image" } or { what = "signal" } to the modalities'
        )
    for modality in modalities:
        _check_modality(modality, image, samples)


def _check_modality(modality: Modality, image: ImageConfig, samples: Mapping[View, int]) -> None:
    if not modality.of_planes and modality.view not in samples:
        raise RecipeError(
            f"the modality {modality.name} is read from the {modality.view}, but an example is "
            f"observed as {' and '.join(samples)}; name that view or observe both"
        )
    side = modality.shape(image, samples)[-1]
    if modality.patch and side % modality.patch:
        raise RecipeError(
            f"patch of the modality {modality.name} must divide its side of {side}, "
            f"got {modality.patch}"
        )


def modalities_from_card(card: list[dict[str, Any]]) -> tuple[Modality, ...]:
    """The modalities of a card."""
    try:
        found: tuple[Modality, ...] = value(tuple[Modality, ...], card, "modalities")
        if not found:
            raise ArtefactError("there are none")
        return found
    except ArtefactError as error:
        raise ArtefactError(
            f"a card names modalities that this version of rfmae does not read: {error}; "
            "generate the data set again and retrain what was trained on it"
        ) from error
