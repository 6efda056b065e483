"""Detection: which stretches of time and frequency of a recording hold a signal."""

from rfmae.signal.detection.burst import Burst, DetectionOptions
from rfmae.signal.detection.detecting import detect
from rfmae.signal.detection.isolating import Isolated, isolate

__all__ = ["Burst", "DetectionOptions", "Isolated", "detect", "isolate"]
