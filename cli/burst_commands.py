"""The command that makes the classifier of bursts: parse, one call, print."""

from pathlib import Path
from typing import Annotated

import typer
from rfmae_cli import console


def train_bursts(
    recipe: Annotated[
        Path | None,
        typer.Option("--recipe", help="Recipe of bursts; the default is the one that comes along."),
    ] = None,
    work: Annotated[
        Path | None, typer.Option("--work", help="Folder of examples, which are kept.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder to write.")] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes.")] = 2,
) -> None:
    """Train a classifier of bursts, as the one that comes along was; started again it goes on."""
    from rfmae.artefacts import HOME
    from rfmae.workflows.learning import burst_classifier

    chosen = burst_classifier.SHIPPED_RECIPE if recipe is None else recipe
    folder = HOME / "bursts" if work is None else work
    written = HOME / "burst-classifier" if out is None else out
    network = burst_classifier.train_bursts(
        chosen, folder, written, console.ShownProgress(), workers
    )
    measured = network.card["measured"]
    heads = ["SNR", "right", "wrong", "unknown"]
    rows = [
        [name, *(f"{100 * shares[kind]:.1f} %" for kind in heads[1:])]
        for name, shares in measured["accuracy"].items()
    ]
    console.say_table(heads, rows)
    console.say(f"classifier: {written}")
