#!/usr/bin/env bash
# Package: SigMF 1.14.0 from PyPI, with numpy 2.3.4.
#
# Guess: samples of cu32 and of ci32 that differ by the offset of half the range alone read as the
# same numbers, for 32 bits less the offset are small near the middle and exact in single precision.
#
# Seen on 2026-11-30: ci32 gives every step of the converter near zero, cu32 gives multiples of 128 of them alone.
# The offset is subtracted after the conversion to single precision, whose 24 bits end 7 bits above
# the last of a number near 2^31. A recording 120 dB below full scale is silence in one type and whole
# in the other.
#
# Output seen:
#   ci32 [0.0, 1.0, -1.0, 100.0, -100.0, 1000.0]
#   cu32 [0.0, 0.0, 0.0, 0.0, -128.0, 1024.0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install -q --disable-pip-version-check "SigMF==1.14.0" "numpy==2.3.4" 2>pip.log || { cat pip.log; exit 1; }
cat > steps.py <<'PY'
import json

import numpy as np
from sigmf import sigmffile

STEPS = np.array([0, 1, -1, 100, -100, 1000])


def read(name, values):
    np.stack([values, np.full_like(values, values[0])], axis=1).tofile(f"{name}.sigmf-data")
    stated = {"core:datatype": f"{name}_le", "core:version": "1.2.0", "core:sample_rate": 1}
    meta = {"global": stated, "captures": [{"core:sample_start": 0}], "annotations": []}
    with open(f"{name}.sigmf-meta", "w") as file:
        json.dump(meta, file)
    return sigmffile.fromfile(f"{name}.sigmf-meta").read_samples()


for name, values in (("ci32", STEPS.astype("<i4")), ("cu32", (STEPS + 2**31).astype("<u4"))):
    print(name, (read(name, values).real * 2.0**31).tolist())
PY
env/bin/python steps.py > seen
cat seen
diff seen - <<'SEEN'
ci32 [0.0, 1.0, -1.0, 100.0, -100.0, 1000.0]
cu32 [0.0, 0.0, 0.0, 0.0, -128.0, 1024.0]
SEEN
