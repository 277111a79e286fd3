package constructions

import "flag"

var long = flag.Bool("long", false, "also run the proofs and dimensions that take minutes")
