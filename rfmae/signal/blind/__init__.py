"""A blind receiver: from a recording of unknown rate and carrier to symbols."""

from rfmae.signal.blind.receiving import receive
from rfmae.signal.blind.reception import BLIND, ReceiveOptions, Reception
from rfmae.signal.blind.spectrum import Estimate

__all__ = ["BLIND", "Estimate", "ReceiveOptions", "Reception", "receive"]
