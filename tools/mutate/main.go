// Command mutate changes programs a little, one change at a time, and reports
// which changes no test notices: docs/mutation.md. Nothing is written into the
// tree; the changed file stands in for the real one by go test -overlay.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"time"
)

const usage = `usage: mutate [flags] package...
       mutate [flags] -known file

The first form makes mutants of the packages by rules; the second runs those of a
list, one JSON object a line with the fields id, file, old, new.

Exit status: 0 if every mutant was killed, 1 if some survived, 2 if the run failed.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	survivors, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	case survivors > 0:
		os.Exit(1)
	}
}

// run is the command; it returns how many mutants survived.
func run(ctx context.Context, args []string, out, messages io.Writer) (survivors int, err error) {
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	flags.SetOutput(messages)
	flags.Usage = func() { fmt.Fprint(messages, usage); flags.PrintDefaults() }
	dir := flags.String("C", ".", "directory of the module whose packages are meant")
	sample := flags.Int("sample", 0, "how many mutants of each package to run, drawn by the seed; 0 for all")
	seed := flags.Uint64("seed", 1, "seed of the sample")
	known := flags.String("known", "", "file with a list of mutants to run")
	only := flags.String("run", "", "regular expression that the mutants to run match: id, or kind and place")
	timeout := flags.Duration("timeout", time.Minute, "time for the tests of one mutant; one that takes longer is killed by it")
	list := flags.Bool("list", false, "print the mutants and run none")
	verbose := flags.Bool("v", false, "print killed mutants, too")
	if err := flags.Parse(args); err != nil {
		return 0, err
	}
	if (*known == "") == (flags.NArg() == 0) {
		return 0, errors.New("want either packages or -known and a file; -h tells more")
	}
	if *sample < 0 || *timeout <= 0 {
		return 0, fmt.Errorf("-sample %d, -timeout %v: want at least 0, and more than 0", *sample, *timeout)
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return 0, fmt.Errorf("-run: %w", err)
	}
	root, err := filepath.Abs(*dir)
	if err != nil {
		return 0, err
	}
	var mutants []mutant
	if *known != "" {
		mutants, err = readKnown(*known, root)
	} else {
		mutants, err = ofPackages(ctx, root, flags.Args(), *sample, *seed)
	}
	if err != nil {
		return 0, err
	}
	r, err := newRunner(root, *timeout)
	if err != nil {
		return 0, err
	}
	defer r.close()
	t := table{}
	for _, m := range mutants {
		if !match.MatchString(m.String()) {
			continue
		}
		if *list {
			fmt.Fprintln(out, m)
			continue
		}
		o, err := r.run(ctx, m)
		if err != nil {
			return 0, err
		}
		if t.count(m.pkg, o); *verbose || o == survived || o == stale {
			fmt.Fprintf(out, "%-12s %v\n", o, m)
		}
	}
	if !*list {
		t.print(out)
	}
	return t.total()[survived] + t.total()[stale], nil
}
