// Command verify builds the coupling layers of a linear map, composes them
// exactly, and says whether they reproduce it. See verify -h.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"flowproof/constructions"
	"flowproof/internal/printable"
)

// Exit codes.
const (
	exitOK              = 0 // reproduced within the tolerance; checked
	exitNot             = 1 // not reproduced; a certificate rejected
	exitUsage           = 2 // usage, or bad input or output
	exitUnrepresentable = 3 // no flow exists: determinant not positive
	exitUndecided       = 4 // verify check: a certificate neither accepted nor rejected
)

// command is a subcommand: it returns the exit code, and an error for the user.
type command func(args []string, stdout, stderr io.Writer) (int, error)

// commands are the subcommands; without one, verify does its main job.
func commands() map[string]command {
	return map[string]command{
		"check":      checkCommand,
		"completion": completionCommand,
		"export":     exportCommand,
		"list":       listCommand,
		"universal":  universalCommand,
	}
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the whole program; it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	stdout = printable.Writer{Writer: stdout}
	do := command(mainJob)
	if len(args) > 0 {
		if c, ok := commands()[args[0]]; ok {
			do, args = c, args[1:]
		}
	}
	code, err := do(args, stdout, stderr)
	if errors.Is(err, errHelp) {
		return exitOK
	}
	if err != nil {
		fmt.Fprintln(stderr, "verify:", printable.Line(err.Error()))
		return max(code, codeOf(err))
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
