#!/usr/bin/env bash
# Package: TorchSig 2.2.0 from PyPI, with torch 2.13.0, torchaudio 2.11.0 and numpy 2.3.4.
#
# Guess: `am_modulator("dsb", …)` makes amplitude modulation with a carrier whose envelope is the message: most
# signals stay below full depth, and the class differs from "dsb-sc" by a strong carrier.
#
# Seen on 2026-11-30: the depth is the square of a number drawn from 0.8 to 4, once for the carrier and once for
# the message. Of 200 signals 95 % go past full depth, half of them six times as far and more, so that the
# envelope is no longer the message; and in one of four the carrier has less than 15 % of the
# power: near "dsb-sc".
#
# Output seen:
#   past full depth: 95%
#   depth, quartiles: 2.6 5.8 9.6
#   carrier power, quartiles: 0.15 0.32 0.73
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
install() { env/bin/python -m pip install -q --disable-pip-version-check "$@" 2>pip.log || { cat pip.log; exit 1; }; }
install "torch==2.13.0" --extra-index-url https://download.pytorch.org/whl/cpu
install "numpy==2.3.4" "scipy==1.16.3" "matplotlib==3.10.7" tqdm pyyaml h5py soundfile opencv-python-headless pytorch-lightning
install --no-deps "torchsig==2.2.0" "torchaudio==2.11.0"
rm -f env/lib/python3*/site-packages/torchaudio/lib/*.so  # they want the libraries of CUDA; it does without
cat > depth.py <<'PY'
import numpy as np
from torchsig.signals.builders.am import am_modulator

depths, carriers = [], []
for seed in range(200):
    sent = am_modulator("dsb", 0.25, 1.0, 20_000, np.random.default_rng(seed)).real[200:-200]
    carrier = sent.mean()
    depths.append(np.abs(sent - carrier).max() / carrier)
    carriers.append(carrier**2 / np.mean(sent**2))
print(f"past full depth: {np.mean(np.array(depths) > 1):.0%}")
print("depth, quartiles:", *(f"{value:.1f}" for value in np.quantile(depths, (0.25, 0.5, 0.75))))
print("carrier power, quartiles:", *(f"{value:.2f}" for value in np.quantile(carriers, (0.25, 0.5, 0.75))))
PY
env/bin/python depth.py 2>warnings > seen || { cat warnings; exit 1; }
cat seen
diff seen - <<'SEEN'
past full depth: 95%
depth, quartiles: 2.6 5.8 9.6
carrier power, quartiles: 0.15 0.32 0.73
SEEN
