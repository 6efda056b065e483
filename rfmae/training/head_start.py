"""Fine-tuning that starts from a linear probe, and averages its weights with the start.

The head is the linear probe of the frozen features, so that the first gradients do not distort
good features (Kumar et al., Fine-tuning can distort pretrained features, ICLR 2022). At the end
the weights are averaged with those at the start, by the share that is best on validation (Wortsman
et al., Robust fine-tuning of zero-shot models, CVPR 2022): at share 0 the classifier is the probe.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from rfmae.artefacts import read_card, write_json
from rfmae.datasets.store import Dataset
from rfmae.evaluation.probe import Features, linear_probe
from rfmae.models.checkpoint import BEST_NAME, load_checkpoint, save_checkpoint
from rfmae.models.classifier import Classifier
from rfmae.records import FloatArray
from rfmae.training.loaders import InputSplit
from rfmae.training.sampling import PROBED, addressed_generator

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How much of the fine-tuned weights an average may hold."""
AVERAGED = "averaged"  # the folder beside the checkpoints of a run
_STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0)
_MOST_PROBED = 5_000  # examples; more of them hardly move a linear layer
_TOGETHER = 256


def probe_rows(dataset: Dataset, rows: Tensor | None, seed: int) -> Tensor:
    """The training rows that the probe is fitted to: those with labels, or a draw of them."""
    every = torch.arange(dataset.examples("train")) if rows is None else rows
    if len(every) <= _MOST_PROBED:
        return every
    drawn = torch.randperm(len(every), generator=addressed_generator(seed, PROBED, 0))
    return every[drawn[:_MOST_PROBED].sort().values]


@torch.no_grad()
def begin_as_probe(
    network: Classifier, train: InputSplit, validation: InputSplit, device: torch.device
) -> None:
    """Give a linear head the weights of a probe, its regularisation chosen on validation.

    Needs examples of at least two classes in `train`; a class without any is never predicted.
    """
    network.eval()
    known, judged = (_features(network, split, device) for split in (train, validation))
    probe = linear_probe(known, judged, _STRENGTHS)
    weights = (probe.weights / probe.deviation[:, None]).T  # of features as they are
    bias = probe.bias - weights @ probe.mean
    head = network.head
    head.weight.zero_()
    head.bias.fill_(float(bias.min()) - _NEVER)
    head.weight[probe.labels] = torch.from_numpy(weights).to(head.weight)
    head.bias[probe.labels] = torch.from_numpy(bias).to(head.bias)
    network.train()


_NEVER = 30.0  # nats of a class without examples below the others


def keep_average(
    run: Path,
    best: Path,
    start: Callable[[], Classifier],
    validation: Callable[[], InputSplit],
    device: torch.device,
) -> Path:
    """The average of a run's best weights and its initial ones that is best on validation.

    It becomes the best checkpoint of the run; where two are as good, the nearer to the start. A run
    that ended before has it, and calls neither `start` nor `validation`.
    """
    folder = run / "checkpoints" / AVERAGED
    if not folder.is_dir():
        weights = {name: value.cpu() for name, value in start().state_dict().items()}
        _write_average(folder, best, weights, validation(), device)
    accuracy = (read_card(folder) or {})["score"]["accuracy"]
    write_json(run / BEST_NAME, {"checkpoint": AVERAGED, "score": accuracy})
    return folder


def _write_average(
    folder: Path,
    best: Path,
    start: Mapping[str, Tensor],
    validation: InputSplit,
    device: torch.device,
) -> None:
    checkpoint = load_checkpoint(best)
    network = checkpoint.build().to(device)
    assert isinstance(network, Classifier)
    hits = {
        share: _accuracy(network, _between(start, checkpoint.weights, share), validation, device)
        for share in SHARES
    }
    share = max(SHARES, key=lambda share: (hits[share], -share))
    card = {
        **{key: value for key, value in checkpoint.card.items() if key != "versions"},
        "score": {"accuracy": hits[share]},
        "fine_tuned_share": share,
    }
    save_checkpoint(_between(start, checkpoint.weights, share), card, folder)


def _between(
    start: Mapping[str, Tensor], end: Mapping[str, Tensor], share: float
) -> dict[str, Tensor]:
    return {name: torch.lerp(start[name].float(), end[name].float(), share) for name in end}


@torch.inference_mode()
def _accuracy(
    network: Classifier, weights: Mapping[str, Tensor], split: InputSplit, device: torch.device
) -> float:
    network.load_state_dict(dict(weights))
    network.eval()
    hits = 0
    for rows in torch.arange(len(split)).split(_TOGETHER):
        predicted = network(split.inputs(rows)).argmax(dim=1).cpu()
        hits += int((predicted == split.label[rows]).sum())
    return hits / len(split)


def _features(network: Classifier, split: InputSplit, device: torch.device) -> Features:
    parts = [
        network.features(split.inputs(rows)).float().cpu()
        for rows in torch.arange(len(split)).split(_TOGETHER)
    ]
    values: FloatArray = torch.cat(parts).numpy().astype(np.float64)
    return Features(values, split.label.numpy(), np.zeros(len(split)))
