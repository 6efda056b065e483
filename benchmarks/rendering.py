"""Images per second, ours beside peers: the same points, one core, one run.

Everybody draws 1,024 symbols of 16QAM at Es/N0 10 dB. Turns go round, and a ratio is the median of
the ratios in each round.

- decay: three planes of half-widths 5, 25 and 50, beside the published algorithm in numpy, which
  stamps exponentials around one point after the other;
- counts: points in each pixel, beside numpy.histogram2d and fast-histogram;
- density: one plane of logarithms, beside the same points plotted by matplotlib into a buffer, in
  a figure used again or in a new one.

Ours start from complex I/Q, which they bring to unit rms; peers are given points that are ready. A
peer that is not installed is left out; `pip install fast-histogram` brings the one that may lack.
Where there is a CUDA device, ours are measured on it too.

    python benchmarks/rendering.py [ROUNDS]
"""

import importlib.util
import math
import statistics
import sys
from collections.abc import Callable, Iterator

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from measuring import take_turns, times_as_long, use_one_thread
from torch import Tensor

from rfmae.imaging.density import counts
from rfmae.imaging.grid import pixel_coordinates
from rfmae.imaging.planes import plane_points
from rfmae.imaging.render import constellation_images
from rfmae.records import ImageConfig, Plane
from rfmae.signal.channel import white_noise
from rfmae.signal.modulations import MODULATIONS
from rfmae.units import db_to_ratio

SYMBOLS, ES_N0_DB = 1024, 10.0
HALF_WIDTHS = (5, 25, 50)
SIZES = (32, 64, 224)
BATCH, CUDA_BATCH = 64, 1024
ROUNDS = 9
DECAY_PLANES = tuple(Plane("symbols", "decay", half_width=b) for b in HALF_WIDTHS)
OURS = "rfmae"

Draw = Callable[[], object]
Render = Callable[[Tensor], Tensor]


def frames(count: int) -> Tensor:
    """I/Q (count, 1024) of 16QAM in noise."""
    rng = np.random.default_rng(0)
    sent = MODULATIONS["16QAM"].alphabet[rng.integers(0, 16, (count, SYMBOLS))]
    noise = white_noise((count, SYMBOLS), 1 / db_to_ratio(ES_N0_DB), rng)
    return torch.from_numpy((sent + noise).astype(np.complex64))


def ready_points(count: int) -> Iterator[np.ndarray]:
    """Endless points (2, 1024) of one frame after the other, of unit rms, as peers expect."""
    points = plane_points(frames(count), "symbols").double().movedim(-1, 1).contiguous().numpy()
    while True:
        yield from points


# --- ours


def render_decay(size: int) -> Render:
    config = ImageConfig(size=size, planes=DECAY_PLANES)
    return lambda iq: constellation_images(iq, config)


def render_density(size: int) -> Render:
    config = ImageConfig(size=size, planes=(Plane("symbols", "density"),))
    return lambda iq: constellation_images(iq, config)


def render_counts(size: int) -> Render:
    extent = ImageConfig().extent
    return lambda iq: counts(*pixel_coordinates(plane_points(iq, "symbols"), size, extent), size)


# --- peers


def published_loop(size: int) -> Draw:
    """A kernel around every symbol, one after the other, as in the published generator."""
    extent, points = ImageConfig().extent, ready_points(1)
    return lambda: np.stack([stamped(next(points).T, b, size, extent) for b in HALF_WIDTHS])


def stamped(points: np.ndarray, half_width: int, size: int, extent: float) -> np.ndarray:
    """A plane (size, size) of points (P, 2)."""
    to_reference, pitch = 224 / size, 2 * extent / size
    reach = math.ceil((half_width + 0.5) / to_reference)
    canvas = np.zeros((size + 4 * reach, size + 4 * reach))
    for in_phase, quadrature in points:
        column = in_phase / pitch + size / 2 - 0.5 + 2 * reach
        row = size / 2 - 0.5 - quadrature / pitch + 2 * reach
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
    return inside / inside.max()


def histogram_peers(size: int) -> dict[str, Draw]:
    extent, points = ImageConfig().extent, ready_points(BATCH)
    axes = [[-extent, extent], [-extent, extent]]
    peers: dict[str, Draw] = {
        "numpy.histogram2d": lambda: np.histogram2d(*next(points), bins=size, range=axes)
    }
    if importlib.util.find_spec("fast_histogram"):
        from fast_histogram import histogram2d

        peers["fast-histogram"] = lambda: histogram2d(*next(points), bins=size, range=axes)
    return peers


def new_figure(size: int) -> tuple[FigureCanvasAgg, Line2D]:
    """A figure of size by size pixels without margins, and its points."""
    figure = Figure(figsize=(size / 100, size / 100), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    extent = ImageConfig().extent
    axes.set(xlim=(-extent, extent), ylim=(-extent, extent))
    (line,) = axes.plot([], [], ",")
    return canvas, line


def plotted(canvas: FigureCanvasAgg, line: Line2D, points: np.ndarray) -> np.ndarray:
    """RGB (size, size, 3) of points (2, P)."""
    line.set_data(*points)
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])


def matplotlib_peers(size: int) -> dict[str, Draw]:
    points, reused = ready_points(BATCH), new_figure(size)
    return {
        "matplotlib, one figure": lambda: plotted(*reused, next(points)),
        "matplotlib, new figures": lambda: plotted(*new_figure(size), next(points)),
    }


# --- tables


def compare(title: str, ours: Render, peers: dict[str, Draw], rounds: int) -> None:
    """A line for us and for each peer: images a second and how many times as fast we are."""
    iq = frames(BATCH)
    measured = take_turns({OURS: lambda: ours(iq), **peers}, rounds)
    for name, seconds in measured.items():
        images = BATCH if name == OURS else 1
        cells = ""
        for clock in ("processor", "wall"):
            rate = images / statistics.median(getattr(seconds, clock))
            batch, one = getattr(measured[OURS], clock), getattr(seconds, clock)
            faster = times_as_long(batch, one) * BATCH / images
            cells += f"{rate:>13,.1f}" + (f"{faster:>8,.1f}×" if name != OURS else " " * 9)
        print(f"{title:<16}{name:<24}{cells}")


def measure_on_one_core(rounds: int) -> None:
    print(f"Images a second on one core, and rfmae over this; medians of {rounds} rounds")
    print(f"{'':<40}{'of processor time':>22}{'by the clock':>22}")
    for size in SIZES:
        loop = {"published loop, numpy": published_loop(size)}
        compare(f"decay {size} px", render_decay(size), loop, rounds)
    compare("counts 224 px", render_counts(224), histogram_peers(224), rounds)
    compare("density 224 px", render_density(224), matplotlib_peers(224), rounds)


def measure_on_cuda(rounds: int) -> None:
    print(f"\nImages a second on {torch.cuda.get_device_name()}; medians of {rounds} rounds")
    iq = frames(CUDA_BATCH).cuda()
    renderers = {f"decay {size} px": render_decay(size) for size in SIZES}
    renderers |= {"counts 224 px": render_counts(224), "density 224 px": render_density(224)}
    for name, render in renderers.items():

        def draw(render: Render = render) -> None:
            render(iq)
            torch.cuda.synchronize()

        seconds = statistics.median(take_turns({OURS: draw}, rounds)[OURS].wall)
        print(f"{name:<16}{CUDA_BATCH / seconds:>13,.0f}")


@torch.inference_mode()
def main() -> None:
    use_one_thread()
    torch.set_num_threads(1)
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    measure_on_one_core(rounds)
    if torch.cuda.is_available():
        measure_on_cuda(rounds)


if __name__ == "__main__":
    main()
