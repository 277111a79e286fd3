#!/bin/sh
# Runs the checker in Go and the one in Python on the golden certificates, on
# samples, and on damaged copies of them; fails if they differ anywhere, or if
# there is no Python to run. PYTHON names another interpreter than python3.
cd "$(dirname "$0")/.." || exit 2
exec go test ./certificate -count=1 -v -run '^TestCheckersAgree$' -python "${PYTHON:-python3}"
