"""Images per second: our three-plane renderer beside the published point-by-point algorithm.

Both draw the same 1,024 symbols, 16QAM at 10 dB, on one core in one run; the peer is the
published loop in numpy (a stamp of exponentials around every point). Medians over rounds.

    python benchmarks/rendering.py
"""

import math
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from rfmae.imaging.render import constellation_images
from rfmae.records import ImageConfig
from rfmae.signal.channel import white_noise
from rfmae.signal.modulations import MODULATIONS

SYMBOLS = 1024
ROUNDS = 7


def symbols(count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    indices = rng.integers(0, 16, (count, SYMBOLS))
    return MODULATIONS["16QAM"].alphabet[indices] + white_noise((count, SYMBOLS), 0.1, rng)


def published_loop(iq: np.ndarray, config: ImageConfig) -> np.ndarray:
    """A stamp around every symbol, one after the other, as the published generator does."""
    iq = iq / np.sqrt(np.mean(np.abs(iq) ** 2))
    size, to_reference = config.size, 224 / config.size
    pitch = 2 * config.extent / size
    planes = []
    for half_width in config.half_widths:
        reach = math.ceil((half_width + 0.5) / to_reference)
        canvas = np.zeros((size + 4 * reach, size + 4 * reach))
        for point in iq:
            column = point.real / pitch + size / 2 - 0.5 + 2 * reach
            row = size / 2 - 0.5 - point.imag / pitch + 2 * reach
            c, r = round(column), round(row)
            if not (reach <= min(r, c) and max(r, c) < len(canvas) - reach):
                continue
            down = np.arange(r - reach, r + reach + 1)[:, None] - row
            across = np.arange(c - reach, c + reach + 1)[None, :] - column
            distance = np.hypot(down, across) * to_reference
            canvas[r - reach : r + reach + 1, c - reach : c + reach + 1] += np.exp(
                -5 / half_width * distance / math.sqrt(2)
            )
        inside = canvas[2 * reach : -2 * reach, 2 * reach : -2 * reach]
        planes.append(inside / inside.max())
    return np.stack(planes)


def seconds_per_image(draw: Callable[[], object], images: int) -> float:
    draw()
    rounds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        draw()
        rounds.append((time.perf_counter() - started) / images)
    return statistics.median(rounds)


def main() -> None:
    torch.set_num_threads(1)
    print(f"{'pixels':>6}  {'rfmae img/s':>12}  {'loop img/s':>12}  {'ratio':>6}")
    for size in (32, 64, 224):
        config = ImageConfig(size=size)
        batch = torch.from_numpy(symbols(32).astype(np.complex64))
        one = batch[0].numpy()
        ours = seconds_per_image(lambda b=batch, c=config: constellation_images(b, c), len(batch))
        loop = seconds_per_image(lambda o=one, c=config: published_loop(o, c), 1)
        print(f"{size:>6}  {1 / ours:>12,.0f}  {1 / loop:>12,.1f}  {loop / ours:>6.0f}")


if __name__ == "__main__":
    main()
