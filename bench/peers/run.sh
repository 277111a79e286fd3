#!/usr/bin/env bash
# Side by side: exact composition of the six layers of a random rotation, by
# FLINT and by this project, on the same files, in turn. Prints medians over
# ROUNDS rounds of the median within a round, of seconds and of seconds of
# processor time, which other work on the machine disturbs less, and the peak
# memory of a single run.
#
#   bench/peers/run.sh [MODE [N ...]]      MODE: block (default), residual,
#                                          wideBITS (see flint_compose.c)
#
# Needs gcc, unzip, and Debian's libflint-dev.
set -euo pipefail
cd "$(dirname "$0")/../.."
mode=${1:-block}
shift || true
sizes=${*:-8 16 32 64 128 256 512 1024}
rounds=${ROUNDS:-5}
work=${WORK:-$(mktemp -d)}
[ -n "${WORK:-}" ] || trap 'rm -rf "$work"' EXIT

gcc -O2 -o "$work/flint_compose" bench/peers/flint_compose.c -lflint -lgmp -lm
go build -o "$work/compose" ./bench/peers/compose

median() { sort -g | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }

column() { cut -d' ' -f"$2" "$1" | median; }

printf '%5s %7s  %10s %10s %7s  %10s %10s %7s  %9s %9s\n' n threads "FLINT ms" "ours ms" ratio "FLINT cpu" "ours cpu" ratio "FLINT MB" "ours MB"
for n in $sizes; do
  dir=$work/layers$n
  if [ ! -d "$dir" ]; then
    [ -x "$work/verify" ] || go build -o "$work/verify" ./cmd/verify
    "$work/verify" -d "$n" -target random-orthogonal -o "$work/layers.npz" >/dev/null
    mkdir "$dir"
    unzip -q "$work/layers.npz" -d "$dir"
  fi
  runs=$((n >= 512 ? 1 : n >= 128 ? 3 : n >= 64 ? 15 : n >= 32 ? 200 : 1000)) # small ones until memory is warm
  for threads in 1 2; do
    : >"$work/a"
    : >"$work/b"
    for _ in $(seq "$rounds"); do
      "$work/flint_compose" "$mode" "$dir" "$threads" "$runs" >>"$work/a"
      "$work/compose" -mode "$mode" -threads "$threads" -runs "$runs" "$dir" >>"$work/b"
    done
    "$work/flint_compose" "$mode" "$dir" "$threads" 1 >"$work/c"
    "$work/compose" -mode "$mode" -threads "$threads" "$dir" >"$work/d"
    awk -v n="$n" -v t="$threads" -v a="$(column "$work/a" 1)" -v b="$(column "$work/b" 1)" \
      -v ca="$(column "$work/a" 2)" -v cb="$(column "$work/b" 2)" -v ma="$(column "$work/c" 3)" -v mb="$(column "$work/d" 3)" \
      'BEGIN {printf "%5d %7d  %10.3f %10.3f %7.3f  %10.3f %10.3f %7.3f  %9.1f %9.1f\n", n, t, 1000*a, 1000*b, b/a, 1000*ca, 1000*cb, cb/ca, ma/1024, mb/1024}'
  done
done
