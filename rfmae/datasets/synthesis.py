"""Recipe to examples: each from its own address, so that order and workers do not matter."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed

from rfmae.datasets.recipe import SPLITS, Recipe, address_of_snr
from rfmae.records import IqBatch, IqPairBatch
from rfmae.signal.link import observe
from rfmae.signal.modulations import find_modulation

_BLOCK = 64
"""Examples that one task makes at once; the bytes do not depend on it."""


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring examples of one split, modulation and SNR point."""

    split: str
    modulation: str
    snr_db: float
    positions: range


def example_rng(
    seed: int, split: str, modulation: str, snr_db: float, position: int
) -> np.random.Generator:
    """The generator of one example, made from its address alone.

    A modulation counts by its name and an SNR point by its value, so that adding a class or a
    point to a recipe leaves every other example as it was.
    """
    name, point = zlib.crc32(modulation.encode()), address_of_snr(snr_db)
    address = (SPLITS.index(split), name, point, position)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=address)))


def blocks(recipe: Recipe, split: str, size: int = _BLOCK) -> Iterator[Block]:
    """The work of one split in the order of its file: class, then SNR, then position."""
    count = recipe.examples_per_point(split)
    for modulation in recipe.classes:
        for snr_db in recipe.source.channel.snr_db:
            for first in range(0, count, size):
                yield Block(split, modulation, snr_db, range(first, min(first + size, count)))


def synthesise(recipe: Recipe, block: Block) -> IqPairBatch:
    """The examples of one block."""
    rngs = [
        example_rng(recipe.seed, block.split, block.modulation, block.snr_db, position)
        for position in block.positions
    ]
    observed, clean = observe(find_modulation(block.modulation), block.snr_db, recipe.link, rngs)
    label = recipe.classes.index(block.modulation)
    batch = IqBatch(
        iq=observed,
        label=np.full(len(rngs), label, np.int16),
        snr_db=np.full(len(rngs), block.snr_db, np.float32),
        classes=recipe.classes,
        samples_per_symbol=1,  # the receiver has taken one sample for each symbol
        snr_reference=recipe.source.channel.snr_reference,
    )
    return IqPairBatch(batch, clean)


def stream(
    recipe: Recipe, split: str, *, workers: int = 1, block_size: int = _BLOCK
) -> Iterator[IqPairBatch]:
    """All examples of a split in order, made by `workers` processes."""
    work = blocks(recipe, split, block_size)
    if workers == 1:
        yield from (synthesise(recipe, block) for block in work)
        return
    pool = Parallel(n_jobs=workers, return_as="generator", pre_dispatch="4*n_jobs")
    yield from pool(delayed(synthesise)(recipe, block) for block in work)
