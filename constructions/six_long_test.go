package constructions

import "flag"

// long adds the proofs that take minutes: go test ./constructions -args -long.
var long = flag.Bool("long", false, "also run the exhaustive proofs that take minutes")
