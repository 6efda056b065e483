"""From bits to observed symbols: modulation, pulse, channel and receiver, in numpy and scipy."""

import numpy as np

# glibc gives freed blocks back to the system until it has seen a larger one freed, and fresh pages
# in every batch cost as much as the noise that they hold. This one is freed untouched.
np.empty(31 * 2**20, np.uint8)
