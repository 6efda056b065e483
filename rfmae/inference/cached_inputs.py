"""Cached inputs for several networks that read the same examples."""

import math
from collections.abc import Callable, Iterable, Iterator

import torch

from rfmae.imaging.network_inputs import input_shapes
from rfmae.inference.answering import SignalClassifier
from rfmae.inference.input_pipeline import InputPipeline
from rfmae.models.vit import Inputs
from rfmae.records import FloatArray, View, Views

_MOST_KEPT = 2**27  # numbers, half a gigabyte

Read = Callable[[tuple[View, ...]], Iterable[Views]]
"""The examples in the named views, in batches, always in the same order."""


class CachedInputs:
    """Rendered inputs of the same examples, kept for the next classifier with the same inputs."""

    def __init__(self, read: Read, examples: int) -> None:
        self._read, self._examples = read, examples
        self._pipeline: InputPipeline | None = None
        self._kept: list[Inputs] = []

    def answers(self, classifier: SignalClassifier) -> FloatArray:
        """Probabilities (N, M) of all examples, in their order."""
        return classifier.of_inputs(self._batches(classifier.pipeline, classifier.device))

    def _batches(self, pipeline: InputPipeline, device: torch.device) -> Iterable[Inputs]:
        if self._examples * _numbers(pipeline) > _MOST_KEPT:
            return self._rendered(pipeline, device)
        if pipeline != self._pipeline:
            self._kept, self._pipeline = list(self._rendered(pipeline, device)), pipeline
        return self._kept

    def _rendered(self, pipeline: InputPipeline, device: torch.device) -> Iterator[Inputs]:
        for views in self._read(pipeline.views):
            yield from _inputs(pipeline, views, device)


@torch.inference_mode()
def _inputs(pipeline: InputPipeline, views: Views, device: torch.device) -> list[Inputs]:
    return list(pipeline.inputs(views, device))


def _numbers(pipeline: InputPipeline) -> int:
    """How many numbers the inputs of one example have."""
    shapes = input_shapes(pipeline.image, pipeline.modalities, pipeline.samples)
    return sum(math.prod(shape) for shape in shapes.values())
