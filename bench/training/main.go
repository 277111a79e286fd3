// Command training times a training step of a RealNVP flow of 8 couplings beside
// PyTorch's, in turns, and prints the medians and their ratio.
//
//	go run ./bench/training [-rounds 5] [-steps 20] [-threads 2]
package main

import (
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"flowproof/internal/gemm"
	"flowproof/training"
)

type normal struct{ x gemm.Matrix[float32] }

func (n normal) Batch(_ uint64, _ int, to gemm.Matrix[float32]) { copy(to.Data, n.x.Data) }

// ours returns the median seconds of a step.
func ours(dim, hidden, batch, threads, steps int) (float64, error) {
	r, err := training.Start[float32](training.Config{Dim: dim, Couplings: 8, Hidden: hidden, HiddenLayers: 2, LogScale: 2},
		training.Options{Steps: 1 << 30, Batch: batch, Rate: 1e-4, Seed: 1})
	if err != nil {
		return 0, err
	}
	source := normal{gemm.New[float32](batch, dim)}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range source.x.Data {
		source.x.Data[i] = float32(rng.NormFloat64())
	}
	g := training.NewGradient(r.Model, batch, threads)
	var seconds []float64
	for k := range steps + 3 {
		begin := time.Now()
		r.Advance(g, source, (*training.Gradient[float32]).Likelihood)
		if k >= 3 {
			seconds = append(seconds, time.Since(begin).Seconds())
		}
	}
	return median(seconds), nil
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

func main() {
	rounds := flag.Int("rounds", 5, "how often to take turns")
	steps := flag.Int("steps", 20, "steps of a turn")
	threads := flag.Int("threads", 2, "threads of both")
	flag.Parse()
	dir, err := os.MkdirTemp("", "training")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	module := filepath.Join(dir, "realnvp.py")
	if err := os.WriteFile(module, []byte(training.TorchModule()), 0o600); err != nil {
		log.Fatal(err)
	}
	fmt.Println("dim hidden batch  ours [ms]  PyTorch [ms]  PyTorch/ours")
	for _, c := range [][3]int{{2, 64, 256}, {196, 128, 256}, {784, 256, 256}} {
		var a, b []float64
		for range *rounds {
			t, err := ours(c[0], c[1], c[2], *threads, *steps)
			if err != nil {
				log.Fatal(err)
			}
			a = append(a, t)
			out, err := exec.Command("/usr/bin/python3", "bench/training/torch_step.py", module, fmt.Sprint(c[0]), fmt.Sprint(c[1]), fmt.Sprint(c[2]),
				fmt.Sprint(*threads), fmt.Sprint(*steps)).Output()
			if err != nil {
				log.Fatal(err)
			}
			var s float64
			if _, err := fmt.Sscan(strings.TrimSpace(string(out)), &s); err != nil {
				log.Fatal(err)
			}
			b = append(b, s)
		}
		x, y := median(a), median(b)
		fmt.Printf("%3d %6d %5d  %9.2f  %12.2f  %12.2f\n", c[0], c[1], c[2], 1000*x, 1000*y, y/x)
	}
}
