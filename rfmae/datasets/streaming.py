"""Endless streams of synthetic examples: reproducible, mixed and divided among processes."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from rfmae.datasets.recipe import SPLITS, Recipe
from rfmae.datasets.synthesis import BLOCK, Block, synthesise
from rfmae.errors import RecipeError
from rfmae.records import IntArray, IqPairBatch, View
from rfmae.signal.streams import addressed

_ORDER, _MIX = range(2)  # purposes of random draws


@dataclass(frozen=True, slots=True)
class Shard:
    """The part of a stream for one worker, of `ranks` machines with `workers` workers each."""

    rank: int = 0
    ranks: int = 1
    worker: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        if not (0 <= self.rank < self.ranks and 0 <= self.worker < self.workers):
            raise RecipeError(
                "rank and worker count from 0 and must be below ranks and workers, got "
                f"rank {self.rank} of {self.ranks}, worker {self.worker} of {self.workers}"
            )

    @property
    def place(self) -> int:
        return self.rank * self.workers + self.worker

    @property
    def places(self) -> int:
        return self.ranks * self.workers


def endless(
    recipe: Recipe,
    batch_size: int = 64,
    *,
    split: str = "train",
    view: View | None = None,
    shard: Shard | None = None,
    first_batch: int = 0,
    mixed_blocks: int = 16,
) -> Iterator[IqPairBatch]:
    """Batches without end; every class and SNR point comes up equally often.

    The stream consists of rounds. A round makes one block of 64 new examples of every class and
    SNR point, in a random order; workers take its blocks in turn, and each mixes `mixed_blocks` of
    its own before it cuts batches from them. Two workers never get the same example, and no
    example comes twice. `first_batch` resumes where an earlier stream stopped, at the cost of one
    mixture. The first examples of `split` are those of the stored data set of the same recipe, so
    a stream of `train` never contains stored examples of `validation` or `test`.

    Args:
        recipe: What to synthesise.
        batch_size: Examples of a batch, at least 1.
        split: The stream of `train`, `validation` or `test`.
        view: `symbols` or `waveform`; None takes the first of the recipe.
        shard: Which of several readers this is.
        first_batch: Where to begin.
        mixed_blocks: Blocks of 64 examples that a reader mixes.

    Returns:
        An iterator of pairs: `observed.iq` and `clean`, complex64 (batch_size, T), and labels.

    Raises:
        RecipeError: A view or split that the recipe does not have, a size below 1.

    Examples:
        >>> batch = next(endless(load_recipe("sdr-linear"), batch_size=32))
        >>> batch.observed.iq.shape, batch.clean.shape
        ((32, 1024), (32, 1024))
    """
    shard = shard or Shard()
    view = view or recipe.views[0]
    _check(recipe, batch_size, split, view, first_batch, mixed_blocks)
    mixture_examples = mixed_blocks * BLOCK
    mixture, skipped = divmod(first_batch * batch_size, mixture_examples)
    left: list[IqPairBatch] = []
    for number in itertools.count(mixture):
        pairs = _mixture(recipe, split, view, shard, number, mixed_blocks)
        left.append(_rows(pairs, np.arange(skipped, len(pairs))))
        skipped = 0
        waiting = _joined(left)
        whole = len(waiting) // batch_size * batch_size
        for first in range(0, whole, batch_size):
            yield _rows(waiting, np.arange(first, first + batch_size))
        left = [_rows(waiting, np.arange(whole, len(waiting)))]


def block_of(recipe: Recipe, split: str, number: int) -> Block:
    """Block `number` of the stream of all workers together."""
    points = [(name, snr) for name in recipe.classes for snr in recipe.source.channel.snr_db]
    turn, place = divmod(number, len(points))
    order = _generator(recipe, split, _ORDER, turn).permutation(len(points))
    name, snr_db = points[order[place]]
    return Block(split, name, snr_db, range(turn * BLOCK, (turn + 1) * BLOCK))


def _mixture(
    recipe: Recipe, split: str, view: View, shard: Shard, number: int, mixed_blocks: int
) -> IqPairBatch:
    """The next blocks of one worker, their examples in random order."""
    firsts = range(number * mixed_blocks, (number + 1) * mixed_blocks)
    blocks = (block_of(recipe, split, first * shard.places + shard.place) for first in firsts)
    pairs = _joined([synthesise(recipe, block).views[view] for block in blocks])
    address = number * shard.places + shard.place
    order = _generator(recipe, split, _MIX, address).permutation(len(pairs))
    return _rows(pairs, order)


def _generator(recipe: Recipe, split: str, purpose: int, index: int) -> np.random.Generator:
    # longer than any block's address, so that the two kinds never coincide
    return addressed(recipe.seed, (SPLITS.index(split), 0, 0, 0, 0, purpose, index))


def _joined(parts: list[IqPairBatch]) -> IqPairBatch:
    observed = replace(
        parts[0].observed,
        iq=np.concatenate([part.observed.iq for part in parts]),
        label=np.concatenate([part.observed.label for part in parts]),
        snr_db=np.concatenate([part.observed.snr_db for part in parts]),
    )
    return IqPairBatch(observed, np.concatenate([part.clean for part in parts]))


def _rows(pairs: IqPairBatch, rows: IntArray) -> IqPairBatch:
    observed = pairs.observed
    chosen = replace(
        observed, iq=observed.iq[rows], label=observed.label[rows], snr_db=observed.snr_db[rows]
    )
    return IqPairBatch(chosen, pairs.clean[rows])


def _check(
    recipe: Recipe, batch_size: int, split: str, view: View, first_batch: int, mixed_blocks: int
) -> None:
    for name, value, least in (
        ("batch_size", batch_size, 1),
        ("first_batch", first_batch, 0),
        ("mixed_blocks", mixed_blocks, 1),
    ):
        if value < least:
            raise RecipeError(f"{name} must be at least {least}, got {value}")
    if split not in SPLITS:
        raise RecipeError(f"split must be {', '.join(SPLITS)}, got {split!r}")
    if view not in recipe.views:
        raise RecipeError(
            f"recipe {recipe.name} observes {' and '.join(recipe.views)}, got view {view!r}; "
            "set source.receiver.observe to 'both'"
        )
