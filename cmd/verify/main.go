// Command verify builds the coupling layers of a linear map, composes them
// exactly, and says whether they reproduce it. See verify -h.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"flowproof/constructions"
)

// Exit codes.
const (
	exitOK              = 0 // reproduced within the tolerance
	exitNot             = 1 // not reproduced
	exitUsage           = 2 // usage, or bad input or output
	exitUnrepresentable = 3 // no flow exists: determinant not positive
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the whole program; it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	code, err := job(args, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "verify:", err)
		if code == exitOK {
			code = codeOf(err)
		}
	}
	return code
}

// codeOf returns the exit code of an error.
func codeOf(err error) int {
	if errors.Is(err, constructions.ErrOrientation) || errors.Is(err, constructions.ErrSingular) {
		return exitUnrepresentable
	}
	return exitUsage
}
