"""The commands synth, show and plot. Parse, one call, print."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer
from rfmae_cli import console, show_view
from rfmae_cli.options import (
    HOME,
    AnalyticOption,
    BandOption,
    ChannelOption,
    CountOption,
    DtypeOption,
    FirstSampleOption,
    JsonOption,
    OutOption,
    RateOption,
    RecipeOption,
    SamplesPerSymbolOption,
    WorkersOption,
)
from rfmae_cli.words import names, one_of


def synth(
    recipe: RecipeOption = "awgn-ten",
    snr: Annotated[
        str | None,
        typer.Option(help="SNR grid in dB, start:stop[:step], such as -10:10 or -10:-1,1:10."),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the recipe's seed.")] = None,
    out: OutOption = None,
    form: Annotated[
        str, typer.Option("--format", help="hdf5 to train on, or sigmf for other programs.")
    ] = "hdf5",
    workers: WorkersOption = 1,
    backend: Annotated[
        str | None,
        typer.Option(help="Backend of the workers: a joblib backend such as loky, dask or ray."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Address of a Dask scheduler, such as tcp://host:8786."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Synthesise a recipe into a data set. ASK is unipolar, PAM bipolar.

    Example: rfmae synth --recipe awgn-ten --snr -10:10:5 --workers 4 --out my/data
    """
    from rfmae.datasets.recipe import load_recipe
    from rfmae.workflows import data as data_jobs

    resolved = load_recipe(recipe)
    if snr is not None:
        resolved = resolved.with_snr(snr)
    if seed is not None:
        resolved = resolved.with_seed(seed)
    folder = out or HOME / "datasets" / resolved.folder_name
    made = data_jobs.synth(
        resolved,
        folder,
        workers=workers,
        backend=backend,
        scheduler=scheduler,
        form=one_of("--format", form, ("hdf5", "sigmf")),
        progress=console.ShownProgress(),
    )
    print_dataset(made, folder, as_json)


def show(
    path: Annotated[
        Path,
        typer.Argument(
            help="Folder with a card, such as a run; a recording; a file of a public data set."
        ),
    ],
    dtype: DtypeOption = None,
    rate: RateOption = None,
    first_sample: FirstSampleOption = 0,
    count: CountOption = None,
    channel: ChannelOption = None,
    analytic: AnalyticOption = False,
    band: BandOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an artefact or a recording, with a sketch of its constellation or its curves.

    Of a recording the loudest stretch is sketched.

    Example: rfmae show my/data

    Example: rfmae show artifacts/runs/my-run

    Example: rfmae show capture.bin --dtype ci16_le --rate 1e6
    """
    from rfmae.captures.read_options import ReadOptions
    from rfmae.workflows.inspect import inspecting
    from rfmae.workflows.inspect.bands import parse_band

    read_options = ReadOptions(dtype, rate, first_sample, count, channel, analytic)
    found = inspecting.show(path, read_options, None if band is None else parse_band(band))
    if as_json:
        console.say_json(found.facts)
    else:
        show_view.print_facts(found.facts, found.caption, found.sketch, found.plain)


def plot(
    source: Annotated[Path, typer.Argument(help="Data set folder, recording or run.")],
    what: Annotated[
        str | None,
        typer.Option(
            help="constellation (the default), trajectory, eye, psd, spectrogram, several, or all."
        ),
    ] = None,
    image: Annotated[
        bool,
        typer.Option("--image", help="The image that a network sees, beside a constellation plot."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A .png or .svg. Default: named in artifacts/figures."),
    ] = None,
    split: Annotated[str, typer.Option(help="Of a data set: train, validation or test.")] = "test",
    label: Annotated[str, typer.Option("--class", help="Of a data set: only this class.")] = "",
    at_snr: Annotated[
        float | None, typer.Option(help="Of a data set: only this SNR, in dB.")
    ] = None,
    row: Annotated[
        int, typer.Option(min=0, help="Of a data set: number of the matching example.")
    ] = 0,
    dtype: DtypeOption = None,
    rate: RateOption = None,
    first_sample: FirstSampleOption = 0,
    count: CountOption = None,
    channel: ChannelOption = None,
    analytic: AnalyticOption = False,
    band: BandOption = None,
    samples_per_symbol: SamplesPerSymbolOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw an example of a data set, a recording, or the curves of a run.

    Example: rfmae plot my/data --what constellation,psd --class QPSK --at-snr 10 --out qpsk.png

    Example: rfmae plot my/data --image --class 16QAM --at-snr 10

    Example: rfmae plot capture.bin --dtype ci16_le --rate 1e6 --what spectrogram

    Example: rfmae plot artifacts/runs/my-run --out curves.svg
    """
    from rfmae.captures.read_options import ReadOptions
    from rfmae.workflows.inspect.bands import parse_band
    from rfmae.workflows.inspect.selection import Choice

    options: dict[str, Any] = {
        "choice": Choice(split, row, label, _snr_point(at_snr)),
        "read_options": ReadOptions(dtype, rate, first_sample, count, channel, analytic),
        "samples_per_symbol": samples_per_symbol,
        "band": None if band is None else parse_band(band),
    }
    drawn = _draw(source, out, what, image, options)
    if as_json:
        console.say_json(drawn)
    else:
        console.say(f"{drawn['title']}: {'; '.join(drawn['pictures'])} in {drawn['figure']}")


def _draw(
    source: Path, out: Path | None, what: str | None, image: bool, options: dict[str, Any]
) -> dict[str, Any]:
    """The curves of a run, the image of a network, or the named plots."""
    from rfmae.errors import ArtefactError
    from rfmae.workflows.inspect import plotting as jobs
    from rfmae.workflows.inspect.runs import is_run

    if image and what is not None:
        raise ArtefactError(f"--image is a separate figure, but --what {what} was given, too")
    if is_run(source):
        _refuse_choices_of_a_run(source, what, image, options)
        return jobs.plot_run(source, out or _figure(source, "curves"))
    kinds = ("image",) if image else names("constellation" if what is None else what)
    figure = out or _figure(source, *kinds)
    if image:
        return jobs.plot_image(source, figure, **options)
    return jobs.plot(source, figure, what=kinds, **options)


def _figure(source: Path, *kinds: str) -> Path:
    return HOME / "figures" / f"{source.resolve().stem}-{'-'.join(kinds)}.png"


_NOT_OF_RUNS = ("samples_per_symbol", "band")


def _refuse_choices_of_a_run(
    source: Path, what: str | None, image: bool, options: dict[str, Any]
) -> None:
    """A run has one figure, of all its metrics."""
    from rfmae.errors import ArtefactError
    from rfmae.workflows.inspect.selection import FIRST, WHOLE

    choice, read_options = options["choice"], options["read_options"]
    chosen = not choice.is_open or choice.split != FIRST.split
    if (
        what
        or image
        or chosen
        or read_options != WHOLE
        or any(options[name] for name in _NOT_OF_RUNS)
    ):
        raise ArtefactError(
            f"{source} is a run, whose curves are drawn whole; it takes only the options --out and "
            "--json"
        )


def print_dataset(made: Any, folder: Path, as_json: bool) -> None:
    """The size and the path of a data set."""
    if as_json:
        console.say_json({"folder": str(folder), **made.card})
        return
    counts = ", ".join(f"{count} {split}" for split, count in made.card["examples"].items())
    console.say(f"{made.card['name']}: {counts} examples in {folder}")


def _snr_point(at_snr: float | None) -> float:
    """The SNR to choose, nan for any; what is no number of dB is refused."""
    from rfmae.errors import UnitError

    if at_snr is not None and not math.isfinite(at_snr):
        raise UnitError(f"--at-snr takes a number of dB, got {at_snr:g}")
    return math.nan if at_snr is None else at_snr
