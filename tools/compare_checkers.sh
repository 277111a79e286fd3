#!/bin/sh
# Runs the checkers in Go, with and without the engine, in Python and in JavaScript
# on the golden certificates, on samples, on damaged copies of them and on 21,000
# that were changed with the format in mind; fails if they differ anywhere, or if
# python3 or node is missing. With -short, on 400 of the last. PYTHON names another
# interpreter than python3.
cd "$(dirname "$0")/.." || exit 2
[ "$1" = -short ] || long=-long
exec go test ./certificate -count=1 -v -timeout 60m -run '^(TestCheckersAgree|TestEdge|TestMutants)$' -args -clients $long -python "${PYTHON:-python3}"
