// Command compose is this project's side of the comparison with
// flint_compose.c: it reads the same folder and prints the same three numbers. Its
// time begins with the float64 weights; what the peer converts beforehand is
// counted here.
//
//	compose [-mode block|residual|equal|wideBITS] [-threads N] [-runs R] DIR
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"codeberg.org/sbinet/npyio"

	"flowproof/exactmath"
	"flowproof/exactmath/chain"
	"flowproof/exactmath/dense"
)

func main() {
	mode := flag.String("mode", "block", "block, residual, equal or wideBITS")
	threads := flag.Int("threads", 1, "threads")
	runs := flag.Int("runs", 1, "runs")
	flag.Parse()
	if err := run(*mode, *threads, *runs, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "compose:", err)
		os.Exit(2)
	}
}

func run(mode string, threads, runs int, dir string) error {
	if threads > 0 {
		runtime.GOMAXPROCS(threads)
	}
	c, target, err := read(dir)
	if err != nil {
		return err
	}
	if mode == "equal" { // all residues are zero, and nothing is reconstructed
		if target, _, err = c.Product(); err != nil {
			return err
		}
	}
	if bits, wide := strings.CutPrefix(mode, "wide"); wide {
		more, err := strconv.ParseUint(bits, 10, 16)
		if err != nil {
			return fmt.Errorf("mode %q, want wideBITS: %w", mode, err)
		}
		for k := range c.Steps {
			if c.Steps[k].Weight, err = third(c.Steps[k].Weight, uint(more)); err != nil {
				return err
			}
		}
		mode = "block"
	}
	seconds, used := make([]float64, runs), make([]float64, runs)
	for r := range seconds {
		before, start := cpu(), time.Now()
		switch mode {
		case "block":
			_, _, err = c.Product()
		case "residual", "equal":
			_, _, err = c.Residual(target)
		default:
			err = fmt.Errorf("mode %q, want block, residual, equal or wideBITS", mode)
		}
		if err != nil {
			return err
		}
		seconds[r], used[r] = time.Since(start).Seconds(), cpu()-before
	}
	slices.Sort(seconds)
	slices.Sort(used)
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return err
	}
	fmt.Printf("%.6f %.6f %d\n", seconds[runs/2], used[runs/2], use.Maxrss)
	return nil
}

// third returns w / 3, rounded towards zero to the given number of bits more.
func third(w exactmath.Matrix, more uint) (*dense.Dyadic, error) {
	d, _ := dense.ToDyadic(w)
	rows, cols := d.Dims()
	num := make([]*big.Int, rows*cols)
	for i := range num {
		num[i] = new(big.Int).Lsh(d.Num(i/cols, i%cols), more)
		num[i].Quo(num[i], big.NewInt(3))
	}
	return dense.NewDyadic(rows, cols, num, d.Exp()-int(more))
}

// cpu returns the processor time used so far, in seconds.
func cpu() float64 {
	var use syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &use) != nil {
		return 0
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano()).Seconds()
}

func read(dir string) (*chain.Chain, exactmath.Matrix, error) {
	target, err := readNpy(filepath.Join(dir, "target.npy"))
	if err != nil {
		return nil, nil, err
	}
	n, _ := target.Dims()
	c := &chain.Chain{}
	for k := 0; ; k++ {
		upper := true
		w, err := readNpy(filepath.Join(dir, fmt.Sprintf("%02d_U.npy", k)))
		if errors.Is(err, fs.ErrNotExist) {
			upper = false
			w, err = readNpy(filepath.Join(dir, fmt.Sprintf("%02d_L.npy", k)))
		}
		if errors.Is(err, fs.ErrNotExist) {
			return c, target, nil
		}
		if err != nil {
			return nil, nil, err
		}
		rows, cols := w.Dims()
		if upper {
			rows, cols = cols, rows
		}
		c.P, c.Q = n-rows, n-cols
		c.Steps = append(c.Steps, chain.Step{Upper: upper, Weight: w})
	}
}

func readNpy(path string) (*exactmath.Floats, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := npyio.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if shape := r.Header.Descr.Shape; len(shape) != 2 {
		return nil, fmt.Errorf("%s: shape %v, want a matrix", path, shape)
	}
	var data []float64
	if err := r.Read(&data); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return exactmath.FromFloat64(r.Header.Descr.Shape[0], r.Header.Descr.Shape[1], data)
}
