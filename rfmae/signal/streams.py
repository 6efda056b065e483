"""Addressed random generators: a draw depends on its address, not on the draws before it."""

import zlib

import numpy as np

from rfmae.signal.impairments import Streams


def addressed(seed: int, address: tuple[int, ...]) -> np.random.Generator:
    """The generator of an address."""
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=address)))


def addressed_streams(seed: int, address: tuple[int, ...]) -> Streams:
    """The generators of an address, one for each purpose."""
    return lambda purpose: addressed(seed, (*address, zlib.crc32(purpose.encode())))


def address_of_snr(snr_db: float) -> int:
    """An SNR point as a part of an address: thousandths of a dB, not negative."""
    return round(snr_db * 1000) & 0xFFFFFFFF
