"""The command that computes ceilings: parse, one call, print."""

from typing import Annotated, Any

import typer
from rfmae_cli import console
from rfmae_cli.options import HOME, JsonOption, OutOption, SeedOption
from rfmae_cli.words import names, one_of


def ceiling(
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe", "-r", help="A recipe that comes with rfmae, or a TOML file.  [awgn-ten]"
        ),
    ] = None,
    classes: Annotated[
        str | None, typer.Option(help="Instead of a recipe: modulations, such as BPSK,QPSK,8PSK.")
    ] = None,
    snr: Annotated[
        str | None,
        typer.Option(help="SNR grid in dB, start:stop[:step], such as -10:10 or -10:-1,1:10."),
    ] = None,
    symbols: Annotated[
        int | None, typer.Option(min=1, help="Symbols of a frame. Default: of the recipe, or 1024.")
    ] = None,
    phase: Annotated[
        str | None,
        typer.Option(help="Of the carrier: known or unknown. Default: as in the recipe."),
    ] = None,
    unknown: Annotated[
        str,
        typer.Option(help="Further unknowns of the receiver: snr, amplitude, or both."),
    ] = "",
    planes: Annotated[
        str,
        typer.Option(
            help="What the planes of an image show, such as symbols,trajectory,differential. "
            "Default: the receiver sees the whole sequence."
        ),
    ] = "",
    pixels: Annotated[
        int,
        typer.Option(
            min=0,
            help="With --planes symbols: pixels on a side, within ±2.5 rms amplitudes.",
        ),
    ] = 0,
    frames: Annotated[int, typer.Option(min=2, help="Frames of each class at each SNR.")] = 400,
    seed: SeedOption = 0,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compute the Bayes accuracy of a class list per SNR, the ceiling of every receiver.

    Example: rfmae ceiling --recipe awgn-ten --snr -10:10:5

    Example: rfmae ceiling --classes BPSK,QPSK,8PSK --symbols 128 --phase known
    """
    from rfmae.theory.ceiling_spec import plane_names
    from rfmae.workflows import ceilings as ceiling_jobs

    name, spec = _spec_of_options(recipe, classes)
    spec = ceiling_jobs.changed(
        spec,
        snr=snr,
        symbols=symbols,
        phase=None if phase is None else one_of("--phase", phase, ("known", "unknown")),
        unknown=[one_of("--unknown", word, ("snr", "amplitude")) for word in names(unknown)],
        planes=plane_names(names(planes)),
        pixels=pixels,
    )
    folder = out or HOME / "ceilings" / f"{name}-{spec.fingerprint(frames, seed)}"
    result = ceiling_jobs.ceiling(
        spec, folder, frames=frames, seed=seed, progress=console.ShownProgress()
    )
    _print_result(result, as_json)


def _spec_of_options(recipe: str | None, classes: str | None) -> tuple[str, Any]:
    """The name and the ceiling spec of a recipe or of a class list."""
    from rfmae.datasets.recipe import load_recipe
    from rfmae.errors import UnitError
    from rfmae.workflows import ceilings as ceiling_jobs

    if classes is None:
        resolved = load_recipe(recipe or "awgn-ten")
        return resolved.name, ceiling_jobs.ceiling_spec_of(resolved)
    if recipe is not None:
        raise UnitError(
            f"--classes replaces a recipe, got {classes!r} and --recipe {recipe}; name one of them"
        )
    listed = names(classes)
    return f"{len(listed)}-classes", ceiling_jobs.ceiling_spec_of_classes(listed)


def _print_result(result: Any, as_json: bool) -> None:
    """The ceiling per SNR, its notes, and its path."""
    from rfmae.records import as_plain
    from rfmae.reporting.tables import ceiling_table

    ceiling = result.ceiling
    if as_json:
        console.say_json({"folder": str(result.folder), **as_plain(ceiling)})
        return
    console.say(f"Bayes accuracy in % of {', '.join(ceiling.classes)}")
    console.say_table(*ceiling_table({ceiling.name: ceiling}).in_print())
    console.say("")
    for note in result.notes:
        console.say(f"Note: {note}")
    console.say(f"Ceiling: {result.folder}")
