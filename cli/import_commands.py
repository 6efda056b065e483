"""The commands import and image: data sets of others, and how networks see them."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rfmae_cli import console
from rfmae_cli.data_commands import print_dataset
from rfmae_cli.options import (
    HOME,
    AnalyticOption,
    ChannelOption,
    DtypeOption,
    JsonOption,
    OutOption,
    RateOption,
    SamplesPerSymbolOption,
    SeedOption,
)
from rfmae_cli.words import names, numbers

ImageOption = Annotated[
    str | None,
    typer.Option(
        "--image",
        help="Render images as this recipe does, such as radio-24 or a TOML file. Default: "
        "the trajectory in three kernels, 224 pixels.",
    ),
]
ImageSizeOption = Annotated[
    int | None, typer.Option(help="Pixels on a side of an image, such as 64.")
]
PlanesOption = Annotated[
    str | None,
    typer.Option(
        help="Planes of the image, such as trajectory:counts, with commas between: what is shown, "
        "and @ a lag, how it is rendered, and the half-width of a kernel, with colons between.",
    ),
]
AnyPhaseOption = Annotated[
    bool | None,
    typer.Option(
        "--any-phase/--known-phase",
        help="Every carrier phase is equally likely, so training may turn examples; so it is by "
        "default with recordings.",
    ),
]


def import_data(
    source: Annotated[Path, typer.Argument(help="A file or folder with examples or recordings.")],
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="auto, radioml-2016, radioml-2018, hisarmod, recordings or arrays (npy, npz, "
            "mat, HDF5, pickle, pt).",
        ),
    ] = "auto",
    axes: Annotated[
        str | None,
        typer.Option(
            help="Axes of the I/Q where its sizes leave several readings: N examples, T samples, 2 "
            "I and Q, AP amplitude and phase, 1; such as N,2,T."
        ),
    ] = None,
    iq_key: Annotated[str | None, typer.Option(help="Array of the I/Q, such as train/X.")] = None,
    label_key: Annotated[str | None, typer.Option(help="Array of the labels.")] = None,
    snr_key: Annotated[str | None, typer.Option(help="Array of the SNRs in dB.")] = None,
    label_file: Annotated[
        Path | None, typer.Option(help="Labels beside the array: csv, txt, npy or json.")
    ] = None,
    snr_file: Annotated[
        Path | None, typer.Option(help="SNR in dB of each row of an array.")
    ] = None,
    first_label: Annotated[
        int | None,
        typer.Option(help="What labels that are numbers begin with: 0 or 1."),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            help="Names of the labels 0, 1, …, such as BPSK,QPSK; of named labels, those to keep."
        ),
    ] = None,
    merge: Annotated[
        list[str] | None,
        typer.Option(help="A class made of others, such as 16QAM=QAM16,qam16; may be repeated."),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(help="Cut recordings and long rows into examples of so many samples."),
    ] = None,
    hop: Annotated[
        int | None, typer.Option(help="Samples from one such example to the next. Default: all.")
    ] = None,
    test: Annotated[
        Path | None, typer.Option(help="A file or folder that is the test split, of the same kind.")
    ] = None,
    validation: Annotated[
        Path | None, typer.Option(help="A file or folder that is the validation split.")
    ] = None,
    dtype: DtypeOption = None,
    rate: RateOption = None,
    channel: ChannelOption = None,
    analytic: AnalyticOption = False,
    drop_bad_rows: Annotated[
        bool, typer.Option("--drop-bad-rows", help="Leave out rows with NaN or infinite samples.")
    ] = False,
    shares: Annotated[
        str, typer.Option(help="Of the examples, to train, validate and test with.")
    ] = "0.8,0.1,0.1",
    seed: SeedOption = 0,
    samples_per_symbol: SamplesPerSymbolOption = None,
    image_of: ImageOption = None,
    image_size: ImageSizeOption = None,
    planes: PlanesOption = None,
    any_phase: AnyPhaseOption = None,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import recordings, arrays or a public data set: RadioML 2016 and 2018, HisarMod 2019.

    Floats are kept unchanged and whole numbers scaled to ±1; what was understood is said first.
    Examples are divided into splits by class and SNR, recordings so that no splits share samples;
    splits that a set has are kept.

    Example: rfmae import folder-of-class-folders --samples 1024 --out my/data

    Example: rfmae import mine.npz --classes BPSK,QPSK --out my/data

    Example: rfmae import RML2016.10a_dict.pkl --shares 0.8,0.1,0.1 --out my/radioml
    """
    from rfmae.captures.read_options import ReadOptions
    from rfmae.imports.arrays.array_source import ArrayOptions
    from rfmae.imports.arrays.axes import parse_axes
    from rfmae.imports.class_choice import parse_merge
    from rfmae.imports.import_plan import Appearance
    from rfmae.imports.opening import SourceOptions
    from rfmae.workflows import importing as importing_jobs

    arrays = ArrayOptions(
        labels=label_file,
        snr=snr_file,
        classes=names(classes or ""),
        axes=parse_axes(axes) if axes is not None else None,
        iq_key=iq_key,
        label_key=label_key,
        snr_key=snr_key,
        first_label=first_label,
    )
    own = {"validation": validation, "test": test}
    made = importing_jobs.import_dataset(
        source,
        out,
        HOME / "datasets",
        form=form,
        options=SourceOptions(
            arrays=arrays,
            reading=ReadOptions(dtype, rate, channel=channel, analytic=analytic),
            samples=samples,
            hop=hop,
            own={split: path for split, path in own.items() if path is not None},
            merges=tuple(parse_merge(text) for text in merge or ()),
        ),
        drop_bad_rows=drop_bad_rows,
        shares=numbers("--shares", shares, 3),
        seed=seed,
        samples_per_symbol=samples_per_symbol,
        looks=Appearance(_image(image_of, image_size, planes, None), any_phase),
        progress=console.ShownProgress(),
    )
    print_dataset(made, made.folder, as_json)


def image(
    data: Annotated[Path, typer.Argument(help="Folder of an imported data set.")],
    image_of: ImageOption = None,
    image_size: ImageSizeOption = None,
    planes: PlanesOption = None,
    any_phase: AnyPhaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change how networks see an imported data set; its I/Q stays as it is.

    Models that were trained before keep the images that they were trained on.

    Example: rfmae image my/data --image-size 64 --planes trajectory:decay:25 --any-phase
    """
    from rfmae.datasets.store import open_dataset
    from rfmae.workflows import importing as importing_jobs

    opened = open_dataset(data)
    wanted = _image(image_of, image_size, planes, opened.image)
    changed = importing_jobs.change_image(opened, wanted, any_phase)
    if as_json:
        console.say_json({"folder": str(data), "image": changed.card["image"]})
        return
    console.say(f"{data}: {changed.image.size} pixels, {'; '.join(map(str, changed.image.planes))}")


def _image(recipe: str | None, size: int | None, planes: str | None, today: Any) -> Any:
    """The image settings of the options; those of today where none is given."""
    from dataclasses import replace

    from rfmae.datasets.recipe import load_recipe
    from rfmae.records import TRAJECTORY_PLANES, ImageConfig, parse_planes

    given = today if recipe is None else load_recipe(recipe).image
    if size is not None:
        given = replace(given or ImageConfig(planes=TRAJECTORY_PLANES), size=size)
    if planes is not None:
        given = replace(given or ImageConfig(), planes=parse_planes(planes))
    return given
