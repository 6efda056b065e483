"""What there is to choose from: recipes, modulations, networks, and the runs of this folder."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rfmae_cli import console
from rfmae_cli.options import HOME, JsonOption

from rfmae.errors import RecipeError


def list_subject(
    subject: Annotated[
        str | None,
        typer.Argument(help="recipes, modulations, networks or runs; without one, what there is."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List recipes, modulations, networks, or the training runs in artifacts.

    Example: rfmae list modulations
    """
    if subject is None:
        console.say(f"rfmae list {'|'.join(_ROWS)}")
        return
    if subject not in _ROWS:
        raise RecipeError(f"nothing is listed as {subject!r}; known: {', '.join(_ROWS)}")
    rows = list(_ROWS[subject]())
    if as_json:
        console.say_json(rows)
        return
    if not rows:
        console.say(f"no {subject} in {HOME / 'runs'}")
        return
    lines = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        console.say("  ".join(cells).rstrip())


def _recipes() -> Iterator[dict[str, Any]]:
    from rfmae.datasets.recipe import known_recipes, load_recipe

    for name in known_recipes():
        recipe = load_recipe(name)
        yield {"recipe": name, "classes": len(recipe.classes), "about": recipe.about}


def _modulations() -> Iterator[dict[str, Any]]:
    from rfmae.signal.modulations import MODULATIONS

    for name, row in MODULATIONS.items():
        yield {"modulation": name, "family": row.family, "also": ", ".join(row.aliases)}


def _networks() -> Iterator[dict[str, Any]]:
    from rfmae.models.kinds import NETWORKS

    for name, kind in NETWORKS.items():
        yield {
            "network": name,
            "sees": kind.sees or "any",
            "pre-trained": "yes" if kind.is_pretrained else "no",
            "about": kind.about,
        }


def _runs() -> Iterator[dict[str, Any]]:
    from rfmae.artefacts import CARD_NAME
    from rfmae.workflows.inspect.runs import is_run, see_run

    for card in sorted((HOME / "runs").glob(f"*/{CARD_NAME}")):
        if is_run(card.parent):
            run = see_run(card.parent)
            config = run.card["config"]
            yield {
                "run": card.parent.name,
                "stage": config["stage"],
                "steps": f"{run.steps_done}/{config['plan']['steps']}",
                "best": run.best_step or "none",
            }


_ROWS = {
    "recipes": _recipes,
    "modulations": _modulations,
    "networks": _networks,
    "runs": _runs,
}
