package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/internal/numeric"
	"flowproof/exactmath"
)

// Target is an n x n target of positive determinant.
type Target struct {
	Name string
	N    int
	Data []float64
}

// Matrix returns the target as an exact matrix.
func (t Target) Matrix(tb testing.TB) exactmath.Matrix {
	tb.Helper()
	m, err := exactmath.FromFloat64(t.N, t.N, t.Data)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// GaussianTarget is a Gaussian matrix, a row negated if need be for det > 0,
// scaled to |det| = 1 up to rounding.
func GaussianTarget(n int, seed uint64) Target {
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	d := make([]float64, n*n)
	for i := range d {
		d[i] = rng.NormFloat64()
	}
	return UnitDet(Target{fmt.Sprintf("gaussian-%d", n), n, d})
}

// UnitDet returns a multiple of the target, the first row times the sign of its
// determinant, so that the determinant is 1.
func UnitDet(t Target) Target {
	var lu mat.LU
	lu.Factorize(mat.NewDense(t.N, t.N, t.Data))
	ld, sign := lu.LogDet()
	s := math.Exp(-ld / float64(t.N))
	out := make([]float64, len(t.Data))
	for i, v := range t.Data {
		out[i] = v * s
		if i < t.N {
			out[i] *= sign
		}
	}
	return Target{t.Name, t.N, out}
}

// SvdTarget is Q1 diag(s) Q2 with random rotations.
func SvdTarget(name string, s []float64, seed uint64) Target {
	n := len(s)
	q1, q2 := RandomRotation(n, seed), RandomRotation(n, seed+1)
	for i := range n {
		for j := range n {
			q1.Set(i, j, q1.At(i, j)*s[j])
		}
	}
	return Target{name, n, numeric.RowMajor(numeric.Product(q1, q2))}
}

// RandomRotation draws a rotation.
func RandomRotation(n int, seed uint64) *mat.Dense {
	return properFactor(gaussian(n, rand.New(rand.NewPCG(seed, 77))))
}

// Geometric returns n values from hi to 1/hi in geometric progression.
func Geometric(n int, hi float64) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = math.Pow(hi, 1-2*float64(i)/float64(max(n-1, 1)))
	}
	return s
}

// Fill returns the target with entries at(i, j).
func Fill(name string, n int, at func(i, j int) float64) Target {
	d := make([]float64, n*n)
	for i := range n {
		for j := range n {
			d[i*n+j] = at(i, j)
		}
	}
	return Target{name, n, d}
}

// Delta is 1 if i = j, else 0.
func Delta(i, j int) float64 {
	if i == j {
		return 1
	}
	return 0
}

// WeirdTargets are targets with structure: vanishing blocks, repeated singular
// values and eigenvalues, every one of determinant > 0.
func WeirdTargets() []Target {
	var ts []Target
	for _, n := range []int{2, 3, 4, 5, 6, 7, 8, 9, 16, 17} {
		p := n / 2
		ts = append(ts,
			Fill(fmt.Sprintf("identity-%d", n), n, Delta),
			Fill(fmt.Sprintf("stretch-%d", n), n, func(i, j int) float64 { return 3 * Delta(i, j) }),
			Fill(fmt.Sprintf("ones-%d", n), n, func(i, j int) float64 { return 1 + Delta(i, j) }),
			Fill(fmt.Sprintf("upper-%d", n), n, func(i, j int) float64 {
				if i > j {
					return 0
				}
				return 1 / (1 + float64(j-i))
			}),
			Fill(fmt.Sprintf("lower-%d", n), n, func(i, j int) float64 {
				if i < j {
					return 0
				}
				return 1 / (1 + float64(i-j))
			}),
			Fill(fmt.Sprintf("cyclic-%d", n), n, func(i, j int) float64 {
				if n%2 == 0 && j == n-1 && i == 0 {
					return -1
				}
				return Delta(i, (j+1)%n)
			}),
			Fill(fmt.Sprintf("toeplitz-%d", n), n, func(i, j int) float64 { return math.Exp2(-math.Abs(float64(i - j))) }),
			Fill(fmt.Sprintf("block-j-%d", n), n, func(i, j int) float64 {
				if i < 2 && j < 2 {
					return float64(i - j)
				}
				return Delta(i, j)
			}),
			Fill(fmt.Sprintf("last-two-negative-%d", n), n, func(i, j int) float64 {
				if i >= n-2 {
					return -Delta(i, j)
				}
				return Delta(i, j)
			}),
			Fill(fmt.Sprintf("first-and-last-negative-%d", n), n, func(i, j int) float64 {
				if i == 0 || i == n-1 {
					return -Delta(i, j)
				}
				return Delta(i, j)
			}),
		)
		if n%2 == 0 {
			ts = append(ts,
				Fill(fmt.Sprintf("minus-identity-%d", n), n, func(i, j int) float64 { return -Delta(i, j) }),
				Fill(fmt.Sprintf("swap-%d", n), n, func(i, j int) float64 {
					if i < p {
						return -Delta(i+p, j)
					}
					return Delta(i-p, j)
				}))
		}
	}
	return ts
}

// SingularValues returns them in falling order.
func SingularValues(t Target) []float64 {
	var svd mat.SVD
	svd.Factorize(mat.NewDense(t.N, t.N, t.Data), mat.SVDNone)
	return svd.Values(nil)
}

// Scaled returns the target times by.
func (t Target) Scaled(by float64) Target {
	return Fill(t.Name, t.N, func(i, j int) float64 { return by * t.Data[i*t.N+j] })
}
