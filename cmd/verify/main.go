// Command verify builds the coupling layers of a linear map, composes them
// exactly, and says whether they reproduce it. See verify -h.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"flowproof/internal/printable"
)

// Exit codes.
const (
	exitOK              = 0 // reproduced within the tolerance; checked
	exitNot             = 1 // not reproduced; a certificate rejected
	exitUsage           = 2 // usage, or bad input or output
	exitUnrepresentable = 3 // no flow exists: determinant proved to be negative or zero
	exitUndecided       = 4 // verify check: a certificate neither accepted nor rejected
	exitFault           = 5 // a fault of the program
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
	return do.run(args, stdout, stderr)
}

// run runs the command and says what went wrong, if anything did.
func (do command) run(args []string, stdout, stderr io.Writer) int {
	code := exitOK
	err := guarded(func() (err error) {
		code, err = do(args, stdout, stderr)
		return err
	})
	if errors.Is(err, errHelp) {
		return exitOK
	}
	if err != nil {
		fmt.Fprintln(stderr, "verify:", printable.Line(err.Error()))
		io.WriteString(stderr, stackOf(err))
		return max(code, codeOf(err))
	}
	return code
}

// codeOf returns the exit code of an error.
func codeOf(err error) int {
	var fault *faultError
	if errors.As(err, &fault) {
		return exitFault
	}
	var u *unrepresentableError
	if errors.As(err, &u) {
		return exitUnrepresentable
	}
	return exitUsage
}
