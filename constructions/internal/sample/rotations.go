package sample

import (
	"embed"
	"encoding/csv"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/internal/numeric"
	"flowproof/coupling"
	"flowproof/exactmath"
	certified "flowproof/verify/condition"
)

//go:embed testdata/rotations/*.csv
var WorstRotations embed.FS

// ReadRotation reads a matrix of float64 numbers, row by row.
func ReadRotation(t *testing.T, name string) *mat.Dense {
	t.Helper()
	b, err := WorstRotations.ReadFile("testdata/rotations/" + name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	m := mat.NewDense(len(rows), len(rows[0]), nil)
	for i, row := range rows {
		for j, s := range row {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatal(err)
			}
			m.Set(i, j, v)
		}
	}
	return m
}

// Largest returns the largest certified condition number of a layer.
func Largest(t *testing.T, f *coupling.Flow) float64 {
	t.Helper()
	k := 1.0
	for _, l := range f.Layers() {
		k = max(k, certified.Layer(l).Bound)
	}
	return k
}

// StartRotation returns where a search starts.
func StartRotation(n int, rng *rand.Rand) *mat.Dense {
	switch rng.IntN(4) {
	case 0:
		return Haar(n, rng)
	case 1: // few angles, in general position
		r := Eye(n)
		for i := 0; i+1 < n; i += 2 {
			r = numeric.Product(r, Givens(n, i, i+1, []float64{math.Pi, math.Pi - 1e-3, 2, 0}[rng.IntN(4)]))
		}
		h := Haar(n, rng)
		return numeric.Product(h, r, h.T())
	case 2: // near a block diagonal one: c is small
		return numeric.Product(blockDiag(Haar(n/2, rng), Haar(n-n/2, rng)), NearIdentity(n, math.Pow(10, -6*rng.Float64()), rng))
	}
	w := WeirdRotations(n, rng)
	names := make([]string, 0, len(w))
	for name := range w {
		names = append(names, name)
	}
	slices.Sort(names)
	return w[names[rng.IntN(len(names))]]
}

// NearIdentity returns a rotation at a distance of about size from the identity.
func NearIdentity(n int, size float64, rng *rand.Rand) *mat.Dense {
	g := mat.NewDense(n, n, nil)
	for i := range n {
		g.Set(i, i, 1)
		for j := range i {
			v := size * rng.NormFloat64() / math.Sqrt(float64(n))
			g.Set(i, j, v)
			g.Set(j, i, -v)
		}
	}
	return properFactor(g)
}

// orthogonalFactor returns the Q of g = Q R.
func orthogonalFactor(g *mat.Dense) *mat.Dense {
	var qr mat.QR
	qr.Factorize(g)
	q := new(mat.Dense)
	qr.QTo(q)
	return q
}

// properFactor returns it with the last column's sign such that it is a rotation.
func properFactor(g *mat.Dense) *mat.Dense {
	q := orthogonalFactor(g)
	if numeric.DetSign(q) < 0 {
		numeric.FlipLast(q)
	}
	return q
}

// gaussian returns an n x n matrix of independent normal entries.
func gaussian(n int, rng *rand.Rand) *mat.Dense {
	g := mat.NewDense(n, n, nil)
	g.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, g)
	return g
}

// Haar returns a random rotation, by QR of a Gaussian matrix.
func Haar(n int, rng *rand.Rand) *mat.Dense {
	q := orthogonalFactor(gaussian(n, rng))
	if mat.Det(q) < 0 {
		for i := range n {
			q.Set(i, 0, -q.At(i, 0))
		}
	}
	return q
}

// Eye returns the identity.
func Eye(n int) *mat.Dense {
	m := mat.NewDense(n, n, nil)
	for i := range n {
		m.Set(i, i, 1)
	}
	return m
}

// Givens returns the rotation by theta of the plane (i, j).
func Givens(n, i, j int, theta float64) *mat.Dense {
	m := Eye(n)
	c, s := math.Cos(theta), math.Sin(theta)
	m.Set(i, i, c)
	m.Set(j, j, c)
	m.Set(i, j, -s)
	m.Set(j, i, s)
	return m
}

// Permuted returns the matrix e_j -> sign e_perm[j], the sign on the last
// column chosen to make the determinant 1.
func Permuted(perm []int) *mat.Dense {
	n := len(perm)
	m := mat.NewDense(n, n, nil)
	for j, i := range perm {
		m.Set(i, j, 1)
	}
	if mat.Det(m) < 0 {
		m.Set(perm[n-1], n-1, -1)
	}
	return m
}

func blockDiag(a, b mat.Matrix) *mat.Dense {
	p, _ := a.Dims()
	q, _ := b.Dims()
	m := mat.NewDense(p+q, p+q, nil)
	m.Slice(0, p, 0, p).(*mat.Dense).Copy(a)
	m.Slice(p, p+q, p, p+q).(*mat.Dense).Copy(b)
	return m
}

// WeirdRotations returns rotations on which a careless construction fails.
func WeirdRotations(n int, rng *rand.Rand) map[string]*mat.Dense {
	p, q := n/2, n-n/2
	shift, reverse := make([]int, n), make([]int, n)
	for i := range n {
		shift[i], reverse[i] = (i+p)%n, n-1-i
	}
	minus := Eye(n)
	for i := range n - n%2 {
		minus.Set(i, i, -1)
	}
	w := map[string]*mat.Dense{
		"identity":         Eye(n),
		"minus identity":   minus,
		"swap of parts":    Permuted(shift),
		"reversal":         Permuted(reverse),
		"plane across":     Givens(n, 0, n-1, 1.1),
		"plane by pi":      Givens(n, 0, n-1, math.Pi),
		"tiny angle":       Givens(n, 0, n-1, 1e-9),
		"block diagonal":   blockDiag(Haar(p, rng), Haar(q, rng)), // c = 0
		"one far plane":    numeric.Product(Haar(n, rng), Givens(n, 0, 1, 3)),
		"nearly -identity": numeric.Product(minus, Givens(n, 0, n-1, 1e-8)),
	}
	if n >= 4 {
		w["J and I"] = Givens(n, 0, 1, math.Pi/2)
		w["I and J"] = Givens(n, n-2, n-1, math.Pi/2)
		flip := Eye(n)
		flip.Set(0, 0, -1)
		flip.Set(n-1, n-1, -1)
		w["two signs"] = flip
		// a has rank 1, c has rank p - 1 or less: both singular.
		swapped := Permuted(shift)
		w["a and c singular"] = numeric.Product(swapped, Givens(n, 0, p, math.Pi/2))
		// Repeated angles: a rotation by one angle in every plane, conjugated.
		r := Eye(n)
		for i := 0; i+1 < n; i += 2 {
			r = numeric.Product(r, Givens(n, i, i+1, 2))
		}
		h := Haar(n, rng)
		w["repeated angles"] = numeric.Product(h, r, h.T())
		w["repeated angles, aligned"] = r
	}
	for _, name := range slices.Sorted(maps.Keys(w)) {
		near := mat.DenseCopyOf(w[name])
		near.Apply(func(_, _ int, v float64) float64 { return v + 1e-15*(2*rng.Float64()-1) }, near)
		w[name+", within 1e-15"] = near
	}
	return w
}

// AsFloats returns the matrix as an exact one.
func AsFloats(t *testing.T, m *mat.Dense) *exactmath.Floats {
	t.Helper()
	r, c := m.Dims()
	x, err := exactmath.FromFloat64(r, c, numeric.RowMajor(m))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Half returns the partition into halves.
func Half(t *testing.T, n int) coupling.Partition {
	t.Helper()
	p, err := coupling.Half(n)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
