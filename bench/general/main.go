// Command general measures flows of Gaussian maps of determinant 1: seconds, the largest
// condition number of a layer and the product of all over Lambda (PROOFS.md, theorem
// 5.1), for every construction for general maps and several depths. It prints medians
// over seeds as a Markdown table; docs/measured/general.md has one.
//
//	go run ./bench/general -n 8,16,32,64,128 -seeds 5
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowproof/constructions"
	"flowproof/coupling"
	"flowproof/internal/gemm"
	"flowproof/targets"
	"flowproof/verify"
	"flowproof/verify/condition"
)

// way is a construction at a depth.
type way struct {
	name   string
	depth  int
	effort constructions.Effort
	most   int // dimension
}

// ways are shown in this order. Polishing takes minutes from n = 64 on.
var ways = []way{
	{"continuation", 6, constructions.Quick, 1 << 20},
	{"continuation", 6, constructions.Normal, 1 << 20},
	{"continuation", 8, constructions.Normal, 1 << 20},
	{"continuation", 10, constructions.Normal, 1 << 20},
	{"polish", 6, constructions.Normal, 32},
	{"polish", 8, constructions.Normal, 32},
	{"eight", 8, constructions.Normal, 1 << 20},
	{"conditioned", 11, constructions.Normal, 1 << 20},
	{"conditioned", 13, constructions.Normal, 1 << 20},
}

// measured is one run.
type measured struct{ seconds, largest, product, residual float64 }

func main() {
	dims := flag.String("n", "8,16,32,64,128", "dimensions")
	seeds := flag.Int("seeds", 5, "seeds of each")
	flag.Parse()
	gemm.Use()
	fmt.Println("| n | cond M | construction | layers | effort | seconds | largest layer | product / Lambda | relative residual | failed |")
	fmt.Println("|--:|--:|---|--:|---|--:|--:|--:|--:|--:|")
	for _, text := range strings.Split(*dims, ",") {
		n, err := strconv.Atoi(text)
		if err == nil {
			err = table(n, *seeds)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "general:", err)
			os.Exit(1)
		}
	}
}

// table prints the rows of one dimension.
func table(n, seeds int) error {
	for _, w := range ways {
		if n > w.most {
			continue
		}
		var all []measured
		var conds []float64
		failed := 0
		for seed := 1; seed <= seeds; seed++ {
			t, err := targets.Make("gaussian", n, uint64(seed), targets.Options{})
			if err != nil {
				return err
			}
			conds = append(conds, condition.Estimate(t.Matrix))
			m, err := measure(t, w)
			if err != nil {
				failed++
				continue
			}
			all = append(all, m)
		}
		median := func(f func(measured) float64) float64 {
			var v []float64
			for _, m := range all {
				v = append(v, f(m))
			}
			return middle(v)
		}
		fmt.Printf("| %d | %.0f | %s | %d | %v | %.3g | %.4g | %.3g | %.1e | %d |\n", n, middle(conds), w.name, w.depth, w.effort,
			median(func(m measured) float64 { return m.seconds }), median(func(m measured) float64 { return m.largest }),
			median(func(m measured) float64 { return m.product }), median(func(m measured) float64 { return m.residual }), failed)
	}
	return nil
}

// middle returns the median, 0 of none.
func middle(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// measure builds and verifies one flow.
func measure(t *targets.Target, w way) (measured, error) {
	part, err := coupling.Half(t.Dim)
	if err != nil {
		return measured{}, err
	}
	opt := constructions.Options{Effort: w.effort, Seed: 1}
	if w.name != "eight" {
		opt.Depth = w.depth
	}
	start := time.Now()
	b, err := constructions.Build(w.name, t.Matrix, part, opt)
	if err != nil {
		return measured{}, err
	}
	m := measured{seconds: time.Since(start).Seconds()}
	r, err := verify.Check(b.Flow, t.Matrix)
	if err != nil {
		return m, err
	}
	c := condition.Of(b.Flow)
	m.largest = c.Largest.Bound
	m.product = c.Product / condition.LowerLimits(t.Matrix, max(part.P(), part.Q()), r.ResidualFrobSq).Target
	squared, _ := r.Relative().Float64()
	m.residual = math.Sqrt(squared)
	return m, nil
}
