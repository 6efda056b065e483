"""Cost of inference: time, parameters, multiply-accumulates, memory."""

import math
import time
from collections.abc import Callable

import numpy as np

from rfmae.errors import ShapeError
from rfmae.evaluation.classification import EvaluationBatch
from rfmae.evaluation.counting import gpu_peak_mib, multiplications, parameters_of, threads
from rfmae.evaluation.predictor import Origin, Predictor, examples_of
from rfmae.records import Cost, FloatArray

BATCH = 256
"""Examples at a time of the throughput and of the peak memory, or as many as there are."""

_CALLS = 100
_SECONDS = 2.0  # a slow predictor is called less often
_WARM_UP_CALLS = 3

ProcessPeak = Callable[[Origin, int], float | None]
"""The peak memory in MiB of a fresh process that opens a predictor for so many examples."""


def measure_cost(
    predictor: Predictor,
    observed: EvaluationBatch,
    process_peak_mib: ProcessPeak | None = None,
) -> Cost:
    """The cost of a predictor on this machine, measured with some examples (N, …).

    Latency is from I/Q to probabilities, drawing of images included, one example at a time:
    percentiles of 100 calls, or of as many as fit into two seconds. The throughput is that of
    batches of `BATCH`. Parameters and multiply-accumulates are those of the network alone, where
    there is one (see `multiplications`). Peak memory is that of the GPU's tensors, or of a fresh
    process that opens the predictor and classifies one batch, its libraries included, which
    `process_peak_mib` measures; without it, that memory is unknown.
    """
    examples = len(next(iter(observed.values())))
    if not examples:
        raise ShapeError("cost is measured on at least one example, got none")
    singles = [examples_of(observed, slice(row, row + 1)) for row in range(min(examples, _CALLS))]
    batch = examples_of(observed, slice(BATCH))
    latency_s = _latencies_s(predictor, singles)
    network = predictor.network
    return Cost(
        parameters=None if network is None else parameters_of(network),
        macs=None
        if network is None
        else multiplications(network, lambda: predictor.answer(singles[0])),
        latency_p50_ms=1e3 * float(np.percentile(latency_s, 50)),
        latency_p95_ms=1e3 * float(np.percentile(latency_s, 95)),
        examples_per_second=_examples_per_second(predictor, batch),
        batch_size=min(BATCH, examples),
        peak_memory_mib=_peak_memory_mib(predictor, batch, process_peak_mib),
        device=predictor.device,
        threads=threads(),
    )


def _latencies_s(predictor: Predictor, singles: list[EvaluationBatch]) -> FloatArray:
    """Seconds of each of some calls with one example."""
    for one in singles[:_WARM_UP_CALLS]:
        predictor.answer(one)
    return np.array(_timed(lambda call: predictor.answer(singles[call % len(singles)])))


def _examples_per_second(predictor: Predictor, batch: EvaluationBatch) -> float:
    """Of whole batches; the median is robust against the first one, which is slower."""
    seconds = _timed(lambda _: predictor.answer(batch))
    return len(next(iter(batch.values()))) / max(float(np.median(seconds)), 1e-9)


def _timed(call: Callable[[int], object]) -> list[float]:
    """Seconds of each call, a hundred at most and none started after two seconds."""
    seconds: list[float] = []
    while len(seconds) < _CALLS and math.fsum(seconds) < _SECONDS:
        begun = time.perf_counter()
        call(len(seconds))
        seconds.append(time.perf_counter() - begun)
    return seconds


def _peak_memory_mib(
    predictor: Predictor, batch: EvaluationBatch, process_peak_mib: ProcessPeak | None
) -> float | None:
    if predictor.device.startswith("cuda"):
        return gpu_peak_mib(lambda: predictor.answer(batch), predictor.device)
    if predictor.origin is None or process_peak_mib is None:
        return None
    return process_peak_mib(predictor.origin, len(next(iter(batch.values()))))
