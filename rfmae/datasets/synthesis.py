"""Synthesis of examples from a recipe, each block from its own random address."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rfmae.datasets.recipe import SPLITS, Recipe
from rfmae.errors import ShapeError
from rfmae.records import ComplexArray, IqBatch, IqPairBatch, Synthesised, View
from rfmae.signal.impairments import Streams
from rfmae.signal.link import observe
from rfmae.signal.published_signals import observe_published
from rfmae.signal.streams import address_of_snr, addressed_streams

BLOCK = 64
"""The number of examples that share an address, and the random streams that start there.

A generator for each example would cost as much as the signal. The first examples of a block are
the same however many of them are made.
"""


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring examples of one split, modulation and SNR point; `positions` starts a block."""

    split: str
    modulation: str
    snr_db: float
    positions: range

    def __post_init__(self) -> None:
        if self.positions.start % BLOCK or not 0 < len(self.positions) <= BLOCK:
            raise ShapeError(
                f"a block holds at most {BLOCK} positions from a multiple of {BLOCK} on, "
                f"got {self.positions.start} to {self.positions.stop}"
            )


def block_streams(seed: int, block: Block) -> Streams:
    """The random generators of a block, one for each purpose, made from its address alone.

    A modulation counts by its name and an SNR point by its value, so that adding a class or a
    point to a recipe leaves every other example as it was.
    """
    name, point = zlib.crc32(block.modulation.encode()), address_of_snr(block.snr_db)
    address = (SPLITS.index(block.split), name, point, block.positions.start // BLOCK)

    return addressed_streams(seed, address)


def blocks(recipe: Recipe, split: str) -> Iterator[Block]:
    """The work of one split in the order of its file: class, then SNR, then position."""
    return (numbered_block(recipe, split, n)[1] for n in range(block_count(recipe, split)))


def block_count(recipe: Recipe, split: str) -> int:
    """Blocks of a split; a class and SNR point never shares one."""
    points = len(recipe.classes) * len(recipe.source.channel.snr_db)
    return points * -(-recipe.examples_per_point(split) // BLOCK)


def numbered_block(recipe: Recipe, split: str, number: int) -> tuple[int, Block]:
    """The first row and the addresses of a block, by its number in the file."""
    points, count = recipe.source.channel.snr_db, recipe.examples_per_point(split)
    point, place = divmod(number, -(-count // BLOCK))
    label, snr = divmod(point, len(points))
    first = place * BLOCK
    positions = range(first, min(first + BLOCK, count))
    return point * count + first, Block(split, recipe.classes[label], points[snr], positions)


def synthesise(recipe: Recipe, block: Block) -> Synthesised:
    """The examples of one block in every view of the recipe."""
    label = recipe.classes.index(block.modulation)
    count = len(block.positions)
    streams = block_streams(recipe.seed, block)
    make = observe_published if recipe.source.kind == "published" else observe
    seen = make(recipe.modulations[label], block.snr_db, recipe.link, count, streams)

    def pairs(view: View, observed: ComplexArray, clean: ComplexArray) -> IqPairBatch:
        batch = IqBatch(
            iq=observed,
            label=np.full(count, label, np.int16),
            snr_db=np.full(count, block.snr_db, np.float32),
            classes=recipe.classes,
            samples_per_symbol=recipe.samples_per_symbol(view),
            snr_reference=recipe.source.channel.snr_reference,
        )
        return IqPairBatch(batch, clean)

    views = {view: pairs(view, *both) for view, both in seen.views.items()}
    return Synthesised(views, seen.sampled)


def examples(recipe: Recipe, split: str) -> Iterator[Synthesised]:
    """All examples of a split in the order of its file, block by block."""
    return (synthesise(recipe, block) for block in blocks(recipe, split))
