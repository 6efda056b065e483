"""Ceilings: the Bayes accuracy per SNR of recipes and class lists."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from rfmae.artefacts import CARD_NAME, read_card, refuse_occupied, write_json, written_whole
from rfmae.datasets.recipe import Recipe
from rfmae.errors import ArtefactError, RecipeError, RfmaeError, first_line
from rfmae.plain import parse
from rfmae.progress import Logged, Progress
from rfmae.records import Ceiling, What
from rfmae.reporting.charts.accuracy_charts import ceiling_chart
from rfmae.reporting.charts.chart import Panels
from rfmae.reporting.figure_files import save_figure
from rfmae.reporting.figure_pen import figure_of
from rfmae.reporting.notes import ceiling_notes
from rfmae.reporting.table_writers import write_csv
from rfmae.reporting.tables import ceiling_csv
from rfmae.signal.impairments import Setting
from rfmae.signal.modulations import find_modulation
from rfmae.theory.ceiling import FRAMES, check_signal_models, compute_ceiling, frames_drawn
from rfmae.theory.ceiling_spec import CeilingSpec, PublishedCeilingSpec
from rfmae.theory.frames import Knowledge
from rfmae.theory.shipped import (
    at_points,
    ceiling_from_json,
    ceiling_json,
    shipped_ceiling,
)
from rfmae.units import parse_snr_grid

KIND = "ceiling"
CEILING_NAME = "ceiling.json"


DEFAULT_SNR = "-10:10"
"""Grid of a class list without a recipe."""


AnyCeilingSpec = CeilingSpec | PublishedCeilingSpec
AnyQuestion = AnyCeilingSpec  # the older name, for scripts


@dataclass(frozen=True, slots=True)
class CeilingResult:
    """A ceiling and the folder it was written to."""

    ceiling: Ceiling
    folder: Path

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on its assumptions."""
        return ceiling_notes(self.ceiling)


def ceiling(
    spec: AnyCeilingSpec,
    folder: Path,
    *,
    frames: int = FRAMES,
    seed: int = 0,
    progress: Progress | None = None,
) -> CeilingResult:
    """Compute a ceiling into a folder; a folder with the same ceiling is kept."""
    progress = progress or Logged()
    check_signal_models(spec)
    card = {"kind": KIND, "key": spec.key, "fingerprint": spec.fingerprint(frames, seed)}
    found = read_card(folder)
    home = folder.parent
    if found is not None and {name: found.get(name) for name in card} == card:
        progress.note(f"ceiling {folder} is there already")
        return CeilingResult(_capped(spec, _read(folder), home), folder)
    refuse_occupied(folder, replaces=KIND)
    total = frames_drawn(spec, frames)
    with progress.stage(f"ceiling, {spec.name}", total, "frames") as stage:
        raw = compute_ceiling(spec, frames=frames, seed=seed, advance=stage.advance)
    answer = _capped(spec, raw, home)
    with written_whole(folder, replaces=KIND) as scratch:
        write_json(scratch / CEILING_NAME, ceiling_json(spec, answer))
        write_csv(ceiling_csv({answer.name: answer}), scratch / "ceiling.csv")
        chart = ceiling_chart({answer.name: answer}, ", ".join(answer.classes))
        save_figure(figure_of(Panels("", (chart,))), scratch / "ceiling.png")
        write_json(scratch / CARD_NAME, {**card, "frames_per_group": frames, "seed": seed})
    return CeilingResult(_read(folder), folder)


def known_ceiling(spec: AnyCeilingSpec, home: Path | None = None) -> Ceiling | None:
    """The ceiling that comes with rfmae or is in a folder of `home`; nothing is computed.

    That of an image is capped at that of its sequence, where this one is known.
    """
    found = _kept_ceiling(spec, home)
    return None if found is None else _capped(spec, found, home)


def _capped(spec: AnyCeilingSpec, image: Ceiling, home: Path | None) -> Ceiling:
    """The ceiling of an image capped at those of its sequence; others are unchanged."""
    if not spec.planes:
        return image
    for sequence in _sequences_of(spec):
        bound = _kept_ceiling(sequence, home)
        image = image if bound is None else image.capped(bound)
    return image


def _sequences_of(spec: AnyCeilingSpec) -> tuple[AnyCeilingSpec, ...]:
    """The specs of the sequence of an image, for receivers that know as much or more."""
    if isinstance(spec, PublishedCeilingSpec):
        return (replace(spec, planes=()),)
    same = replace(spec, planes=(), pixels=0)
    return (same, replace(same, snr="known")) if same.snr == "unknown" else (same,)


def _kept_ceiling(spec: AnyCeilingSpec, home: Path | None) -> Ceiling | None:
    """The ceiling that comes with rfmae or is in a folder of `home`, uncapped."""
    found = shipped_ceiling(spec)
    if found is not None or home is None or not home.is_dir():
        return found
    for card in sorted(home.glob(f"*/{CARD_NAME}")):
        facts = read_card(card.parent) or {}
        if (facts.get("kind"), facts.get("key")) == (KIND, spec.key):
            found = at_points(_read(card.parent), spec.snr_db)
            if found is not None:
                return found
    return None


def known_ceilings(recipe: Recipe, home: Path | None = None) -> dict[str, Ceiling]:
    """Known ceilings of the sequence and of the images of a recipe, by name.

    Those of images come last, SNR unknown before SNR known.
    """
    found: dict[str, Ceiling | None] = {}
    for planes in ((), image_whats(recipe)):
        try:
            spec = ceiling_spec_of(recipe, planes)
        except RfmaeError:
            continue  # no likelihood for this link, or no image classifier for this waveform
        for variant in (with_unknown_snr(spec), spec) if planes else (spec,):
            found[variant.name] = known_ceiling(variant, home)
    return {name: answer for name, answer in found.items() if answer is not None}


# specs --------------------------------------------------------------------------------------


def ceiling_spec_of(recipe: Recipe, planes: tuple[What, ...] = ()) -> AnyCeilingSpec:
    """The ceiling spec of a recipe: its classes on its link, SNR and amplitude known.

    A receiver that has to estimate the SNR, the amplitude or another parameter stays below.
    """
    source = recipe.source
    if source.kind == "published":
        snr_db, symbols = source.channel.snr_db, source.symbols_per_example
        return PublishedCeilingSpec(recipe.classes, snr_db, symbols, planes)
    spec = CeilingSpec(
        modulations=recipe.modulations,
        snr_db=source.channel.snr_db,
        snr_reference=source.channel.snr_reference,
        symbols_per_example=source.symbols_per_example,
        samples_per_symbol=source.samples_per_symbol,
        pulse=source.pulse,
        phase=_phase(recipe),
        planes=planes,
    )
    check_signal_models(spec)
    _check_link(recipe)
    _check_waveform(recipe, planes)
    return spec


def with_unknown_snr(spec: AnyCeilingSpec) -> AnyCeilingSpec:
    """The same spec with SNR unknown; for published signals it is always known."""
    if isinstance(spec, PublishedCeilingSpec):
        return spec
    return replace(spec, snr="unknown")


def ceiling_spec_of_classes(names: tuple[str, ...]) -> CeilingSpec:
    """The classes on the default link of a recipe, from -10 to 10 dB Es/N0."""
    return CeilingSpec(tuple(find_modulation(name) for name in names), parse_snr_grid(DEFAULT_SNR))


def changed(
    spec: AnyCeilingSpec,
    *,
    snr: str | None = None,
    symbols: int | None = None,
    phase: Knowledge | None = None,
    unknown: Sequence[Literal["snr", "amplitude"]] = (),
    planes: tuple[What, ...] = (),
    pixels: int = 0,
) -> AnyCeilingSpec:
    """The spec with the given values in place of its own; None and empty change nothing."""
    same = replace(
        spec,
        snr_db=spec.snr_db if snr is None else parse_snr_grid(snr),
        symbols_per_example=spec.symbols_per_example if symbols is None else symbols,
        planes=planes or spec.planes,
    )
    if isinstance(same, PublishedCeilingSpec):
        if pixels or unknown or phase == "unknown":
            raise RecipeError(
                "published signals have a known phase, SNR and amplitude and a fixed image size; "
                "leave out --phase, --unknown and --pixels"
            )
        return same
    return replace(
        same,
        phase=phase or same.phase,
        snr="unknown" if "snr" in unknown else same.snr,
        amplitude="unknown" if "amplitude" in unknown else same.amplitude,
        pixels=pixels,
    )


def image_whats(recipe: Recipe) -> tuple[What, ...]:
    """What the planes of a recipe's images show."""
    return tuple(dict.fromkeys(plane.what for plane in recipe.image.planes))


def _check_waveform(recipe: Recipe, planes: tuple[What, ...]) -> None:
    """Image ceilings of trajectories are of the waveform after the matched filter."""
    drawn = [what for what in planes if what in ("trajectory", "differential-trajectory")]
    if drawn and "waveform" in recipe.views and recipe.source.receiver.waveform != "filtered":
        raise RecipeError(
            f"the ceiling of images that show {drawn[0]} is of the waveform after the matched "
            f"filter, but this recipe draws it as {recipe.source.receiver.waveform}; write "
            'receiver = { waveform = "filtered" }'
        )


def _phase(recipe: Recipe) -> Knowledge:
    """Whether the carrier phase of the examples is known."""
    setting = recipe.source.channel.phase_offset_turns
    if setting == "none" or isinstance(setting, int | float) or _undone(recipe, "phase"):
        return "known"
    if setting == "uniform" or _whole_turn(setting):
        return "unknown"
    raise RecipeError(
        f"a ceiling needs source.channel.phase_offset_turns 'none', a number or 'uniform', "
        f"got {setting!r}; name the classes with --classes and choose --phase"
    )


def _whole_turn(setting: Setting) -> bool:
    """Whether a range of phases is a whole turn."""
    return isinstance(setting, tuple) and setting[1] - setting[0] == 1


def _undone(recipe: Recipe, what: str) -> bool:
    """Whether the receiver removes an effect of the channel before examples are stored."""
    receiver = recipe.source.receiver
    return receiver.views == ("symbols",) and getattr(receiver, what) == "known"


_UNDONE_BY = {
    "timing_offset_symbols": "timing",
    "clock_offset_ppm": "timing",
    "carrier_offset_turns_per_symbol": "carrier",
}


def _check_link(recipe: Recipe) -> None:
    """Raise `RecipeError` for a channel without a likelihood."""
    channel = recipe.source.channel
    fading = {"fading": channel.fading.kind} if channel.fading.kind != "none" else {}
    for name, setting in {**fading, **channel.settings}.items():
        if name == "phase_offset_turns":
            continue
        if name in _UNDONE_BY and _undone(recipe, _UNDONE_BY[name]):
            continue
        shown = list(setting) if isinstance(setting, tuple) else repr(setting)
        raise RecipeError(
            f"no likelihood is known of a channel with {name} {shown}, which recipe {recipe.name} "
            "has; switch it off in the recipe, or name its classes with --classes"
        )


def _read(folder: Path) -> Ceiling:
    path = folder / CEILING_NAME
    try:
        return ceiling_from_json(parse(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RfmaeError) as error:
        raise ArtefactError(
            f"{path} holds no ceiling ({first_line(error)}); remove its folder"
        ) from error
