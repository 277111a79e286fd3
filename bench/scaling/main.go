// Command scaling measures exact composition of alternating additive layers with
// dense random weights against the dimension, the precision of the weights and
// the depth, on one and on two threads, and fits exponents. It prints the tables
// of docs/performance.md. Every measurement is the median of three processes.
//
//	scaling [-quick]
package main

import (
	"flag"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"flowproof/exactmath"
	"flowproof/exactmath/chain"
	"flowproof/exactmath/dense"
)

// setting is one measurement.
type setting struct{ n, bits, depth, threads int }

func main() {
	quick := flag.Bool("quick", false, "small settings only, one process each")
	one := flag.String("one", "", "measure n,bits,depth,threads in this process")
	flag.Parse()
	var err error
	if *one != "" {
		err = measure(*one)
	} else {
		err = tables(*quick)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "scaling:", err)
		os.Exit(1)
	}
}

func tables(quick bool) error {
	ns, bits, depths, rounds := []int{32, 64, 128, 256, 512, 1024, 2048}, []int{53, 128, 256, 512, 1024, 2048, 4096}, []int{2, 4, 6, 8, 12, 20, 35, 50}, 3
	if quick {
		ns, bits, depths, rounds = ns[:4], bits[:4], depths[:4], 1
	}
	table := func(title, name string, values []int, of func(v, threads int) setting) error {
		fmt.Printf("\n%s\n\n| %s | bits of a result | 1 thread: s | s of processor | 2 threads: s | s of processor | peak MB |\n|--:|--:|--:|--:|--:|--:|--:|\n", title, name)
		var x, y []float64
		for _, v := range values {
			a, err := spawn(of(v, 1), rounds)
			if err != nil {
				return err
			}
			b, err := spawn(of(v, 2), rounds)
			if err != nil {
				return err
			}
			fmt.Printf("| %d | %.0f | %.3g | %.3g | %.3g | %.3g | %.0f |\n", v, a[3], a[0], a[1], b[0], b[1], a[2])
			x, y = append(x, float64(v)), append(y, a[1])
		}
		half := len(x) / 2
		fmt.Printf("\nProcessor time grows as the power %.2f of the %s over the whole table, %.2f over its second half.\n", slope(x, y), name, slope(x[half:], y[half:]))
		return nil
	}
	if err := table("Six layers of float64 weights.", "dimension", ns, func(v, t int) setting { return setting{v, 53, 6, t} }); err != nil {
		return err
	}
	if err := table("Six layers, dimension 128, weights of more bits.", "precision", bits, func(v, t int) setting { return setting{128, v, 6, t} }); err != nil {
		return err
	}
	return table("Dimension 128, float64 weights, more layers.", "depth", depths, func(v, t int) setting { return setting{128, 53, v, t} })
}

// slope is the exponent of the power law that fits best in logarithms.
func slope(x, y []float64) float64 {
	var sx, sy, sxx, sxy float64
	for i := range x {
		a, b := math.Log(x[i]), math.Log(y[i])
		sx, sy, sxx, sxy = sx+a, sy+b, sxx+a*a, sxy+a*b
	}
	n := float64(len(x))
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

// spawn returns the medians of the numbers that measure prints.
func spawn(s setting, rounds int) ([4]float64, error) {
	var all [4][]float64
	self, err := os.Executable()
	if err != nil {
		return [4]float64{}, err
	}
	for range rounds {
		out, err := exec.Command(self, "-one", fmt.Sprintf("%d,%d,%d,%d", s.n, s.bits, s.depth, s.threads)).Output()
		if err != nil {
			return [4]float64{}, fmt.Errorf("%+v: %w", s, err)
		}
		var v [4]float64
		if _, err := fmt.Sscan(strings.TrimSpace(string(out)), &v[0], &v[1], &v[2], &v[3]); err != nil {
			return v, err
		}
		for i := range v {
			all[i] = append(all[i], v[i])
		}
	}
	var z [4]float64
	for i := range z {
		slices.Sort(all[i])
		z[i] = all[i][rounds/2]
	}
	return z, nil
}

// measure prints seconds, seconds of processor time, peak memory in MB, and the
// bits of the largest entry. Times under half a second are of several runs.
func measure(arg string) error {
	var s setting
	if _, err := fmt.Sscanf(arg, "%d,%d,%d,%d", &s.n, &s.bits, &s.depth, &s.threads); err != nil {
		return err
	}
	runtime.GOMAXPROCS(s.threads)
	c, err := random(s)
	if err != nil {
		return err
	}
	var wall, cpu []float64
	bits, total := 0, 0.0
	for len(wall) == 0 || total < 0.5 && len(wall) < 25 {
		start, before := time.Now(), used()
		num, _, err := c.Product()
		if err != nil {
			return err
		}
		wall, cpu = append(wall, time.Since(start).Seconds()), append(cpu, used()-before)
		total += wall[len(wall)-1]
		bits = num.Num(0, 0).BitLen()
	}
	slices.Sort(wall)
	slices.Sort(cpu)
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return err
	}
	fmt.Println(wall[len(wall)/2], cpu[len(cpu)/2], float64(use.Maxrss)/1024, bits)
	return nil
}

func random(s setting) (*chain.Chain, error) {
	r := rand.New(rand.NewPCG(1, uint64(s.n)))
	c := &chain.Chain{P: s.n / 2, Q: s.n - s.n/2}
	for k := range s.depth {
		rows, cols := c.Q, c.P
		if k%2 == 1 {
			rows, cols = cols, rows
		}
		v, num := make([]float64, rows*cols), make([]*big.Int, rows*cols)
		for i := range v {
			v[i] = 1.1 * r.NormFloat64() / math.Sqrt(float64(c.P))
			if s.bits == 53 {
				continue
			}
			num[i] = new(big.Int)
			for range s.bits/64 + 1 {
				num[i].Lsh(num[i], 64).Add(num[i], new(big.Int).SetUint64(r.Uint64()))
			}
			num[i].Rsh(num[i], uint(s.bits%64+r.IntN(3)))
		}
		w, err := exactmath.Matrix(nil), error(nil)
		if s.bits == 53 {
			w, err = exactmath.FromFloat64(rows, cols, v)
		} else {
			w, err = dense.NewDyadic(rows, cols, num, -s.bits)
		}
		if err != nil {
			return nil, err
		}
		c.Steps = append(c.Steps, chain.Step{Upper: k%2 == 1, Weight: w})
	}
	return c, nil
}

// used returns the processor time used so far, in seconds.
func used() float64 {
	var use syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &use) != nil {
		return 0
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano()).Seconds()
}
