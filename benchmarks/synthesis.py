"""I/Q samples per second, ours beside peers: the same frames, one core, one run.

A frame is 1,024 samples of random symbols at 8 samples a symbol and Es/N0 10 dB: linear modulations
under a root-raised cosine of roll-off 0.35 over 12 symbols, GFSK of index 0.35 and BT 0.5. All
make 64 frames a turn. Turns go round, and a ratio is the median of the ratios in each round. A peer
that is not installed is left out; `pip install -e '.[bench]'` installs all of them.

TorchSig requires torchaudio, whose wheel wants the libraries of CUDA. Beside a torch without them,
remove what is compiled in it, `rm …/site-packages/torchaudio/lib/*.so`: it does without.

    python benchmarks/synthesis.py [ROUNDS]
"""

import importlib
import statistics
import sys
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from measuring import Seconds, take_turns, times_as_long, use_one_thread
from peers import ES_N0, ROLLOFF, SAMPLES, SAMPLES_PER_SYMBOL, SPAN_SYMBOLS, Frames, Make, Program

from rfmae.datasets.synthesis import BLOCK, Block, block_streams
from rfmae.signal.channel import white_noise
from rfmae.signal.impairments import Channel
from rfmae.signal.link import Link, observe
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.pulses import Pulse
from rfmae.signal.receiver import Receiver
from rfmae.signal.transmitter import transmit
from rfmae.units import ratio_to_db

CLASSES = ("QPSK", "16QAM", "64QAM", "GFSK")
ROUNDS = 15
PEERS = ("torchsig_frames", "komm_frames", "commpy_frames", "liquid_frames")
OURS = "rfmae"


def our_frames(modulation: str, frames: int) -> Make:
    """The same steps as the peers: symbols, shaping, noise; random streams as in a data set."""
    row, pulse = MODULATIONS[modulation], Pulse("rrc", ROLLOFF, SPAN_SYMBOLS)
    block, rate = Block("train", modulation, 10.0, range(frames)), Fraction(SAMPLES_PER_SYMBOL)

    def make() -> Frames:
        streams = block_streams(0, block)
        sent = transmit(row, pulse, rate, SAMPLES, frames, streams)
        received = white_noise(sent.shape, SAMPLES_PER_SYMBOL / ES_N0, streams("noise"))
        received += sent
        return received

    return make


def our_observations(modulation: str, frames: int) -> Make:
    """The steps of a data set: also a carrier phase, unit power, and clean twins."""
    row, channel = MODULATIONS[modulation], Channel(snr="10")
    link = Link(
        SAMPLES // SAMPLES_PER_SYMBOL,
        SAMPLES_PER_SYMBOL,
        channel,
        Pulse("rrc", ROLLOFF, SPAN_SYMBOLS),
        Receiver(observe="waveform"),
    )
    block = Block("train", modulation, 10.0, range(frames))

    def make() -> Frames:
        seen = observe(row, ratio_to_db(ES_N0), link, frames, block_streams(0, block))
        return seen.views["waveform"][0]

    return make


def random_numbers(_: str, frames: int) -> Make:
    """Numpy's Gaussian numbers of that many frames alone."""
    rng = np.random.Generator(np.random.SFC64(0))
    return lambda: rng.standard_normal((frames, 2 * SAMPLES), np.float32).view(np.complex64)


def our_noise(_: str, frames: int) -> Make:
    """Our own noise of that many frames alone."""
    rng = np.random.Generator(np.random.SFC64(0))
    return lambda: white_noise((frames, SAMPLES), 1.0, rng)


def programs() -> dict[str, Program]:
    """Ours, and those of the peers that are installed."""
    found: dict[str, Program] = {
        OURS: our_frames,
        "rfmae, with clean twins": our_observations,
        "rfmae's noise alone": our_noise,
        "numpy's normal numbers alone": random_numbers,
    }
    for name in PEERS:
        try:
            found.update(importlib.import_module(f"peers.{name}").PROGRAMS)
        except (ImportError, OSError) as error:
            print(f"left out {name}: {str(error).splitlines()[0]}")
    return found


def measure(modulation: str, everyone: dict[str, Program], rounds: int) -> dict[str, Seconds]:
    """Seconds for 64 frames of a modulation, by program."""
    calls: dict[str, Callable[[], object]] = {}
    for name, prepare in everyone.items():
        make = prepare(modulation, BLOCK)
        if make is None:
            continue
        frames = make()
        if frames.shape != (BLOCK, SAMPLES) or not np.all(np.isfinite(frames)):
            raise ValueError(f"{name} made {frames.shape} of {modulation}, or no finite numbers")
        calls[name] = make
    return take_turns(calls, rounds)


def cell(seconds: dict[str, Seconds], name: str, clock: str) -> str:
    """Millions of samples a second, and how many times as fast we are."""
    if name not in seconds:
        return f"{'–':>15}"
    ours, theirs = getattr(seconds[OURS], clock), getattr(seconds[name], clock)
    rate = BLOCK * SAMPLES / statistics.median(theirs) / 1e6
    return f"{rate:>7.2f} {times_as_long(ours, theirs):>6.2f}×"


def main() -> None:
    use_one_thread()
    everyone = programs()
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    measured = {modulation: measure(modulation, everyone, rounds) for modulation in CLASSES}
    for clock in ("processor", "wall"):
        print(f"\nMillion samples a second of {clock} time, and rfmae over this; {rounds} rounds")
        print(f"{'':<32}" + "".join(f"{modulation:>16}" for modulation in CLASSES))
        for name in everyone:
            print(f"{name:<32}" + " ".join(cell(measured[m], name, clock) for m in CLASSES))


if __name__ == "__main__":
    main()
