"""An endless stream of mixed batches, each addressed by its number."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Lock

import numpy as np

from rfmae.datasets.recipe import Recipe
from rfmae.datasets.streaming import block_of
from rfmae.datasets.synthesis import Block, synthesise
from rfmae.errors import RecipeError
from rfmae.records import IntArray, IqPairBatch, Synthesised, View

_BEGIN_WITH = 8192  # examples before the first batch, about two seconds of two cores
_MIXED = 256  # slots: at least as many as recipes have classes and SNR points
_DEEPEST, _SHALLOWEST = 16, 4  # a smaller block costs more for each example


class StreamMixer:
    """Batches without end, each by its number, in every view of a recipe.

    The mixer reads many blocks in parallel, one in each slot. A slot yields `depth` examples of one
    block, which are of one class and SNR point, and then takes another block. A batch takes one
    example of each slot in a group, and successive batches cycle through all groups, so that a
    class never dominates many successive steps. Slots change their blocks in turn, so that the
    blocks in use are always successive ones of the stream that `endless` reads: a batch mixes as
    many classes and SNR points as possible, all come up equally often, and no example comes twice.

    A batch depends on nothing but its number, so that training can start at any step; of a part of
    the rows only those blocks are made. Blocks that later batches use are kept. The stream is that
    of `split`, never the stored examples of another.
    """

    def __init__(
        self,
        recipe: Recipe,
        batch_size: int,
        *,
        split: str = "train",
        depth: int | None = None,
        ahead: int = 1,
        workers: int = 1,
    ) -> None:
        """`workers` threads make blocks, `ahead` steps in advance.

        `depth` defaults to a fast one.
        """
        if batch_size < 1:
            raise RecipeError(f"batch_size must be at least 1, got {batch_size}")
        self._recipe, self._split, self._ahead = recipe, split, ahead
        self.batch_size, self.groups = batch_size, max(1, _MIXED // batch_size)
        slots = batch_size * self.groups
        self.depth = depth or max(_SHALLOWEST, min(_DEEPEST, _BEGIN_WITH // slots))
        # the first slots are ahead, so that blocks are started in the order of their numbers
        self._head_start = (slots - 1 - np.arange(slots)) * self.depth // slots
        self._made: dict[int, Future[Synthesised]] = {}
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(workers, "slots")

    def batch(self, step: int, rows: slice = slice(None)) -> Synthesised:
        """The rows `rows` of a batch: channel effects and each view, observed and clean."""
        numbers, indices = self._blocks_and_indices(step)
        with self._lock:
            self._drop_before(step)
            made = [self._started(number) for number in numbers[rows].tolist()]
            for later in range(step + 1, step + 1 + self._ahead):
                for number in self._blocks_and_indices(later)[0][rows].tolist():
                    self._started(number)
        blocks = [block.result() for block in made]
        return _joined(blocks, indices[rows].tolist())

    def block(self, number: int) -> Block:
        """The examples that are made of a block of the stream: the first `depth`."""
        block = block_of(self._recipe, self._split, number)
        first = block.positions.start
        return replace(block, positions=range(first, first + self.depth))

    def _blocks_and_indices(self, step: int) -> tuple[IntArray, IntArray]:
        """The block of every row of a batch, and which of its examples it is, each (N,)."""
        turn, group = divmod(step, self.groups)
        own = slice(group * self.batch_size, (group + 1) * self.batch_size)
        numbers, indices = self._in_turn(turn)
        return numbers[own], indices[own]

    def _in_turn(self, turn: int) -> tuple[IntArray, IntArray]:
        """The block of every slot, and the index of its example in a cycle of all groups."""
        slots = len(self._head_start)
        passed, index = np.divmod(turn + self._head_start, self.depth)
        return passed * slots + np.arange(slots), index

    def _started(self, number: int) -> Future[Synthesised]:
        if number not in self._made:
            self._made[number] = self._pool.submit(synthesise, self._recipe, self.block(number))
        return self._made[number]

    def _drop_before(self, step: int) -> None:
        """Drop the blocks that no batch from the one before `step` on needs."""
        oldest = self._in_turn(max(0, step - 1) // self.groups)[0].min()
        for number in [number for number in self._made if number < oldest]:
            del self._made[number]


def _joined(blocks: Sequence[Synthesised], indices: Sequence[int]) -> Synthesised:
    """One example of each block, in every view."""
    chosen = list(zip(blocks, indices, strict=True))
    views: dict[View, IqPairBatch] = {}
    for view, pairs in blocks[0].views.items():
        seen = [block.views[view].observed for block in blocks]
        rows = list(zip(seen, indices, strict=True))
        observed = replace(
            pairs.observed,
            iq=np.stack([batch.iq[index] for batch, index in rows]),
            label=np.array([batch.label[index] for batch, index in rows]),
            snr_db=np.array([batch.snr_db[index] for batch, index in rows]),
        )
        clean = np.stack([block.views[view].clean[index] for block, index in chosen])
        views[view] = IqPairBatch(observed, clean)
    names = blocks[0].sampled
    sampled = {
        name: np.array([block.sampled[name][index] for block, index in chosen]) for name in names
    }
    return Synthesised(views, sampled)
