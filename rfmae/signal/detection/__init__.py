"""Detection: which stretches of time and frequency of a recording hold a signal."""

from rfmae.signal.detection.burst import Burst, DetectionOptions
from rfmae.signal.detection.detecting import detect
from rfmae.signal.detection.isolating import Isolated, isolate
from rfmae.signal.detection.streaming import detect_stream

__all__ = ["Burst", "DetectionOptions", "Isolated", "detect", "detect_stream", "isolate"]
