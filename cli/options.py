"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

HOME = Path("artifacts")

RecipeOption = Annotated[
    str, typer.Option("--recipe", "-r", help="A recipe that comes with rfmae, or a TOML file.")
]
DataOption = Annotated[
    Path | None,
    typer.Option("--data", "-d", help="Data set folder. Default: the newest in artifacts."),
]
TrainedOnOption = Annotated[
    Path | None,
    typer.Option("--data", "-d", help="Data set folder. Default: what the model was trained on."),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", help="Output folder. Default: named in artifacts.")
]
SeedOption = Annotated[int, typer.Option(min=0, help="Seed of every random draw.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, …")]
WorkersOption = Annotated[
    int, typer.Option(min=1, help="Processes that synthesise; the bytes do not depend on it.")
]
PresetOption = Annotated[str, typer.Option(help="Size of the network: tiny, small or base.")]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
