#!/usr/bin/env bash
# Package: liquid-dsp 1.8.3 from PyPI, whose module carries the C library, with numpy 2.3.4.
#
# Guess: `fskmod_create(m, k, bandwidth)`, whose bandwidth liquid.h calls the total bandwidth of the
# signal, sends its lowest and its highest tone that far apart: 0.1 is −0.05 and 0.05 cycles a sample.
#
# Seen on 2026-11-30: it is the distance of the outer tones from the middle. Two tones of 0.1 are 0.2 apart,
# so a modulation index that was meant as 0.8 is 1.6, and four tones have twice the spacing as well.
#
# Output seen:
#   2 tones, bandwidth 0.1: -0.100 0.100
#   4 tones, bandwidth 0.1: -0.100 -0.033 0.033 0.100
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install -q --disable-pip-version-check "liquid-dsp==1.8.3" "numpy==2.3.4" 2>pip.log || { cat pip.log; exit 1; }
cat > tones.py <<'PY'
import ctypes

import liquid
import numpy as np

RATE, BANDWIDTH = 16, 0.1
library = ctypes.CDLL(liquid.__file__)
library.fskmod_create.restype = ctypes.c_void_p
library.fskmod_create.argtypes = [ctypes.c_uint, ctypes.c_uint, ctypes.c_float]
library.fskmod_modulate.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p]

for bits in (1, 2):
    modulator = library.fskmod_create(bits, RATE, BANDWIDTH)
    tones = []
    for symbol in range(2**bits):
        sent = np.zeros(RATE, np.complex64)
        library.fskmod_modulate(modulator, symbol, sent.ctypes.data)
        tones.append(np.angle(sent[1:] * sent[:-1].conj()).mean() / (2 * np.pi))
    print(f"{2**bits} tones, bandwidth {BANDWIDTH}:", *(f"{tone:.3f}" for tone in sorted(tones)))
PY
env/bin/python tones.py > seen
cat seen
diff seen - <<'SEEN'
2 tones, bandwidth 0.1: -0.100 0.100
4 tones, bandwidth 0.1: -0.100 -0.033 0.033 0.100
SEEN
