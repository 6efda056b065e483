"""The jobs of the command line as functions, for scripts and notebooks.

`synthesise`, `pretrain`, `finetune`, `evaluate`, `transfer` and `plot` are attributes
of `rfmae` itself. Folders that are not named lie in `artifacts`, as those of the command line do.
What a caller gets wrong raises `rfmae.errors.RfmaeError` in one line that names the way out.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rfmae.artefacts import HOME
from rfmae.configuration.files import over_file, take_model
from rfmae.datasets.recipe import Recipe, Splits, load_recipe
from rfmae.datasets.store import Dataset, open_dataset
from rfmae.errors import CheckpointError, RecipeError
from rfmae.reporting.report_record import Report
from rfmae.workflows import data as data_jobs
from rfmae.workflows.evaluate.predictors import model_names
from rfmae.workflows.evaluate.snr_evaluation import eval_snr
from rfmae.workflows.evaluate.transferring import dataset_names
from rfmae.workflows.evaluate.transferring import transfer as transfer_models
from rfmae.workflows.inspect.plotting import plot as plot_source
from rfmae.workflows.learning import finetuning, training

PathLike = str | Path


def synthesise(
    recipe: Recipe | PathLike = "awgn-ten",
    out: PathLike | None = None,
    *,
    snr: str | float | None = None,
    examples: tuple[int, int, int] | None = None,
    seed: int | None = None,
    workers: int = 1,
) -> Dataset:
    """Synthesise a recipe into a data set folder; one that holds the same is kept.

    Args:
        recipe: Name of a recipe that comes with rfmae, a TOML file, or a `Recipe`.
        out: Folder to write, by default one in `artifacts/datasets` named by recipe and content.
        snr: SNR grid in dB instead of the recipe's, `start:stop[:step]` with both ends, or a point.
        examples: Training, validation and test examples of each class and SNR point.
        seed: Seed instead of the recipe's.
        workers: Processes; the bytes do not depend on it.

    Returns:
        The data set; `read_observed("train").iq` is complex64 (N, T) of unit mean power.

    Raises:
        RecipeError: A recipe, key or grid that does not exist or makes no sense.
        ArtefactError: `out` holds something else.

    Examples:
        >>> data = synthesise("sdr-linear", "data", snr="20", examples=(6, 2, 2))
        >>> data.read_observed("test").iq.shape
        (14, 1024)
        >>> data.classes[:3]
        ('OOK', 'BPSK', 'QPSK')
    """
    resolved = recipe if isinstance(recipe, Recipe) else load_recipe(str(recipe))
    if snr is not None:
        resolved = resolved.with_snr(snr if isinstance(snr, str) else f"{snr:g}")
    if seed is not None:
        resolved = resolved.with_seed(seed)
    if examples is not None:
        if len(examples) != 3:
            raise RecipeError(
                "examples are three numbers, for training, validation and test, got "
                f"{len(examples)}; write (60, 10, 40)"
            )
        resolved = replace(resolved, splits=Splits(*examples))
    folder = Path(out) if out is not None else HOME / "datasets" / resolved.folder_name
    return data_jobs.synth(resolved, folder, workers=workers)


def pretrain(
    data: Dataset | PathLike,
    out: PathLike | None = None,
    *,
    model: PathLike | None = None,
    network: str | None = None,
    method: str | None = None,
    preset: str | None = None,
    epochs: int | None = None,
    modalities: Sequence[str] | None = None,
    seed: int | None = None,
    config: PathLike | None = None,
    resume: bool = False,
    device: str = "auto",
    **switches: Any,
) -> Path:
    """Pre-train DenoMAE2.0 (arXiv 2502.18202), or a relative, on noisy and clean examples.

    Args:
        data: A data set or its folder. Where it has no clean twins the target is each example as it
            is, seen behind more noise (`added_noise="0:10"`, in dB below it).
        out: Run folder, by default one in `artifacts/runs`.
        model: Pre-trained checkpoint or run that goes on, on other data.
        network: `rings` (circular harmonics), `vit` (square patches); None chooses rings where
            the carrier phase is unknown.
        method: Such as `denomae2` (the default), `mae` or `denoiser`; see docs/settings.md.
        preset: Size: `tiny`, `small` (the default) or `base`.
        epochs: Passes over the training split, by default 50.
        modalities: What the network sees, such as `["harmonics", "snr"]`; None takes its own.
        seed: Of weights, masks and order, by default 0.
        config: TOML file of settings, or a run to take them from; arguments have precedence.
        resume: Go on with a run that was stopped.
        device: `auto`, `cpu`, `cuda`, …
        **switches: Further settings of docs/settings.md, with two underscores for a dot:
            `batch_size=128`, `masking__ratio=0.5`, `position__weight=0.01`.

    Returns:
        The checkpoint that is best on validation, for `load_encoder`, `load_denoiser`, `finetune`.

    Raises:
        CheckpointError: A model whose inputs the data set does not have.
        RecipeError: A setting that the network does not have.
        TrainingError: An unknown setting, or a value of another type or out of range.

    Examples:
        >>> data = synthesise("sdr-linear", "data", snr="20", examples=(6, 2, 2))
        >>> checkpoint = pretrain(data, "pretrained", preset="tiny", epochs=1, device="cpu")
        >>> load_encoder(checkpoint)(data.read_observed("test").iq).shape
        (14, 128)
    """
    dataset = _dataset(data)
    table = _table(
        config,
        "pretrain",
        preset=preset,
        epochs=epochs,
        seed=seed,
        network=network,
        method=method,
        modalities=_names(modalities),
        **switches,
    )
    chosen = take_model(table, model)
    settings = training.pretraining_of(table, dataset, with_model=chosen is not None)
    name = f"pretrain-{dataset.folder.name}-{settings.network}-{settings.preset}"
    folder = _run(out, name if chosen is None else f"{name}-from-{chosen.resolve().name}")
    return training.pretrain(dataset, settings, folder, model=chosen, resume=resume, device=device)


def finetune(
    data: Dataset | PathLike,
    model: PathLike | None = None,
    out: PathLike | None = None,
    *,
    network: str | None = None,
    labels_per_class: int | None = None,
    epochs: int | None = None,
    preset: str | None = None,
    modalities: Sequence[str] | None = None,
    seed: int | None = None,
    config: PathLike | None = None,
    resume: bool = False,
    device: str = "auto",
    **settings: Any,
) -> Path:
    """Fine-tune a modulation classifier, from a pre-trained encoder or from scratch.

    Args:
        data: A data set or its folder.
        model: Checkpoint or run of a pre-training; None trains from scratch.
        out: Run folder, by default one in `artifacts/runs`.
        network: Of a classifier from scratch: `rings`, `vit`, `cnn`, `resnet`,
            `lstm`, or `package.module:Class`, a network of your own; None is vit.
        labels_per_class: Training labels of each class; None takes all.
        epochs: Passes over the labels, by default 30.
        preset: Size from scratch: `tiny`, `small` (the default) or `base`.
        modalities: What the network sees; None takes its own.
        seed: Of weights, order and which labels are taken, by default 0.
        config: TOML file of settings, or a run to take them from; arguments have precedence.
        resume: Go on with a run that was stopped.
        device: `auto`, `cpu`, `cuda`, …
        **settings: Further settings of docs/settings.md, such as `batch_size=64`.

    Returns:
        The checkpoint that is best on validation, its temperature fitted, for `load_classifier`,
        `evaluate` and `classify`.

    Raises:
        CheckpointError: A model that cannot see these data.
        TrainingError: An unknown setting, one out of range, or two that contradict each other.

    Examples:
        >>> data = synthesise("sdr-linear", "data", snr="20", examples=(6, 2, 2))
        >>> checkpoint = finetune(data, out="cnn", network="cnn", epochs=1, device="cpu")
        >>> load_classifier(checkpoint)(data.read_observed("test").iq).shape
        (14, 7)
    """
    dataset = _dataset(data)
    table = _table(
        config,
        "finetune",
        preset=preset,
        labels_per_class=labels_per_class,
        epochs=epochs,
        seed=seed,
        modalities=_names(modalities),
        network=network,
        **settings,
    )
    pretrained = take_model(table, model)
    chosen = finetuning.finetuning_of(table)
    kind = (chosen.network or "vit").replace(":", ".")
    start = "finetune" if pretrained is not None else f"scratch-{kind}"
    return finetuning.finetune(
        dataset,
        chosen,
        _run(out, f"{start}-{dataset.folder.name}-{chosen.preset}"),
        pretrained=pretrained,
        resume=resume,
        device=device,
    )


def evaluate(
    data: Dataset | PathLike,
    models: PathLike | Sequence[PathLike],
    out: PathLike | None = None,
    *,
    per_point: int | None = None,
    renormalise: bool = False,
    device: str = "auto",
) -> Report:
    """Evaluate classifiers at every SNR of the test split, beside the Bayes ceilings.

    Classes match by name; a model of other classes is evaluated on those that it knows.

    Args:
        data: A data set or its folder.
        models: Checkpoints, runs, baselines, `likelihood`, or `package.module:function`.
        out: Report folder, by default one in `artifacts/reports`.
        per_point: First test examples of each class and SNR point; None takes all.
        renormalise: Limit the answers of a model to the classes that the data set holds; by
            default they are over its whole list.
        device: `auto`, `cpu`, `cuda`, …

    Returns:
        The report: `accuracy` by model, `ceilings`, `assessments`, `comparisons`. The folder has
        it as `report.html`, `report.json` and CSV.

    Raises:
        CheckpointError: A model that has no class in common with the data.

    Examples:
        >>> data = synthesise("sdr-linear", "data", snr="20", examples=(6, 2, 4))
        >>> report = evaluate(data, "likelihood", "report")
        >>> report.accuracy["likelihood"].accuracy > 0.9
        True
    """
    dataset = _dataset(data)
    paths = [Path(model) for model in ([models] if isinstance(models, str | Path) else models)]
    if not paths:
        raise CheckpointError("evaluate needs at least one model, got none; name a checkpoint")
    names = model_names(paths)
    home = HOME / "reports" / "-".join(["eval-snr", dataset.folder.name, *names])
    folder = home if out is None else Path(out)
    by_name = dict(zip(names, paths, strict=True))
    return eval_snr(
        dataset, by_name, folder, per_point=per_point, renormalised=renormalise, device=device
    ).report


def transfer(
    models: PathLike | Sequence[PathLike],
    data: Dataset | PathLike | Sequence[Dataset | PathLike],
    out: PathLike | None = None,
    *,
    robustness: str | Sequence[str] = (),
    per_point: int | None = None,
    renormalise: bool = False,
    device: str = "auto",
) -> Report:
    """Evaluate classifiers on several data sets, and what each loses against its own.

    Args:
        models: Checkpoints, runs, baselines, `likelihood`, or `package.module:function`.
        data: Data sets or their folders; classes match by name.
        out: Report folder, by default one in `artifacts/reports`.
        robustness: Grids to measure, too, on each data set that has them, such as
            `carrier-offset`, `sample-rate`, `rolloff`, `gain`, `length`, or `all`.
        per_point: First test examples of each class and SNR point; None takes all.
        renormalise: Limit the answers of a model to the classes that a data set holds.
        device: `auto`, `cpu`, `cuda`, …

    Returns:
        The report; `transfer.cells` are one for each data set and model, with `accuracy`, the
        matched classes, and the `drop` from home where the data set of the training is at hand.

    Raises:
        CheckpointError: No pair with a class in common.
        DatasetError: A grid that does not exist.

    Examples:
        >>> data = synthesise("sdr-linear", "data", snr="20", examples=(6, 2, 4))
        >>> louder = synthesise("sdr-linear", "louder", snr="30", examples=(6, 2, 4))
        >>> model = finetune(data, out="rings", network="rings", epochs=1, device="cpu")
        >>> home, elsewhere = transfer(model, [data, louder], "report").transfer.cells
        >>> home.is_home, elsewhere.drop.home == home.accuracy
        (True, True)
    """
    paths = [Path(model) for model in ([models] if isinstance(models, str | Path) else models)]
    given = [data] if isinstance(data, Dataset | str | Path) else list(data)
    if not paths or not given:
        raise CheckpointError("transfer needs at least one model and one data set; name them")
    datasets = [_dataset(item) for item in given]
    names, sets = model_names(paths), dataset_names([item.folder for item in datasets])
    default = HOME / "reports" / "-".join(["transfer", *names, "to", *sets])
    return transfer_models(
        dict(zip(sets, datasets, strict=True)),
        dict(zip(names, paths, strict=True)),
        default if out is None else Path(out),
        per_point=per_point,
        renormalised=renormalise,
        robustness=_names(robustness) or (),
        home=HOME / "datasets",
        device=device,
    ).report


def plot(
    source: PathLike, out: PathLike = "figure.png", *, what: Sequence[str] = ("constellation",)
) -> Path:
    """Draw an example of a data set folder, or a recording, into a PNG or SVG.

    Args:
        source: Data set folder or recording.
        out: File to write; its suffix chooses the format.
        what: Such as `constellation`, `eye`, `psd`, `spectrogram`, or `all`.

    Returns:
        The file that was written.

    Raises:
        ArtefactError: A plot or a suffix that does not exist.

    Examples:
        >>> data = synthesise("sdr-linear", "data", snr="20", examples=(6, 2, 2))
        >>> plot(data.folder, "example.png").name
        'example.png'
    """
    plot_source(Path(source), Path(out), what=_names(what) or ())
    return Path(out)


def _names(given: str | Sequence[str] | None) -> tuple[str, ...] | None:
    """A list of names; a single one may stand alone."""
    if given is None:
        return None
    return (given,) if isinstance(given, str) else tuple(given)


def _table(config: PathLike | None, stage: str, **given: Any) -> dict[str, Any]:
    """A nested table of settings: those of a file, and those given over them.

    Two underscores stand for the dot of a setting within another: `masking__ratio`.
    """
    table: dict[str, Any] = {}
    for name, value in given.items():
        group, _, inner = name.rpartition("__")
        if value is not None:
            (table.setdefault(group, {}) if group else table)[inner] = value
    return over_file(config, stage, table)


def _dataset(data: Dataset | PathLike) -> Dataset:
    return data if isinstance(data, Dataset) else open_dataset(Path(data))


def _run(out: PathLike | None, name: str) -> Path:
    return HOME / "runs" / name if out is None else Path(out)
