"""Settings of training runs: how a run computes, and what is pre-trained or fine-tuned."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from rfmae.configuration.augmentation import Augmentation
from rfmae.configuration.declared import check_settings, setting
from rfmae.configuration.methods import Method, method_table
from rfmae.errors import TrainingError

Precision = Literal["auto", "float32", "bfloat16"]
Compile = Literal["auto", "on", "off"]
Head = Literal["preset", "linear", "paper"]
"""Of a classifier: the preset's own, one linear layer, or that of DenoMAE2.0 with 512-256 units."""

LABEL_BUDGETS = ("labels", "labels_per_class", "labels_per_class_and_snr")
"""The settings for a number of labels, of which one may be given."""

_RUN = "How it runs"
_NETWORK = "The network"
_EXAMPLES = "The examples"
_LEARNING = "How it learns"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """How a run computes, validates and ends, whatever it trains."""

    precision: Precision = setting(
        "auto",
        "Of matrix products: float32 or bfloat16; auto measures which is faster.",
        panel=_RUN,
    )
    accumulate: int = setting(1, "Pieces of a batch, one after the other.", least=1, panel=_RUN)
    ema: float | None = setting(
        None,
        "Average the weights with this decay per step, such as 0.999.",
        least=0,
        below=1,
        panel=_RUN,
        unset="not averaged",
    )
    gradient_clip: float | None = setting(
        1.0, "Largest norm of the gradients; 0 does not clip.", least=0, option="clip", panel=_RUN
    )
    compile: Compile = setting(
        "auto", "torch.compile: on, off, or auto, which is on where there is a GPU.", panel=_RUN
    )
    shard_weights: bool = setting(
        False,
        "Under torchrun: divide the weights, too (FSDP).",
        option="shard-weights/whole-weights",
        panel=_RUN,
    )
    validations: int = setting(
        8, "Number of validations, evenly spaced, each with a checkpoint.", least=1, panel=_RUN
    )
    patience: int | None = setting(
        None,
        "Stop after so many validations without a better score.",
        least=1,
        panel=_RUN,
        unset="to the last step",
    )

    def __post_init__(self) -> None:
        check_settings(self, TrainingError)
        if self.gradient_clip == 0:
            object.__setattr__(self, "gradient_clip", None)
        if self.compile == "on" and self.shard_weights:
            raise TrainingError("sharded weights are not compiled; leave out one of the two")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings(Running):
    """What pre-training and fine-tuning share: size, inputs, duration and seed."""

    preset: str = setting("small", "Size of the network: tiny, small or base.")
    epochs: int = setting(50, "Passes over the training examples.", least=1)
    batch_size: int | None = setting(
        None,
        "Examples per step, of all processes together.",
        least=1,
        option="batch",
        unset="the network's own",
    )
    learning_rate: float | None = setting(None, "At the peak.", above=0, unset="the network's own")
    endless: bool = setting(
        False,
        "Synthesise new examples all the time, by the recipe of --data.",
        option="endless/stored",
    )
    seed: int = setting(0, "Seed of every random draw.", least=0)
    network: str | None = setting(
        None, "rings, of phase-invariant circular harmonics; vit, of square patches."
    )
    modalities: tuple[str, ...] | None = setting(
        None,
        "Inputs, such as image,signal.",
        panel=_NETWORK,
        unset="those that the data set lists",
    )
    image_size: int | None = setting(
        None,
        "Render images at this size; positions of a pre-trained encoder are interpolated.",
        unit="pixels",
        least=24,
        most=4096,
        panel=_NETWORK,
        unset="that of the data set, or of the model",
    )
    patch: int | None = setting(
        None,
        "Side of an image patch.",
        unit="pixels",
        least=1,
        panel=_NETWORK,
        unset="16, or 8 on small images",
    )

    def __post_init__(self) -> None:
        Running.__post_init__(self)
        if self.network is not None and not self.network.strip():
            raise TrainingError("network names one, got nothing; leave it out for the default")
        _check_modalities(self.modalities)


def _check_modalities(names: tuple[str, ...] | None) -> None:
    """Refuse an empty list, and a name twice."""
    if names is not None and (not names or len({*names}) < len(names)):
        raise TrainingError(
            f"modalities are one or more different names, got {', '.join(names) or 'none'}; "
            "write image,signal, or leave them out"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pretraining(TrainingSettings):
    """Settings of pre-training.

    `endless` examples are synthesised during training, as many as the epochs of the data set
    have. Without a `method` it is DenoMAE2.0 as it fits the network.
    """

    network: str | None = setting(
        None,
        "rings, of phase-invariant circular harmonics; vit, of square patches.",
        unset="rings where the phase is unknown, else vit",
    )
    added_noise: str | None = setting(
        None,
        "Recordings, which have no clean twins: add noise to the input, so many dB below it, such "
        "as 5 or 0:10, and predict the recording as it is.",
        panel=_EXAMPLES,
        unset="0:10 where the target is clean and there are no twins",
    )
    method: Method | None = None

    def __post_init__(self) -> None:
        TrainingSettings.__post_init__(self)
        if self.network == "auto":
            object.__setattr__(self, "network", None)

    def table(self) -> dict[str, Any]:
        """The settings as plain data, to be read again by `pretraining_of`."""
        found = asdict(self)
        del found["method"]
        return {**found, **(method_table(self.method) if self.method else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finetuning(TrainingSettings):
    """Settings of the fine-tuning of a classifier; `labels` None means all.

    The preset decides the size of an encoder from scratch; a pre-trained one has its own. Another
    `network` than vit and rings is always from scratch. `endless` examples are synthesised during
    training, as many as the epochs of the data set have.

    A pre-trained encoder with stored labels starts `from_probe`: its head is the linear probe, its
    learning rate is low, the lower the fewer labels there are, and at the end validation decides
    how much of the update is kept (see `rfmae.training.head_start`).
    """

    epochs: int = setting(30, "Passes over the labelled examples.", least=1)
    batch_size: int = setting(
        32, "Examples per step, of all processes together.", least=1, option="batch"
    )
    learning_rate: float | None = setting(
        None,
        "At the peak.",
        above=0,
        unset="the network's own; from a probe 1e-4 up to 50 labels of a class, 5e-4 up to 500, "
        "then 2e-3",
    )
    network: str | None = setting(
        None,
        "vit or rings; from scratch also cnn (of the image), resnet or lstm (of the signal), or "
        "package.module:Class, a network of your own.",
        panel=_NETWORK,
        unset="that of the model, or vit",
    )
    modalities: tuple[str, ...] | None = setting(
        None,
        "image, signal, or both; in addition snr, an estimate of the SNR (also for cnn and rings).",
        panel=_NETWORK,
        unset="those of the data set, or the one input of the network",
    )
    patch: int | None = setting(
        None,
        "From scratch: side of an image patch.",
        unit="pixels",
        least=1,
        panel=_NETWORK,
        unset="16, or 8 on small images",
    )
    head: Head | None = setting(
        None,
        "preset, linear, or paper: 512 and 256 units as in DenoMAE2.0.",
        panel=_NETWORK,
        unset="linear on a pre-trained encoder, else preset",
    )
    scaled: bool = setting(
        True,
        "From scratch: standardise each plane of the input.",
        option="scaled/unscaled",
        panel=_NETWORK,
    )
    labels: int | None = setting(
        None,
        "Labelled examples of all classes together; 0 takes all.",
        least=0,
        panel=_EXAMPLES,
        unset="all",
    )
    labels_per_class: int | None = setting(
        None,
        "Labelled examples of each class, instead of --labels.",
        least=1,
        panel=_EXAMPLES,
        unset="all",
    )
    labels_per_class_and_snr: int | None = setting(
        None,
        "Labelled examples of each class at each SNR point, instead of --labels.",
        least=1,
        panel=_EXAMPLES,
        unset="all",
    )
    balanced: bool = setting(
        False,
        "Batches with every class equally often.",
        option="balanced/as-they-are",
        panel=_EXAMPLES,
    )
    augmentation: Augmentation = setting(
        about="Augment examples: phase, carrier, timing, gain, noise, or some of them; with the "
        "largest change, such as phase, carrier=2e-4, noise=3 (turns, turns per symbol, symbols, "
        "dB, dB of SNR less).",
        factory=Augmentation,
        option="augment",
        panel=_EXAMPLES,
        unset="none",
    )
    from_probe: bool | None = setting(
        None,
        "Start with the linear probe as head and keep as much of the update as validation selects.",
        option="from-probe/from-random-head",
        panel=_LEARNING,
        unset="with a model and stored labels",
    )
    frozen: bool = setting(
        False, "Train the head alone.", option="frozen/whole-network", panel=_LEARNING
    )
    layer_decay: float = setting(
        1.0,
        "Learning rate of a block over that of the block above it.",
        above=0,
        most=1,
        panel=_LEARNING,
    )
    drop_path: float = setting(
        0.0,
        "Share of the examples that skip a branch of the last block, such as 0.1.",
        least=0,
        below=1,
        panel=_LEARNING,
    )

    def __post_init__(self) -> None:
        TrainingSettings.__post_init__(self)
        if self.labels == 0:
            object.__setattr__(self, "labels", None)
        budgets = [name for name in LABEL_BUDGETS if getattr(self, name) is not None]
        if len(budgets) > 1:
            raise TrainingError(f"{' and '.join(budgets)} are given; leave out all but one")
        if self.endless and budgets:
            raise TrainingError(
                f"endless examples have their own labels, but {budgets[0]} of the stored ones were "
                "requested; leave out one of the two"
            )
        if self.endless and self.balanced:
            raise TrainingError(
                "endless examples are of every class equally often; leave out balanced"
            )
        if self.from_probe and (self.endless or self.head not in (None, "linear")):
            raise TrainingError(
                "a start from the probe needs stored labels and a linear head, got "
                f"{'endless examples' if self.endless else f'head {self.head}'}; leave out one"
            )

    def table(self) -> dict[str, Any]:
        """The settings as plain data, to be read again by `finetuning_of`."""
        return asdict(self)

    def begins_as_probe(self, *, pretrained: bool) -> bool:
        """Whether the head is that of a linear probe at the first step."""
        if self.from_probe is None:
            return pretrained and not self.endless and self.head in (None, "linear")
        return self.from_probe

    def head_of(self, *, pretrained: bool) -> Head:
        """The head of a classifier, pre-trained or from scratch."""
        return self.head or ("linear" if self.begins_as_probe(pretrained=pretrained) else "preset")
