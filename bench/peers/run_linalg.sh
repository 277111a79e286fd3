#!/usr/bin/env bash
# Side by side: determinants and ranks of random matrices of 53-bit integers, by
# FLINT's fmpz_mat_det and fmpz_mat_rank and by exactmath/linalg, which decides
# the sign of the determinant and the rank, in turn. "rank" has N + 1 columns; "null" is
# square, and its last row is the sum of the others. Medians over ROUNDS rounds of the
# median of some runs, on THREADS threads (FLINT's routines run on one).
#
#   bench/peers/run_linalg.sh [N ...]
set -euo pipefail
cd "$(dirname "$0")/../.."
sizes=${*:-8 16 32 64 128}
rounds=${ROUNDS:-5}
export GOMAXPROCS=${THREADS:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

gcc -O2 -o "$work/flint_linalg" bench/peers/flint_linalg.c -lflint -lgmp
go build -o "$work/linalg" ./bench/peers/linalg

median() { sort -g | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }

column() { cut -d' ' -f"$2" "$1" | median; }

printf '%5s %-9s  %11s %11s %7s   %11s %11s %7s\n' n operation "FLINT ms" "ours ms" ratio "FLINT cpu" "ours cpu" ratio
for n in $sizes; do
  runs=$((n > 64 ? 3 : n > 32 ? 15 : 101))
  for op in det rank null; do
    : >"$work/a"
    : >"$work/b"
    for _ in $(seq "$rounds"); do
      "$work/flint_linalg" "$op" "$n" "$runs" >>"$work/a"
      "$work/linalg" "$op" "$n" "$runs" >>"$work/b"
    done
    awk -v n="$n" -v op="$op" -v a="$(column "$work/a" 1)" -v b="$(column "$work/b" 1)" \
      -v ca="$(column "$work/a" 2)" -v cb="$(column "$work/b" 2)" \
      'BEGIN {printf "%5d %-9s  %11.3f %11.3f %7.3f   %11.3f %11.3f %7.3f\n", n, op, 1000*a, 1000*b, b/a, 1000*ca, 1000*cb, cb/ca}'
  done
done
