#!/bin/sh
# Makes an environment beside this file with what runs .tflite files, then measures. Arguments go to measure.py.
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-python3}
venv=${VENV:-venv}
if ! command -v "$python" >/dev/null 2>&1; then
  echo "There is no $python on this device; install Python 3.9 or newer." >&2
  exit 2
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))'; then
  echo "$python is older than 3.9 here; install a newer Python and name it: PYTHON=python3.11 sh run.sh" >&2
  exit 2
fi
if "$python" -c 'import numpy, ai_edge_litert.interpreter' 2>/dev/null ||
  "$python" -c 'import numpy, tflite_runtime.interpreter' 2>/dev/null; then
  exec "$python" measure.py "$@"
fi
if [ ! -f "$venv/ready" ]; then
  rm -rf "$venv"
  if ! "$python" -m venv "$venv" >venv.log 2>&1; then
    rm -rf "$venv"
    echo "$python cannot make an environment; on Debian and Raspberry Pi OS: sudo apt install python3-venv" >&2
    exit 2
  fi
  if [ -d wheels ]; then from="--no-index --find-links wheels"; else from=""; fi
  echo "[  0 %] installing what runs .tflite files"
  pip() { "$venv/bin/python" -m pip install --disable-pip-version-check --quiet $from "$@" >>venv.log 2>&1; }
  if ! pip ai-edge-litert numpy && ! pip tflite-runtime "numpy<2"; then
    tail -n 3 venv.log >&2
    echo "Neither ai-edge-litert nor tflite-runtime can be installed here; without a network, pack wheels into the" \
      "bundle with --wheels." >&2
    exit 2
  fi
  : >"$venv/ready"
fi
exec "$venv/bin/python" measure.py "$@"
