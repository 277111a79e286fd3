// Command verify builds the coupling layers of a linear map, composes them
// exactly, and says whether they reproduce it. See verify help.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"flowproof/internal/gemm"
	"flowproof/internal/printable"
)

// Exit codes. exitHelp says the same to users.
const (
	exitOK              = 0 // reproduced within the tolerance; checked
	exitNot             = 1 // not reproduced; a certificate rejected
	exitUsage           = 2 // usage, or bad input or output
	exitUnrepresentable = 3 // no flow exists: determinant proved to be negative or zero
	exitUndecided       = 4 // verify check: a certificate neither accepted nor rejected
	exitFault           = 5 // a fault of the program
)

// exitHelp is what help says of the exit codes.
const exitHelp = `Exit codes:
  0    reproduced within -tol; accepted; certified
  1    not, or not within -max-depth; a certificate is rejected
  2    usage, or bad input or output
  3    not representable: the determinant is proved to be negative or zero
  4    undecided: a certificate is neither accepted nor rejected
  5    a fault of the program
  130  interrupted
Of many files the largest of theirs; a command's own page says what it uses.
`

// commands is the table of verify's commands, in the order in which help shows
// them: dispatch, help and completion come from it. The first one is what bare flags
// and the names of files mean.
func commands() []command {
	return []command{
		buildCommand(),
		checkCommand(),
		inspectCommand(),
		exportCommand(),
		universalCommand(),
		paddingCommand(),
		fitCommand(),
		depthBoundCommand(),
		listCommand(),
		completionCommand(),
		versionCommand(),
		helpCommand(),
	}
}

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is the whole program; it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	gemm.Use()
	in := invocation{stdin: stdin, stdout: printable.Writer{Writer: stdout}, stderr: stderr}
	c, args, err := dispatch(args)
	if err != nil {
		return in.failed(exitOK, err)
	}
	return c.call(args, in)
}

// failed says what went wrong and returns the exit code: the larger one of that of
// the error and of what was found before.
func (in invocation) failed(code int, err error) int {
	fmt.Fprintln(in.stderr, "verify:", printable.Line(err.Error()))
	io.WriteString(in.stderr, stackOf(err))
	return max(code, codeOf(err))
}

// codeOf returns the exit code of an error.
func codeOf(err error) int {
	var fault *faultError
	if errors.As(err, &fault) {
		return exitFault
	}
	if e := (*tooDeepError)(nil); errors.As(err, &e) {
		return exitNot
	}
	var u *unrepresentableError
	if errors.As(err, &u) {
		return exitUnrepresentable
	}
	return exitUsage
}
