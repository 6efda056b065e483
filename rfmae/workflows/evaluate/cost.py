"""Cost of inference: time, parameters, multiply-accumulates, memory."""

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rfmae.errors import ShapeError
from rfmae.evaluation.classification import EvaluationBatch
from rfmae.models.counting import gpu_peak_mib, multiplications, parameters_of, threads
from rfmae.records import Cost, FloatArray
from rfmae.workflows.evaluate.memory import process_peak_mib
from rfmae.workflows.evaluate.predictors import Predictor

BATCH = 256
"""Examples at a time of the throughput and of the peak memory, or as many as there are."""

_CALLS = 100
_SECONDS = 2.0  # a slow predictor is called less often
_WARM_UP_CALLS = 3


def measure_cost(predictor: Predictor, observed: EvaluationBatch) -> Cost:
    """The cost of a predictor on this machine, measured with some examples (N, …).

    Latency is from I/Q to probabilities, drawing of images included, one example at a time:
    percentiles of 100 calls, or of as many as fit into two seconds. The throughput is that of
    batches of `BATCH`. Parameters and multiply-accumulates are those of the network alone, where
    there is one (see `multiplications`). Peak memory is that of the GPU's tensors, or of a fresh
    process that opens the predictor and classifies one batch, its libraries included.
    """
    examples = len(next(iter(observed.values())))
    if not examples:
        raise ShapeError("cost is measured on at least one example, got none")
    singles = [_rows(observed, slice(row, row + 1)) for row in range(min(examples, _CALLS))]
    batch = _rows(observed, slice(BATCH))
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
        peak_memory_mib=_peak_memory_mib(predictor, batch),
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


def _peak_memory_mib(predictor: Predictor, batch: EvaluationBatch) -> float | None:
    if predictor.device.startswith("cuda"):
        return gpu_peak_mib(lambda: predictor.answer(batch), predictor.device)
    examples = len(next(iter(batch.values())))
    return None if predictor.origin is None else process_peak_mib(predictor.origin, examples)


def _rows(observed: EvaluationBatch, rows: slice) -> EvaluationBatch:
    return {
        view: replace(batch, iq=batch.iq[rows], label=batch.label[rows], snr_db=batch.snr_db[rows])
        for view, batch in observed.items()
    }
