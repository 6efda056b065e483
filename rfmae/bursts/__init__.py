"""From a recording to its bursts, and what each of them is."""

from rfmae.bursts.classifier import BurstClassifier, load_burst_classifier
from rfmae.bursts.identifying import IdentifyOptions
from rfmae.bursts.recording import identify
from rfmae.bursts.records import BurstAnswer, RecordingAnswer
from rfmae.bursts.streaming import identify_stream

__all__ = [
    "BurstAnswer",
    "BurstClassifier",
    "IdentifyOptions",
    "RecordingAnswer",
    "identify",
    "identify_stream",
    "load_burst_classifier",
]
