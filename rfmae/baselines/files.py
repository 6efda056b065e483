"""Baselines on disk: arrays and a card, without executable content."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from rfmae.artefacts import CARD_NAME, Card, read_card, versions, write_json, written_whole
from rfmae.baselines.scale import Scale
from rfmae.baselines.signals_read import InputSpec, Signal, signals_of_views
from rfmae.baselines.trained import Baseline, Model, find_method
from rfmae.errors import ARRAY_DAMAGES, CheckpointError, RfmaeError, first_line
from rfmae.records import FloatArray, View, Views

KIND = "baseline"
ARRAYS_NAME = "arrays.npz"

_TRIED_SAMPLES = 16


@dataclass(frozen=True, slots=True)
class LoadedBaseline:
    """A baseline from its folder, with its card."""

    baseline: Baseline
    card: Card

    @property
    def views(self) -> tuple[View, ...]:
        """The views that it reads."""
        return self.baseline.views

    @property
    def classes(self) -> tuple[str, ...]:
        return self.baseline.classes

    def __call__(self, views: Views) -> FloatArray:
        """Probabilities (N, M) of I/Q (N, T) of its views."""
        return self.baseline(views)


def is_baseline(folder: Path) -> bool:
    """Whether a folder is that of a baseline."""
    return (read_card(folder) or {}).get("kind") == KIND


def save_baseline(baseline: Baseline, card: Card, folder: Path) -> None:
    """Write a baseline as arrays and a card; `card` adds its origin."""
    with written_whole(folder) as scratch:
        model = baseline.model
        arrays = {field.name: getattr(model, field.name) for field in fields(model)}  # type: ignore[arg-type]
        np.savez_compressed(scratch / ARRAYS_NAME, **arrays)
        write_json(scratch / CARD_NAME, {**card, **_card_of(baseline), "versions": versions()})


def _card_of(baseline: Baseline) -> Card:
    return {
        "kind": KIND,
        "name": baseline.name,
        "about": find_method(baseline.name).about,
        "classes": list(baseline.classes),
        "views": list(baseline.views),
        "signals": [asdict(signal) for signal in baseline.inputs.signals],
        "units": baseline.inputs.scale.units,
        "extent": baseline.inputs.scale.extent,
        "settings": baseline.settings,
        "examples": baseline.examples,
        "score": {"accuracy": baseline.accuracy},
        "temperature": baseline.temperature,
    }


def load_baseline(folder: Path) -> LoadedBaseline:
    """Open the folder of a baseline; nothing in it is executed."""
    card = read_card(folder)
    if card is None or card.get("kind") != KIND:
        raise CheckpointError(f"{folder} is no baseline; make one with `rfmae baseline`")
    try:
        method = find_method(card["name"])
        model = _read_arrays(folder / ARRAYS_NAME, method.model)
        baseline = Baseline(
            name=card["name"],
            classes=tuple(card["classes"]),
            inputs=_inputs(card),
            settings=card["settings"],
            examples=card["examples"],
            accuracy=card["score"]["accuracy"],
            temperature=card["temperature"],
            model=model,
        )
        _try_out(baseline)
    except CheckpointError:
        raise
    except (RfmaeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise CheckpointError(
            f"the card of {folder} and its arrays describe no baseline: {first_line(error)}"
        ) from error
    return LoadedBaseline(baseline, card)


def _inputs(card: Card) -> InputSpec:
    """The inputs of a baseline by its card; an older one names a view alone."""
    named = tuple(Signal(**signal) for signal in card.get("signals", []))
    signals = named or signals_of_views(card["views"])
    return InputSpec(signals, Scale(card["units"], card["extent"]))


def _try_out(baseline: Baseline) -> None:
    """Refuse arrays of inconsistent shapes, by a prediction of zeros."""
    longest = max(signal.lag_samples for signal in baseline.inputs.signals)
    silence = np.zeros((1, _TRIED_SAMPLES + longest), np.complex64)
    probabilities = baseline(dict.fromkeys(baseline.views, silence))
    if probabilities.shape != (1, len(baseline.classes)) or not np.isfinite(probabilities).all():
        raise ValueError(
            f"probabilities of shape {probabilities.shape} for {len(baseline.classes)} classes"
        )


def _read_arrays(path: Path, model: type[Model]) -> Model:
    """The model whose fields are the arrays of a file; objects in it are refused, not unpickled."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {field.name: file[field.name] for field in fields(model)}  # type: ignore[arg-type]
        return model(**arrays)
    except RfmaeError:
        raise
    except ARRAY_DAMAGES as error:
        raise CheckpointError(f"{path} cannot be read: {first_line(error)}") from error
