"""The precision and route of matrix products, chosen by measuring speed and error.

The best way cannot be derived from a processor's name: a library may be slow on another vendor's
processor, and the setting that sends float32 products through oneDNN keeps float32 on one machine
and rounds to bfloat16 on the next. So a product is timed in every available way and compared with
float64, in some fifty milliseconds.
"""

import ctypes
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any, Literal, cast, get_args

import torch
from torch import Tensor

from rfmae.artefacts import Card
from rfmae.errors import TrainingError

Precision = Literal["float32", "bfloat16"]
Wanted = Literal["auto", "float32", "bfloat16"]
Route = Literal["default", "onednn", "tf32"]
"""How products of float32 are computed: by default, through oneDNN, or as TF32."""

Way = Literal["float32", "onednn", "bfloat16"]
"""One way to multiply two matrices."""

EXACT = 2e-6  # float32 products differ from float64 by 4e-7, those rounded to bfloat16 by 3e-3
WORTHWHILE = 1.5  # times as fast; for less, noise would choose another way from run to run

_SIDE = 384  # on a processor: a millisecond or two
_SIDE_ON_A_GPU = 4096  # smaller ones measure the launch of kernels
_CORNER = 64  # rows and columns that are compared with float64
_REPEATS = 3  # at least, and for so long
_PATIENCE_SECONDS = 0.002
_ROUNDS = 2  # so that other load does not affect one way alone
_LARGEST_INT = 2**31 - 1
_TOP_PAD_BYTES = 2**26


@dataclass(frozen=True, slots=True)
class Measured:
    """Speed and error of matrix products in one way."""

    gflops: float  # billions of operations a second: on one core, or on the whole of a GPU
    relative_error: float  # against float64, both as Frobenius norms

    @property
    def exact(self) -> bool:
        """Whether the error is that of float32."""
        return self.relative_error <= EXACT


Measure = Callable[[Way, torch.device], Measured]


@dataclass(frozen=True, slots=True)
class Numerics:
    """The precision of products, the route of float32 ones, and the measurements."""

    precision: Precision
    route: Route
    measured: dict[Way, Measured]
    threads: int | None = None  # of a CPU; none leaves torch's default

    def __str__(self) -> str:
        rates = [
            f"{way} {found.gflops:.0f} (error {found.relative_error:.0e})"
            for way, found in self.measured.items()
        ]
        chosen = f"{self.precision}, {_IN_WORDS[self.route]}"
        if self.threads is not None:
            chosen += f", {self.threads} thread{'' if self.threads == 1 else 's'}"
        return f"{chosen}; GFLOP/s: {', '.join(rates)}" if rates else f"{chosen}, as requested"

    def as_card(self) -> Card:
        """Plain JSON, for the card of a run."""
        return asdict(self)

    @classmethod
    def from_card(cls, card: Card) -> "Numerics":
        """The inverse of `as_card`."""
        measured = {way: Measured(**found) for way, found in card["measured"].items()}
        return cls(card["precision"], card["route"], measured, card.get("threads"))


def probe(
    device: torch.device, wanted: str = "auto", *, measure: Measure | None = None
) -> Numerics:
    """Measure every way to multiply on a device, and choose one.

    `auto` takes bfloat16 where it is fast enough. A named precision is taken without a measurement,
    so that the choice is reproducible on a busy machine. `measure` replaces the measurement. Raises
    `TrainingError` for any other precision.
    """
    if wanted not in get_args(Wanted):
        known = ", ".join(get_args(Wanted))
        raise TrainingError(f"precision must be one of {known}, got {wanted!r}")
    if wanted != "auto":
        named = cast(Precision, wanted)
        return Numerics(named, _beside(named, device), {})
    with _one_thread():
        measured = _in_turns(_ways(device), device, measure or measure_product)
    precision = _fastest(measured)
    through_onednn = _best_exact(measured) == "onednn"
    return Numerics(precision, "onednn" if through_onednn else _beside(precision, device), measured)


def restored_precision(
    card: Card, device: torch.device, *, measure: Measure | None = None
) -> Numerics:
    """The numerics of a resumed run, from its card.

    An unavailable route falls back to the default: oneDNN where it is not exact on this machine,
    TF32 without a CUDA device.
    """
    known = Numerics.from_card(card)
    if known.route == "tf32" and device.type != "cuda":
        return replace(known, route="default")
    if known.route == "onednn" and not _exact_through_onednn(device, measure or measure_product):
        return replace(known, route="default")
    return known


def numerics_of(known: Card | None, device: torch.device, wanted: str) -> Numerics:
    """Those that a run was started with, by its card, or those measured on this machine."""
    return probe(device, wanted) if known is None else restored_precision(known, device)


@contextmanager
def apply_precision(numerics: Numerics) -> Iterator[None]:
    """Apply the numerics in this process, and restore the settings afterwards."""
    with _SETTINGS[numerics.route]():
        yield


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[None]:
    """Matrix products in the given precision; weights, losses and sums stay in float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


@cache
def tune_allocator() -> bool:
    """Let the process keep freed memory; returns whether the C library supports it.

    A training step frees and allocates the same large blocks over and over. glibc returns them to
    the system in between and gets them back page by page, each of them cleared. Kept, they hold
    the peak memory for the rest of the process. Without glibc nothing happens.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # no such function, no such library, no loader
        return False
    trim_threshold, top_pad, most_mappings = -1, -2, -4  # as malloc.h numbers them
    wanted = {most_mappings: 0, trim_threshold: _LARGEST_INT, top_pad: _TOP_PAD_BYTES}
    accepted = [mallopt(name, value) for name, value in wanted.items()]
    return all(accepted)


def measure_product(way: Way, device: torch.device) -> Measured:
    """Time a square product in one way and compare a corner of it with float64."""
    side = _SIDE if device.type == "cpu" else _SIDE_ON_A_GPU
    generator = torch.Generator(device).manual_seed(0)  # the same numbers for every way
    left, right = torch.rand(2, side, side, generator=generator, device=device) - 0.5
    dtype = torch.bfloat16 if way == "bfloat16" else torch.float32
    a, b = left.to(dtype), right.to(dtype)
    with _SETTINGS["onednn" if way == "onednn" else "default"]():
        product = a @ b  # the first one, which is slow
        seconds = _quickest(a, b)
    exact = left[:_CORNER].cpu().double() @ right[:, :_CORNER].cpu().double()
    off = product[:_CORNER, :_CORNER].cpu().double() - exact
    error = float(torch.linalg.norm(off) / torch.linalg.norm(exact))
    return Measured(round(2 * side**3 / seconds / 1e9, 1), float(f"{error:.2g}"))


def _quickest(a: Tensor, b: Tensor) -> float:
    """The shortest time of a product, in seconds."""
    seconds: list[float] = []
    while len(seconds) < _REPEATS or sum(seconds) < _PATIENCE_SECONDS:
        seconds.append(_seconds(a, b))
    return min(seconds)


def _seconds(a: Tensor, b: Tensor) -> float:
    """The wall time of one product, in seconds."""
    _finish(a.device)
    started = time.perf_counter()
    _ = a @ b
    _finish(a.device)
    return time.perf_counter() - started


def _finish(device: torch.device) -> None:
    """Wait until a GPU has finished its queue."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def _ways(device: torch.device) -> tuple[Way, ...]:
    """All ways that this device and this version of torch have."""
    if device.type == "cpu" and _onednn() is not None:
        return ("float32", "onednn", "bfloat16")
    return ("float32", "bfloat16")


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread, so that no barrier waits for a core that is busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _in_turns(ways: tuple[Way, ...], device: torch.device, measure: Measure) -> dict[Way, Measured]:
    """The fastest of some rounds for every way."""
    rounds = [{way: measure(way, device) for way in ways} for _ in range(_ROUNDS)]
    return {way: max((found[way] for found in rounds), key=lambda m: m.gflops) for way in ways}


def _fastest(measured: dict[Way, Measured]) -> Precision:
    """bfloat16 where it is fast enough against the best float32."""
    best = measured[_best_exact(measured)].gflops
    return "bfloat16" if measured["bfloat16"].gflops >= WORTHWHILE * best else "float32"


def _beside(precision: Precision, device: torch.device) -> Route:
    """The route of float32 beside a precision: TF32 on a GPU beside bfloat16."""
    return "tf32" if device.type == "cuda" and precision == "bfloat16" else "default"


def _best_exact(measured: dict[Way, Measured]) -> Way:
    """The way of float32 products: the default, unless oneDNN is exact and fast enough."""
    onednn = measured.get("onednn")
    if onednn is None or not onednn.exact:
        return "float32"
    worth_it = onednn.gflops >= WORTHWHILE * measured["float32"].gflops
    return "onednn" if worth_it else "float32"


def _exact_through_onednn(device: torch.device, measure: Measure) -> bool:
    return "onednn" in _ways(device) and measure("onednn", device).exact


def _onednn() -> Any:
    """Torch's setting of oneDNN's float32 products, or nothing where this torch has none."""
    setting = getattr(torch.backends.mkldnn, "matmul", None)
    usable = torch.backends.mkldnn.is_available() and hasattr(setting, "fp32_precision")
    return setting if usable else None


@contextmanager
def _through_onednn() -> Iterator[None]:
    """Float32 products through oneDNN, by the setting that permits rounding to bfloat16.

    Processors that multiply bfloat16 in whole tiles do round; the others do not.
    """
    setting = _onednn()
    before = setting.fp32_precision
    setting.fp32_precision = "bf16"
    try:
        yield
    finally:
        setting.fp32_precision = before


@contextmanager
def _in_tf32() -> Iterator[None]:
    """Float32 products on a GPU as TF32, by the setting that torch.compile reads as well."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


_SETTINGS: dict[Route, Callable[[], AbstractContextManager[None]]] = {
    "default": nullcontext,
    "onednn": _through_onednn,
    "tf32": _in_tf32,
}
_IN_WORDS: dict[Route, str] = {
    "default": "float32 by default",
    "onednn": "float32 through oneDNN",
    "tf32": "float32 as TF32",
}
