"""What is to be said of a model on data that are not its own: classes, lengths, rates, images."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rfmae.artefacts import Card
from rfmae.plain import value
from rfmae.records import (
    Assessment,
    ClassMatch,
    ImageConfig,
    Share,
    SnrReport,
    UnknownClass,
    image_config_from_card,
)
from rfmae.units import SNR_REFERENCE_NAMES, SnrReference

RENORMALISED = "Probabilities are renormalised to the classes that the data set holds."

_FEW = 3  # classes whose recall stands in a sentence; tables have all
_MOST_NAMES = 8


def match_notes(
    accuracy: Mapping[str, SnrReport], assessments: Mapping[str, Assessment]
) -> tuple[str, ...]:
    """A note for each model whose class list is not that of the data set."""
    return tuple(
        f"{name}: {'; '.join(_facts(accuracy[name], item.match, item.unknown_classes))}."
        for name, item in assessments.items()
        if item.match is not None
    )


def _facts(report: SnrReport, match: ClassMatch, unknown: Sequence[UnknownClass]) -> Iterator[str]:
    if match.renamed:
        pairs = ", ".join(f"{ours} is its {theirs}" for ours, theirs in match.renamed)
        yield f"{pairs}, by the table of modulations"
    if match.absent:
        yield (
            f"it also knows {names(match.absent)}, which these data do not hold: such an answer "
            "counts as wrong"
        )
    if not match.is_whole and len(report.held) <= _FEW:
        yield f"recall: {', '.join(recalls(report))}"
    if match.unknown:
        yield f"it never learnt {names(match.unknown)}{_apart(unknown)}"


def recalls(report: SnrReport) -> Iterator[str]:
    """The recall of each class, and what it was taken for most often."""
    confusion = report.confusion
    for true in report.held:
        total = int(confusion[true].sum())
        right = Share.of(int(confusion[true, true]), total)
        others = confusion[true].copy()
        others[true] = 0
        words = f"{report.classes[true]} {percent(right)}"
        if others.any():
            most = int(others.argmax())
            words += f" (most of the rest called {report.classes[most]})"
        yield words


def _apart(unknown: Sequence[UnknownClass]) -> str:
    """How the examples of unknown classes are treated, and what became of them."""
    if not unknown:
        return ", and the test split has none of their examples"
    accepted = Share.of(
        sum(item.accepted.hits for item in unknown),
        sum(item.accepted.examples for item in unknown),
    )
    examples = f"{accepted.examples:,} example{'' if accepted.examples == 1 else 's'}"
    return (
        f": their {examples} count in no accuracy; it is as confident of {percent(accepted)} of "
        "them as of 95 % of the known ones"
    )


def percent(share: Share) -> str:
    """A share with its 95 % interval, in words."""
    return f"{100 * share.value:.1f} % ({100 * share.low:.1f}–{100 * share.high:.1f})"


def names(classes: Sequence[str]) -> str:
    """Names between commas, the first of many."""
    if len(classes) <= _MOST_NAMES:
        return ", ".join(classes)
    return f"{', '.join(classes[:_MOST_NAMES])} and {len(classes) - _MOST_NAMES} more"


def condition_note(name: str, model: Card, data: Card) -> str:
    """Lengths, rates and images in which a model was trained otherwise; empty where in none.

    `model` and `data` are cards; a model without such facts, as a function, has no note.
    """
    differing = conditions(model, data)
    return f"{name} was trained otherwise: {'; '.join(differing)}." if differing else ""


def conditions(model: Card, data: Card) -> tuple[str, ...]:
    """In which length, rate, images and SNRs a model was trained that data do not have."""
    return (*_lengths(model, data), *_snrs(model, data), *_images(model, data))


def _lengths(model: Card, data: Card) -> Iterator[str]:
    views: Mapping[str, Any] = data["views"]
    for view, samples in model.get("samples", {}).items():
        if view in views and views[view]["samples"] != samples:
            unit = "symbols" if view == "symbols" else "samples"
            yield f"on {samples:,} {unit}, here {views[view]['samples']:,}"
    rate = model.get("samples_per_symbol")
    if rate is None or not model.get("samples"):
        return
    held = views.get(list(model["samples"])[-1])
    if held is not None and held["samples_per_symbol"] != rate:
        lagged = any("differential" in plane["what"] for plane in _planes(model))
        yield (
            f"at {rate:g} sample{'' if rate == 1 else 's'} per symbol, here "
            f"{held['samples_per_symbol']:g}{', with its lags of planes kept' if lagged else ''}"
        )


def _snrs(model: Card, data: Card) -> Iterator[str]:
    if "snr_db" not in model or "snr_reference" not in model:
        return
    own, here = (_stated(card) for card in (model, data))
    if own != here:
        words = (f"{_range(*ends)} ({SNR_REFERENCE_NAMES[name]})" for ends, name in (own, here))
        yield f"at {next(words)}, here {next(words)}"


def _stated(card: Card) -> tuple[tuple[float, float], SnrReference]:
    """The lowest and the highest SNR of a card, and what they refer to."""
    snr_db = value(list[float], card["snr_db"], "snr_db") or [0.0]
    reference: SnrReference = value(SnrReference, card["snr_reference"], "snr_reference")
    return (min(snr_db), max(snr_db)), reference


def _range(low: float, high: float) -> str:
    text = f"{low:g} dB" if low == high else f"{low:g} to {high:g} dB"
    return text.replace("-", "−")


def _planes(model: Card) -> Sequence[Mapping[str, Any]]:
    """The planes of the images that a model sees."""
    found: Sequence[Mapping[str, Any]] = model.get("image", {}).get("planes", ())
    return found


def _images(model: Card, data: Card) -> Iterator[str]:
    """Images are rendered as the model wants them, whatever the card of the data set says."""
    whats = {modality["what"] for modality in model.get("modalities", ())}
    if "image" not in model or not whats & {"image", "harmonics"}:
        return
    own, theirs = image_config_from_card(model["image"]), image_config_from_card(data["image"])
    if own != theirs:
        yield (
            f"on images of {_image(own)}, which are rendered here too (the data set's card has "
            f"{_image(theirs)})"
        )


def _image(image: ImageConfig) -> str:
    units = "" if image.units == "rms" else f", {image.units}"
    return f"{image.size} pixels, ±{image.extent:g}{units}: {'; '.join(map(str, image.planes))}"
