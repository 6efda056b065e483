"""Checkpoints: safetensors weights beside a card with all that is needed to use them."""

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypedDict

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from rfmae.artefacts import CARD_NAME, Card, read_card, versions, write_json, written_whole
from rfmae.configuration.masking import Masking
from rfmae.configuration.noising import Noising
from rfmae.configuration.objective import PixelTask, PositionTask
from rfmae.errors import ArtefactError, CheckpointError, first_line
from rfmae.models.backbones import BackboneConfig
from rfmae.models.classifier import Classifier, ClassifierConfig
from rfmae.models.config import DenoMAEConfig
from rfmae.models.denomae import DenoMAE
from rfmae.models.encoders import (
    AnyEncoderConfig,
    PretrainableConfig,
    encoder_from_card,
)
from rfmae.models.image_decoder import ImageGrid
from rfmae.models.rings import RingsConfig, RingsEncoder
from rfmae.models.rings_mae import RingsMAE, RingsMAEConfig
from rfmae.models.vit import Encoder, EncoderConfig, are_resized, resized_positions
from rfmae.plain import parse, value
from rfmae.records import ImageConfig, Modality, image_config_from_card, modalities_from_card
from rfmae.records.differences import differences

WEIGHTS_NAME = "weights.safetensors"
TRAINING_NAME = "training.pt"  # what a run needs to resume; inference does not need it
BEST_NAME = "best.json"
DIGEST = "weights_sha256"

DENOMAE = "denomae"
CLASSIFIER = "classifier"

_REMEDIES = {
    DENOMAE: "run `rfmae pretrain` first",
    CLASSIFIER: "run `rfmae finetune` first",
}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights and card of one network; the card needs no help from flags."""

    weights: dict[str, Tensor]
    card: Card
    folder: Path

    @property
    def kind(self) -> str:
        return str(self.card["kind"])

    def typed(self, key: str, kind: Any) -> Any:
        """The same as a value of a type; any other is refused."""
        return value(kind, self.field(key), f"{key!r} in the card of {self.folder}")

    def field(self, key: str) -> Any:
        """A field of the card; a card of another version, which lacks it, is refused."""
        if key not in self.card:
            raise CheckpointError(
                f"the card of {self.folder} lacks {key!r}, which this version of rfmae needs; "
                "train it again"
            )
        return self.card[key]

    @property
    def image(self) -> ImageConfig:
        return image_config_from_card(self.field("image"))

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The modalities that the network takes."""
        return modalities_from_card(self.field("modalities"))

    @property
    def encoder(self) -> AnyEncoderConfig:
        """The size of its encoder and how its modalities are cut."""
        try:
            return encoder_from_card(self.card["model"]["encoder"])
        except _NO_NETWORK as error:
            raise _no_network(self.folder, error) from error

    @property
    def pretrainable(self) -> PretrainableConfig:
        """The encoder, to start another network from; one that is never pre-trained is refused."""
        found = self.encoder
        if isinstance(found, BackboneConfig):
            raise CheckpointError(
                f"{self.folder} holds a {found.kind}, which has no encoder to go on with; "
                "name a checkpoint of a transformer or of rings"
            )
        return found

    @property
    def pretraining(self) -> DenoMAEConfig | RingsMAEConfig:
        """The configuration of a pre-trained network."""
        try:
            network = _network(self.card)
        except _NO_NETWORK as error:
            raise _no_network(self.folder, error) from error
        assert isinstance(network, DenoMAE | RingsMAE)
        return network.config

    @property
    def classes(self) -> tuple[str, ...]:
        found: tuple[str, ...] = self.typed("classes", tuple[str, ...])
        return found

    def build(self) -> nn.Module:
        """The network with these weights, ready for inference."""
        try:
            network = _network(self.card)
        except _NO_NETWORK as error:
            raise _no_network(self.folder, error) from error
        load_weights(network, self.weights, self.folder)
        return network.eval()


def model_card(network: nn.Module) -> Card:
    """Kind and configuration of a network, as its card holds them."""
    assert isinstance(network, DenoMAE | RingsMAE | Classifier)
    kind = CLASSIFIER if isinstance(network, Classifier) else DENOMAE
    return {"kind": kind, "model": asdict(network.config)}


def save_checkpoint(
    weights: Mapping[str, Tensor], card: Card, folder: Path, training: Any = None
) -> None:
    """Write the weights of a network, its card and, for a run to resume, its training state."""
    with written_whole(folder) as scratch:
        plain = {name: value.contiguous() for name, value in weights.items()}
        save_file(plain, scratch / WEIGHTS_NAME)
        if training is not None:
            torch.save(training, scratch / TRAINING_NAME)
        digest = {DIGEST: sha256_of(scratch / WEIGHTS_NAME)}
        write_json(scratch / CARD_NAME, {**card, **digest, "versions": versions()})


def load_checkpoint(path: str | Path, kind: str | None = None) -> Checkpoint:
    """A checkpoint folder, or the best checkpoint of a run folder, of the kind that is needed."""
    folder = _checkpoint_folder(Path(path))
    card = read_card(folder)
    if card is None or str(card.get("kind")) not in _REMEDIES:
        raise CheckpointError(f"{folder} is not a checkpoint: its {CARD_NAME} is missing or other")
    if kind is not None and card["kind"] != kind:
        raise CheckpointError(
            f"{folder} holds a {card['kind']}, but a {kind} is required; {_REMEDIES[kind]}"
        )
    try:
        weights = load_file(folder / WEIGHTS_NAME)
    except (SafetensorError, OSError, struct.error) as error:
        raise CheckpointError(
            f"{folder / WEIGHTS_NAME} cannot be read, it may be truncated ({error})"
        ) from error
    checkpoint = Checkpoint(weights, card, folder)
    _check_weights(checkpoint)
    return checkpoint


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, as `sha256sum` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_weights(checkpoint: Checkpoint) -> None:
    """Refuse weights that are not those of the card, or no numbers."""
    path, stated = checkpoint.folder / WEIGHTS_NAME, checkpoint.card.get(DIGEST)
    if stated is not None and stated != sha256_of(path):
        raise CheckpointError(
            f"{path} is damaged or of another checkpoint: its SHA-256 is not the {DIGEST} of the "
            "card; copy it again, or train again"
        )
    for name, weight in checkpoint.weights.items():
        if weight.is_floating_point() and not bool(weight.isfinite().all()):
            raise CheckpointError(f"{path} holds NaN or infinite values in {name!r}; train again")


def load_weights(network: nn.Module, weights: Mapping[str, Tensor], folder: Path) -> None:
    """Fill a network, refusing weights that are missing, left over or of another shape."""
    wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    for name, shape in wanted.items():
        if name not in weights:
            raise CheckpointError(f"{folder} lacks the weights {name!r} that its card promises")
        if tuple(weights[name].shape) != shape:
            raise CheckpointError(
                f"weights {name!r} must have shape {shape} by the card of {folder}, "
                f"got {tuple(weights[name].shape)}"
            )
    extra = sorted(set(weights) - set(wanted))
    if extra:
        raise CheckpointError(f"{folder} holds weights that its card does not know: {extra[0]!r}")
    network.load_state_dict(dict(weights))


def start_from(network: nn.Module, weights: Mapping[str, Tensor], folder: str) -> None:
    """Give a network the weights of a pre-trained one; heads that the other lacks stay as they are.

    Raises where a weight of the encoder is missing or has another shape.
    """
    own = network.state_dict()
    fitting = {
        name: value
        for name, value in weights.items()
        if name in own and own[name].shape == value.shape
    }
    lacking = [name for name in own if name.startswith("encoder.") and name not in fitting]
    if lacking:
        raise CheckpointError(f"{folder} lacks the weights {lacking[0]!r} of this encoder")
    network.load_state_dict({**own, **fitting})


def load_encoder_weights(encoder: Encoder | RingsEncoder, checkpoint: Checkpoint) -> None:
    """Give an encoder the encoder weights of any checkpoint; sizes must agree.

    A transformer may see fewer modalities than the one it learns from, and images of another size:
    its positions are then those of the other, interpolated.
    """
    theirs = checkpoint.pretrainable
    names = [grid.name for grid in encoder.config.modalities]
    own, learnt = encoder.config, theirs.of(names)
    if learnt != own and not are_resized(learnt, own):
        raise CheckpointError(
            f"{checkpoint.folder} holds another encoder: {differences(learnt, own)}"
        )
    prefix = "encoder."
    weights = {
        name.removeprefix(prefix): value
        for name, value in checkpoint.weights.items()
        if name.startswith(prefix)
    }
    if isinstance(theirs, EncoderConfig) and isinstance(own, EncoderConfig):
        weights = _of_stems(weights, theirs, names)
        weights |= resized_positions(weights, theirs.of(names), own)
    load_weights(encoder, weights, checkpoint.folder)


def _of_stems(
    weights: dict[str, Tensor], theirs: EncoderConfig, names: list[str]
) -> dict[str, Tensor]:
    """The weights that a transformer for some of the modalities has."""
    unseen = {grid.name for grid in theirs.modalities} - set(names)
    stems = tuple(f"stems.{name}." for name in unseen)
    kept = {name: value for name, value in weights.items() if not name.startswith(stems)}
    return _without_kind(kept, names[0]) if len(names) == 1 else kept


def _without_kind(weights: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """A single modality needs no kind token: its value joins the bias, and no token changes."""
    kind, bias = f"stems.{name}.kind_token", f"stems.{name}.embed.bias"
    if kind not in weights:
        return weights
    joined = {**weights, bias: weights[bias] + weights[kind].flatten()}
    return {key: value for key, value in joined.items() if key != kind}


def _checkpoint_folder(path: Path) -> Path:
    if not path.is_dir():
        raise CheckpointError(f"no checkpoint folder {path}")
    return named_checkpoint(path) if (path / BEST_NAME).is_file() else path


class _NamedBest(TypedDict):
    checkpoint: str


def named_checkpoint(run: Path) -> Path:
    """The checkpoint folder that the `best.json` of a run folder names."""
    path = run / BEST_NAME
    try:
        best = value(_NamedBest, parse(path.read_text(encoding="utf-8")), BEST_NAME)
    except (OSError, ValueError, ArtefactError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    return run / "checkpoints" / str(best["checkpoint"])


_SWITCHES: dict[str, Any] = {
    "masking": Masking,
    "pixels": PixelTask,
    "position": PositionTask,
    "noising": Noising,
}


_NO_NETWORK = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError)
"""What configurations and layers raise for values that make no network."""


def _no_network(folder: Path, error: Exception) -> CheckpointError:
    return CheckpointError(
        f"the card of {folder} describes no network of this version: {first_line(error)}; "
        "train it again"
    )


def _network(card: Card) -> nn.Module:
    model = dict(card["model"])
    encoder = encoder_from_card(model.pop("encoder"))
    if card["kind"] == DENOMAE:
        return _pretrained_network(encoder, model)
    model["hidden"] = tuple(model["hidden"])
    return Classifier(ClassifierConfig(encoder=encoder, **model))


def _pretrained_network(encoder: AnyEncoderConfig, model: dict[str, Any]) -> nn.Module:
    if isinstance(encoder, BackboneConfig):
        raise TypeError(f"a {encoder.kind} is never pre-trained")
    rings = isinstance(encoder, RingsConfig)
    named = [name for name in _SWITCHES if not (rings and name == "noising")]
    switches = {name: _SWITCHES[name](**model.pop(name)) for name in named}
    if isinstance(encoder, RingsConfig):
        image = model.pop("image", None)
        predicted = image and ImageGrid(image["size"], tuple(image["known_phase"]))
        return RingsMAE(RingsMAEConfig(encoder=encoder, image=predicted, **switches, **model))
    return DenoMAE(DenoMAEConfig(encoder=encoder, **switches, **model))
