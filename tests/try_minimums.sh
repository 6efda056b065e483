#!/usr/bin/env bash
# Whether the least versions that pyproject.toml states are true: exactly they are installed into a
# fresh environment, and commands and tests run with them. It is outside CI: what it says changes
# only with pyproject.toml, or where a dependency of a dependency moves on.
#
#   tests/try_minimums.sh [PYTHON]     python3.11 by default, the oldest that is supported
#   TORCH_FROM=.venv/lib/python3.11/site-packages tests/try_minimums.sh    takes the torch of another
#                                      environment, where the least one cannot be had
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
home=$(mktemp -d "${TMPDIR:-/tmp}/minimums.XXXXXX")
trap 'rm -rf "$home"' EXIT
export OMP_NUM_THREADS=1

"${1:-python3.11}" -m venv "$home/venv"
bin=$home/venv/bin
pip() { "$bin/python" -m pip "$1" --disable-pip-version-check --quiet "${@:2}"; }
least() { # the dependencies, each at its least version
    "$bin/python" - <<'PYTHON'
import tomllib

with open("pyproject.toml", "rb") as file:
    print(*tomllib.load(file)["project"]["dependencies"], sep="\n")
PYTHON
}
least | sed 's/>=/==/; s/ *#.*//' >"$home/least.txt"
if [ -n "${TORCH_FROM:-}" ]; then
    site=$("$bin/python" -c 'import site; print(site.getsitepackages()[0])')
    for part in "$TORCH_FROM"/torch "$TORCH_FROM"/torchgen "$TORCH_FROM"/functorch \
        "$TORCH_FROM"/torch-*.dist-info; do
        ln -s "$(realpath "$part")" "$site/"
    done
    sed -i '/^torch==/d' "$home/least.txt"
    pip install filelock fsspec networkx sympy typing-extensions
else
    pip install "$(grep '^torch==' "$home/least.txt")" --index-url https://download.pytorch.org/whl/cpu
fi
pip install -r "$home/least.txt" "setuptools>=77" "pytest>=8"
git archive HEAD | tar -x -C "$home" --one-top-level=source
pip install --no-deps --no-build-isolation "$home/source"

cd "$home"
cat >tiny.toml <<'TOML'
schema = 1
name = "tiny"
about = "A few short examples."
seed = 7
source.modulations = ["BPSK", "16QAM", "GMSK"]
source.symbols_per_example = 64
source.samples_per_symbol = 2
source.channel.snr = "0:10:10"
image.size = 32
splits = { train = 4, validation = 2, test = 2 }
TOML
"$bin/python" - <<'PYTHON'
import numpy as np

rng = np.random.default_rng(0)
iq = rng.normal(size=(40, 64, 2)).astype(np.float32).view(np.complex64)[..., 0]
np.savez("arrays.npz", iq=iq, label=np.tile(["QPSK", "BPSK"], 20))
PYTHON
tried() {
    echo "rfmae $*"
    "$bin/rfmae" "$@" >said.txt 2>&1 || { cat said.txt; exit 1; }
}
tried --help
tried classify --help
tried synth --recipe tiny.toml --workers 2 --out data
tried synth --recipe tiny.toml --format sigmf --out recordings
tried import arrays.npz --out imported
tried audit data --out audit
tried pretrain --data data --preset tiny --epochs 1 --device cpu --out pretrained
tried probe --data data --model pretrained --device cpu --out probe
tried finetune --data data --network cnn --epochs 1 --device cpu --out classifier
tried baseline cumulants --data data --out cumulants
tried eval-snr --data data --model classifier --model cumulants --device cpu --out report
tried plot data --out figure.png
# the rooms of which each of these libraries has its own; komm and others are no dependencies
cd source
"$bin/python" -m pytest -m "not slow" -p no:cacheprovider -W ignore::DeprecationWarning \
    tests/captures tests/configuration tests/datasets tests/imports tests/baselines \
    tests/reporting tests/cli/test_help.py tests/cli/test_data_commands.py \
    --ignore tests/imports/test_class_names.py --ignore tests/reporting/test_page_in_browser.py \
    --deselect tests/captures/test_sigmf_metadata.py::test_samples_after_a_header_and_before_a_trailer_are_read
echo "the least versions of $repository/pyproject.toml work"
