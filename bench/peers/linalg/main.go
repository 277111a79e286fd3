// Command linalg is this project's side of the comparison with flint_linalg.c:
// the median seconds, and seconds of processor time, of RUNS runs on a random N x N matrix of 53-bit integers.
//
//	linalg det|rank|null N RUNS
package main

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"flowproof/exactmath/dense"
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
		return fmt.Errorf("want det|rank|null N RUNS")
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
	cols := n
	if args[0] == "rank" { // of n rows and n + 1 columns
		cols++
	}
	v := make([]*big.Int, n*cols)
	for i := range v {
		v[i] = big.NewInt(rng.Int64N(1<<54) - 1<<53)
	}
	switch args[0] {
	case "det", "rank":
	case "null": // the last row is the sum of the others
		for j := range n {
			last := v[n*n-n+j].SetInt64(0)
			for i := range n - 1 {
				last.Add(last, v[i*n+j])
			}
		}
	default:
		return fmt.Errorf("no operation %q", args[0])
	}
	m, err := dense.NewDyadic(n, cols, v, 0)
	if err != nil {
		return err
	}
	seconds, used := make([]float64, runs), make([]float64, runs)
	for r := range seconds {
		before, start := cpu(), time.Now()
		_, _, err = linalg.Orientation(m, func(float64) {})
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
