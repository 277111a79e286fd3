package continuation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/floatblas"
)

func TestOld(t *testing.T) {
	floatblas.Use()
	n := *nFlag
	rng := rand.New(rand.NewPCG(uint64(*seedFlag), 77))
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
	em, _ := exactmath.FromFloat64(n, n, m.RawMatrix().Data)
	part, _ := coupling.Half(n)
	start := time.Now()
	_, rep, err := constructions.Polish(nil, em, part, constructions.PolishOptions{Starts: 1})
	fmt.Println(rep.Max, rep.Product, rep.Conditions, rep.Evals, err, time.Since(start))
}
