package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"flowproof/internal/nearest"
)

// command is one verb of verify: a line of the table in commands.
type command struct {
	name    string
	summary string // one line, for the overview and for completion
	page    string // its help, from Usage: to Examples: and what a test can run; the flags follow
	// flags declares the flags, nil if there are none.
	flags func(*flag.FlagSet)
	// run does the work once the flags are parsed. It returns the exit code, and an
	// error for the user.
	run func(*invocation) (int, error)
	// args tells whether arguments are taken that are no flags.
	args bool
	// words lists what completes the value of a flag, by its name with the dash, or
	// an argument, under "".
	words func() map[string][]string
}

// invocation is one call of a command.
type invocation struct {
	*flag.FlagSet // parsed; Args are the arguments that are no flags
	stdin         io.Reader
	stdout        io.Writer
	stderr        io.Writer
}

// given reports whether the flag was on the command line.
func (in *invocation) given(name string) (ok bool) {
	in.Visit(func(f *flag.Flag) { ok = ok || f.Name == name })
	return ok
}

// dispatch finds the command that args begin with: build, unless the first one is the
// name of another. A first word that is neither a command nor a file is refused with
// what it may have been meant to be.
func dispatch(args []string) (command, []string, error) {
	if len(args) == 0 {
		return command{}, nil, errors.New("nothing to do: want a target, as in verify -d 64 -target random-orthogonal, or a command (verify help lists them)")
	}
	table := commands()
	var names []string
	for _, c := range table {
		if c.name == args[0] {
			return c, args[1:], nil
		}
		names = append(names, c.name)
	}
	word := args[0]
	if strings.HasPrefix(word, "-") || strings.ContainsAny(word, `./\`) {
		return table[0], args, nil
	}
	if _, err := os.Stat(word); err == nil {
		return table[0], args, nil
	}
	return command{}, nil, unknownWord(word, names)
}

// unknownWord is the error for a word that is neither a command nor a file.
func unknownWord(word string, names []string) error {
	if hint := targetHint(word); hint != "" {
		return fmt.Errorf("%q is neither a command nor a file: did you mean %s?", word, hint)
	}
	if near := nearest.Of(word, names); near != "" {
		return fmt.Errorf("%q is neither a command nor a file: did you mean verify %s?", word, near)
	}
	return fmt.Errorf("%q is neither a command nor a file (verify help lists the commands)", word)
}

// set returns the flags of the command.
func (c command) set() *flag.FlagSet {
	fs := flag.NewFlagSet("verify "+c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	if c.flags != nil {
		c.flags(fs)
	}
	return fs
}

// call runs the command and says what went wrong, if anything did.
func (c command) call(args []string, in invocation) int {
	code := exitOK
	err := guarded(func() (err error) {
		in.FlagSet = c.set()
		switch err := parse(in.FlagSet, args); {
		case errors.Is(err, flag.ErrHelp):
			_, err := io.WriteString(in.stdout, c.help())
			return err
		case err != nil:
			return err
		case in.NArg() > 0 && !c.args:
			return fmt.Errorf("unexpected argument %q (%s -h shows the flags)", in.Arg(0), in.Name())
		}
		code, err = c.run(&in)
		return err
	})
	if err != nil {
		return in.failed(code, err)
	}
	return code
}

// parse parses flags and other arguments in any order; after -- there are no more
// flags. fs.Args are then the others.
func parse(fs *flag.FlagSet, args []string) error {
	var others []string
	for {
		if err := fs.Parse(args); err != nil {
			return usageError(fs, err)
		}
		rest := fs.Args()
		parsed := args[:len(args)-len(rest)]
		ended := len(parsed) > 0 && parsed[len(parsed)-1] == "--"
		if ended || len(rest) == 0 {
			others = append(others, rest...)
			break
		}
		others = append(others, rest[0])
		args = rest[1:]
	}
	return fs.Parse(append([]string{"--"}, others...))
}

// usageError puts an error of package flag into words for users.
func usageError(fs *flag.FlagSet, err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	reason := strings.Replace(err.Error(), "parse error", "want a whole number", 1)
	if name, ok := strings.CutPrefix(reason, "flag provided but not defined: "); ok {
		reason = "unknown flag " + name
		var names []string
		fs.VisitAll(func(f *flag.Flag) { names = append(names, "-"+f.Name) })
		if near := nearest.Of(name, names); near != "" {
			return fmt.Errorf("%s: did you mean %s? (%s -h shows the flags)", reason, near, fs.Name())
		}
	}
	return fmt.Errorf("%s (%s -h shows the flags)", reason, fs.Name())
}
