"""Loading of checkpoints as callables, with their input pipeline and device."""

from dataclasses import replace
from pathlib import Path

import torch

from rfmae.errors import CheckpointError, ShapeError
from rfmae.inference.answering import FeatureEncoder, SignalClassifier
from rfmae.inference.denoisers import Denoiser, RingsDenoiser
from rfmae.inference.input_pipeline import IMAGE, InputPipeline
from rfmae.models.checkpoint import CLASSIFIER, DENOMAE, load_checkpoint
from rfmae.models.classifier import Classifier
from rfmae.models.denomae import DenoMAE
from rfmae.models.rings_mae import RingsMAE
from rfmae.records import IMAGE_ALONE


def choose_device(name: str = "auto") -> torch.device:
    """A device by name; `auto` takes a GPU where there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ShapeError(f"no device {name!r} on this machine; use --device cpu or auto") from error
    return device


def load_classifier(path: str | Path, device: str = "auto") -> SignalClassifier:
    """The classifier of a fine-tuned checkpoint or run folder.

    Args:
        path: Checkpoint or run folder of `rfmae finetune`.
        device: `auto`, `cpu`, `cuda`, …

    Returns:
        A callable from complex I/Q (N, T) of any gain and phase to probabilities (N, M);
        `answer` and `name` take a recording (T,).

    Raises:
        CheckpointError: No checkpoint of a classifier, or a damaged one.

    Examples:
        >>> data = synthesise("sdr-linear", "data", snr="20", examples=(6, 2, 2))
        >>> model = finetune(data, out="cnn", network="cnn", epochs=1, device="cpu")
        >>> load_classifier(model)(data.read_observed("test").iq).shape
        (14, 7)
    """
    checkpoint, chosen = load_checkpoint(path, CLASSIFIER), choose_device(device)
    network = checkpoint.build()
    assert isinstance(network, Classifier)
    checkpoint.typed("classes", tuple[str, ...])
    if "temperature" in checkpoint.card:
        checkpoint.typed("temperature", float)
    return SignalClassifier(network, checkpoint.card, InputPipeline.of(checkpoint), chosen)


def load_denoiser(path: str | Path, device: str = "auto") -> Denoiser | RingsDenoiser:
    """The denoiser of a pre-training checkpoint or run folder that predicts clean images.

    Args:
        path: Checkpoint or run folder of `rfmae pretrain`, of rings with `--method denoiser`.
        device: `auto`, `cpu`, `cuda`, …

    Returns:
        A callable from its inputs to clean images (N, planes, size, size) in [0, 1]; `inputs`
        makes them of complex I/Q (N, T).

    Raises:
        CheckpointError: A checkpoint that predicts no images.

    Examples:
        >>> data = synthesise("sdr-linear", "data", snr="20", examples=(6, 2, 2))
        >>> model = pretrain(data, "clean", method="denoiser", preset="tiny", epochs=1)
        >>> denoiser = load_denoiser(model, "cpu")
        >>> denoiser(denoiser.inputs(data.read_observed("test").iq)).shape
        (14, 3, 64, 64)
    """
    checkpoint, chosen = load_checkpoint(path, DENOMAE), choose_device(device)
    network = checkpoint.build()
    pipeline = InputPipeline.of(checkpoint)
    if isinstance(network, RingsMAE):
        if network.image_decoder is None:
            raise CheckpointError(
                f"{path} holds rings that make clean harmonics and no images; to denoise, "
                "run `rfmae pretrain --method denoiser`, or name an --image-weight"
            )
        both = replace(pipeline, modalities=(*pipeline.modalities, *IMAGE_ALONE))
        return RingsDenoiser(network, checkpoint.card, both, chosen)
    assert isinstance(network, DenoMAE)
    if IMAGE not in [modality.name for modality in pipeline.modalities]:
        raise CheckpointError(f"{path} predicts no images: its network was not trained on any")
    if network.config.pixels.normalised:
        raise CheckpointError(
            f"{path} was trained to predict patches of mean 0 and variance 1, without their "
            "brightness; pre-train without --normalised-targets to denoise"
        )
    return Denoiser(network, checkpoint.card, pipeline, chosen)


def load_encoder(path: str | Path, device: str = "auto") -> FeatureEncoder:
    """The frozen encoder of any checkpoint or run folder.

    Args:
        path: Checkpoint or run folder of `rfmae pretrain` or `rfmae finetune`.
        device: `auto`, `cpu`, `cuda`, …

    Returns:
        A callable from complex I/Q (N, T) to features (N, width).

    Raises:
        CheckpointError: A checkpoint of a backbone, which has no encoder.

    Examples:
        >>> data = synthesise("sdr-linear", "data", snr="20", examples=(6, 2, 2))
        >>> model = pretrain(data, "rings", preset="tiny", epochs=1, device="cpu")
        >>> load_encoder(model)(data.read_observed("test").iq).shape
        (14, 128)
    """
    checkpoint, chosen = load_checkpoint(path), choose_device(device)
    _ = checkpoint.pretrainable  # refuses others
    network = checkpoint.build()
    assert isinstance(network, DenoMAE | RingsMAE | Classifier)
    return FeatureEncoder(network.encoder, InputPipeline.of(checkpoint), chosen)
