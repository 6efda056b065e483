"""Finding artefacts: the newest of a kind."""

from collections.abc import Callable
from pathlib import Path

from rfmae.artefacts import CARD_NAME, Card, read_card
from rfmae.datasets.cards import KIND as DATASET
from rfmae.errors import ArtefactError
from rfmae.training.run_folder import KIND as RUN


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
