"""Signal processing: modulation, pulse shaping, channel, receiver and demodulation, in numpy."""

import numpy as np

# glibc returns freed blocks to the system until a larger one was freed, and fresh pages in every
# batch cost as much as the noise that they hold. This one is freed untouched.
np.empty(31 * 2**20, np.uint8)
