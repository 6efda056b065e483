"""Finding artefacts: the newest of a kind, and the data set of a model."""

from collections.abc import Callable, Sequence
from pathlib import Path

from rfmae.artefacts import CARD_NAME, Card, read_card
from rfmae.baselines.files import is_baseline, load_baseline
from rfmae.datasets.cards import KIND as DATASET
from rfmae.datasets.store import Dataset, open_dataset
from rfmae.errors import ArtefactError, DatasetError
from rfmae.models.checkpoint import load_checkpoint
from rfmae.training.run_folder import KIND as RUN
from rfmae.workflows.evaluate.functions import is_function
from rfmae.workflows.evaluate.predictors import is_likelihood


def newest_dataset(home: Path) -> Path:
    """The newest data set among the folders of `home`."""
    return _newest(home, lambda card: card.get("kind") == DATASET, "data set", "rfmae synth")


def newest_run(home: Path, stage: str) -> Path:
    """The newest run of a stage, `pretrain` or `finetune`, among the folders of `home`."""
    return _newest(
        home,
        lambda card: card.get("kind") == RUN and card["config"]["stage"] == stage,
        f"{stage} run",
        f"rfmae {stage}",
    )


def _newest(home: Path, wanted: Callable[[Card], bool], what: str, maker: str) -> Path:
    cards = home.glob(f"*/{CARD_NAME}") if home.is_dir() else ()
    found = [card for card in cards if wanted(read_card(card.parent) or {})]
    if not found:
        raise ArtefactError(f"no {what} in {home}; name its folder or run `{maker}` first")
    return max(found, key=lambda card: card.stat().st_mtime).parent


def dataset_of(model: Path, named: Path | None, home: Path) -> Dataset:
    """The named data set, or the one in `home` that a model was trained on."""
    if named is not None:
        return open_dataset(named)
    opened = load_baseline(model) if is_baseline(model) else load_checkpoint(model)
    trained_on = opened.card["dataset"]
    folder = home / f"{trained_on['name']}-{trained_on['fingerprint']}"
    if not folder.is_dir():
        raise DatasetError(f"{model} was trained on {folder}, which does not exist; name --data")
    return open_dataset(folder)


def dataset_of_models(models: Sequence[Path], named: Path | None, home: Path) -> Dataset:
    """The named data set, that of a trained model among them, or the newest.

    Likelihood receivers and functions have no data set.
    """
    trained = [path for path in models if not is_likelihood(path) and not is_function(path)]
    if trained:
        return dataset_of(trained[0], named, home)
    return open_dataset(named or newest_dataset(home))
