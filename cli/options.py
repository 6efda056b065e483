"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from rfmae.artefacts import HOME as HOME  # for all commands

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
ResumeOption = Annotated[bool, typer.Option("--resume", help="Resume an interrupted run.")]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Also the tables and every result.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DtypeOption = Annotated[
    str | None,
    typer.Option("--dtype", help="Sample type of a raw recording, such as ci16_le, cf32 or cu8."),
]
RateOption = Annotated[
    float | None,
    typer.Option("--rate", "--sample-rate", help="Sample rate in Hz, where the file states none."),
]
ChannelOption = Annotated[
    int | None,
    typer.Option("--channel", help="Of a recording of several channels: which, from 0."),
]
AnalyticOption = Annotated[
    bool,
    typer.Option(
        "--analytic",
        help="Make real samples complex: their analytic signal, without negative frequencies.",
    ),
]
FirstSampleOption = Annotated[int, typer.Option(help="Of a recording: where to start.")]
CountOption = Annotated[
    int | None, typer.Option(help="Of a recording: how many samples. Default: up to its end.")
]
SamplesPerSymbolOption = Annotated[
    float | None,
    typer.Option("--samples-per-symbol", help="Where the source states none, such as 8 or 4.5."),
]
BandOption = Annotated[
    str | None,
    typer.Option(
        "--band",
        metavar="LOW:HIGH",
        help="Of a recording: this band alone, in Hz from its centre, or at radio frequency where "
        "the file states its centre and the band lies there; such as -20e3:15e3 or 433.9M:434M.",
    ),
]
