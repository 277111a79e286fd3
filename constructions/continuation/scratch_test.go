package continuation

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/floatblas"
)

var nFlag = flag.Int("n", 64, "")
var seedFlag = flag.Int("seed", 1, "")
var depthFlag = flag.Int("depth", 6, "")
var roundsFlag = flag.Int("rounds", 8, "")
var condFlag = flag.Float64("cond", 0, "")
var detFlag = flag.Float64("det", 1, "")

func gaussian(n, seed int) *mat.Dense {
	rng := rand.New(rand.NewPCG(uint64(seed), 77))
	m := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			m.Set(i, j, rng.NormFloat64())
		}
	}
	ld, sign := mat.LogDet(m)
	if sign < 0 {
		for j := range n {
			m.Set(0, j, -m.At(0, j))
		}
	}
	m.Scale(math.Exp(-ld/float64(n)), m)
	return m
}

func TestScratch(t *testing.T) {
	floatblas.Use()
	n := *nFlag
	m := gaussian(n, *seedFlag)
	var svd mat.SVD
	svd.Factorize(m, mat.SVDFull)
	s := svd.Values(nil)
	if *condFlag > 0 {
		var u, v mat.Dense
		svd.UTo(&u)
		svd.VTo(&v)
		for i := range s {
			s[i] = math.Pow(*condFlag, 0.5-float64(i)/float64(n-1))
			for k := range n {
				u.Set(k, i, s[i]*u.At(k, i))
			}
		}
		m.Mul(&u, v.T())
	}
	m.Scale(*detFlag, m)
	a, b := 0.0, 0.0
	for _, x := range s {
		a += max(math.Log(x), 0)
		b += max(-math.Log(x), 0)
	}
	q := float64(n - n/2)
	lam := max(s[0], math.Exp(a/q)) * max(1/s[n-1], math.Exp(b/q))
	add := max(s[0], 1/s[n-1])
	em, _ := exactmath.FromFloat64(n, n, m.RawMatrix().Data)
	part, _ := coupling.Half(n)
	start := time.Now()
	o := Options{Depth: *depthFlag, Rounds: *roundsFlag}
	o.Progress = func(d float64) {
		if testing.Verbose() {
			fmt.Printf("%.3f %v\n", d, time.Since(start).Round(time.Millisecond))
		}
	}
	_, rep, err := Find(em, part, o)
	if err != nil {
		fmt.Println(err, rep.Starts, rep.Steps, rep.Iterations, time.Since(start))
		return
	}
	res, _ := rep.Refine.ResidualMax.Float64()
	tm, _ := rep.Refine.TargetMax.Float64()
	fmt.Printf("n %d depth %d cond %.4g goal %.1f top %.2f prod/lam %.0f prod/add %.1f starts %d steps %d its %d refits %d/%d res %.2g %.2f %v %v\n", n, *depthFlag, s[0]/s[n-1], 3+0.4*math.Sqrt(s[0]/s[n-1]), rep.Max, rep.Product/lam,
		rep.Product/add/add, rep.Starts, rep.Steps, rep.Iterations, rep.Refine.Rounds, rep.Refine.Iterations, res/tm, rep.Conditions, err, time.Since(start).Round(time.Millisecond))
}
