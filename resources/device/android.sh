#!/bin/sh
# Measures the files of this bundle on a phone that is connected with adb: sh android.sh benchmark_model [taskset mask]
# benchmark_model is TensorFlow Lite's or LiteRT's tool for the phone's processor; see PHONES.txt.
set -eu
cd "$(dirname "$0")"
if [ $# -lt 1 ] || [ ! -f "$1" ]; then
  echo "Name the tool for the phone: sh android.sh PATH/benchmark_model" >&2
  exit 2
fi
if ! adb get-state >/dev/null 2>&1; then
  echo "adb finds no phone; connect one, allow debugging on it, and look with: adb devices" >&2
  exit 2
fi
there=/data/local/tmp/nutshell
out=android-results
mkdir -p "$out"
tell() { adb shell "$@" </dev/null | tr -d '\r' | head -n 1; }
adb shell "mkdir -p $there" </dev/null
adb push "$1" "$there/benchmark_model" >/dev/null
adb shell "chmod 755 $there/benchmark_model" </dev/null
bundle=$(sed -n 's/^ *"bundle": "\([0-9a-f]*\)".*/\1/p' manifest.json)
{
  echo "bundle=$bundle"
  echo "begun=$(date -u +%Y-%m-%dT%H:%M:%SZ)"
  echo "name=$(tell getprop ro.product.manufacturer) $(tell getprop ro.product.model)"
  echo "board=$(tell getprop ro.board.platform)"
  echo "cpu=$(tell getprop ro.soc.model)"
  echo "cores=$(tell nproc)"
  echo "architecture=$(tell getprop ro.product.cpu.abi)"
  echo "system=Android $(tell getprop ro.build.version.release)"
  echo "kernel=$(tell uname -r)"
} >"$out/device.txt"
run="cd $there; ${2:+taskset $2 }./benchmark_model --warmup_runs=5 --num_runs=100 --max_secs=60"
run="$run --report_peak_memory_footprint=true"
for file in models/*.tflite; do
  name=$(basename "$file" .tflite)
  adb push "$file" "$there/model.tflite" >/dev/null
  echo "sha256.$name=$(tell sha256sum $there/model.tflite | cut -d ' ' -f 1)" >>"$out/device.txt"
  for way in cpu-1 cpu-4 gpu nnapi profile; do
    case $way in
    cpu-1) with="--num_threads=1" ;;
    cpu-4) with="--num_threads=4" ;;
    gpu) with="--use_gpu=true" ;;
    nnapi) with="--use_nnapi=true" ;;
    profile) with="--num_threads=1 --enable_op_profiling=true" ;;
    esac
    echo "$name, $way"
    # What fails, such as a phone without NNAPI, is read back as that.
    adb shell "$run --graph=$there/model.tflite $with 2>&1" </dev/null >"$out/$name.$way.txt" || true
  done
done
adb shell "rm -rf $there" </dev/null
echo "Take the folder back to Nutshell: python main.py device import RUN $out"
