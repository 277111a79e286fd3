// Command linalg is this project's side of the comparison with flint_linalg.c:
// the median seconds, and seconds of processor time, of RUNS runs on a random N x N matrix of 53-bit integers.
//
//	linalg det|inv|dixon|charpoly|rank|lu N RUNS
package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"flowproof/exactmath"
	"flowproof/exactmath/linalg"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "linalg:", err)
		os.Exit(2)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("want det|inv|dixon|charpoly|rank|lu N RUNS")
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	runs, err := strconv.Atoi(args[2])
	if err != nil || runs < 1 {
		return fmt.Errorf("want at least one run, got %q", args[2])
	}
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	v := make([]float64, n*n)
	for i := range v {
		v[i] = float64(rng.Int64N(1<<54) - 1<<53)
	}
	m, err := exactmath.FromFloat64(n, n, v)
	if err != nil {
		return err
	}
	seconds, used := make([]float64, runs), make([]float64, runs)
	for r := range seconds {
		before, start := cpu(), time.Now()
		switch args[0] {
		case "det":
			_, err = linalg.Det(m)
		case "inv", "dixon":
			_, _, err = linalg.Inverse(m)
		case "charpoly":
			_, err = linalg.CharPoly(m)
		case "rank":
			_, err = linalg.Rank(m)
		case "lu":
			_, err = linalg.Factor(m)
		default:
			err = fmt.Errorf("no operation %q", args[0])
		}
		if err != nil {
			return err
		}
		seconds[r], used[r] = time.Since(start).Seconds(), cpu()-before
	}
	slices.Sort(seconds)
	slices.Sort(used)
	fmt.Printf("%.6f %.6f\n", seconds[runs/2], used[runs/2])
	return nil
}

// cpu returns the processor time used so far, in seconds.
func cpu() float64 {
	var use syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &use) != nil {
		return 0
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano()).Seconds()
}
