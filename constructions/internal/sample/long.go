package sample

import (
	"flag"
)

// Long adds the proofs that take minutes: go test ./constructions/rational -args -long.
var Long = flag.Bool("long", false, "also run the exhaustive proofs that take minutes")
