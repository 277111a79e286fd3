#!/usr/bin/env bash
# Builds nonlinear flows, writes them in every format, and samples from each in the client it is for.
#
#   check_flows.sh DIR
#
# DIR holds verify, and node_modules with onnxruntime-node in DIR/node; the files are written there. PYTHON names another interpreter than python3.
set -euo pipefail
tools=$(cd "$(dirname "$0")" && pwd)
cd "$1"
python=${PYTHON:-python3}
./verify universal -o nonlinear.py

# Sums of hinges lose all of float32 where delta is small: they are run where they can be.
for case in "ring 0.1 1|1" "linked-rings 0.2 1|2" "square 0.5 1|0 -relu" "linked-rings 0.5 2|1 -relu"; do
  read -r target delta blocks form <<<"$case"
  build() { ./verify universal -target "$target" -delta "$delta" -partition "$blocks" -json "$@"; }
  build -o plain.npz >report.json
  build -o plain.json >/dev/null
  "$python" "$tools/check_flow_npz.py" plain.npz report.json
  if [ -n "$form" ]; then
    build $form -o hinges.npz >/dev/null
    "$python" "$tools/check_flow_npz.py" hinges.npz report.json
  fi
  for dtype in float64 float32; do
    build $form -dtype $dtype -o flow.safetensors >/dev/null
    "$python" "$tools/check_flow_torch.py" nonlinear.py flow.safetensors plain.npz report.json
    build $form -dtype $dtype -o forward.onnx >/dev/null
    build $form -dtype $dtype -inverse -o backward.onnx >/dev/null
    (cd node && node "$tools/check_flow_onnx.mjs" ../forward.onnx ../backward.onnx ../plain.json ../report.json)
  done
done
