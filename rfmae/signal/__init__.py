"""From bits to observed symbols: modulation, pulse, channel and receiver, in numpy and scipy."""
