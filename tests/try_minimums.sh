#!/usr/bin/env bash
# Whether the least versions that pyproject.toml states are true: they are installed exactly, in a
# fresh environment, and commands and tests run with them. Not part of CI: the versions never change.
#
#   tests/try_minimums.sh [PYTHON]        PYTHON is the oldest that is supported, python3.11 by default
#
# torch comes from the index of CPU wheels; TORCH_FROM=SITE-PACKAGES takes one that is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
home=$(mktemp -d "${TMPDIR:-/tmp}/minimums.XXXXXX")
trap 'rm -rf "$home"' EXIT
"${1:-python3.11}" -m venv "$home/venv"
bin=$home/venv/bin
"$bin/python" - >"$home/least.txt" <<'PYTHON'
import tomllib

for line in tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"]:
    print(line.replace(">=", "=="))
PYTHON
pip="$bin/python -m pip install --disable-pip-version-check --quiet"
if [ -n "${TORCH_FROM:-}" ]; then
    site=$("$bin/python" -c "import site; print(site.getsitepackages()[0])")
    for part in torch torchgen functorch "torch-*.dist-info"; do
        # shellcheck disable=SC2086
        ln -s "$TORCH_FROM"/$part "$site/"
    done
    sed -i '/^torch==/d' "$home/least.txt"
    $pip filelock fsspec jinja2 networkx setuptools sympy typing-extensions
else
    $pip "$(grep '^torch==' "$home/least.txt")" --index-url https://download.pytorch.org/whl/cpu
fi
$pip "setuptools>=77"
$pip -r "$home/least.txt" pytest pytest-xdist
$pip --no-deps --no-build-isolation -e . 
"$bin/python" -m pip list --disable-pip-version-check
