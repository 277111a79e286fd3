package permutation

import (
	"fmt"
	"math/big"
	"testing"

	"flowproof/constructions/internal/sample"
	"flowproof/coupling"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
)

// involutoryOf factors the signed permutation with cycles of the given lengths,
// of sign -1 (the power length is -1) where they are negative.
func involutoryOf(cycles ...int) *involutory {
	w := &involutory{}
	for _, c := range cycles {
		k, start := max(c, -c), len(w.g.to)
		for i := range k {
			w.g.to = append(w.g.to, start+(i+1)%k)
			w.g.sign = append(w.g.sign, 1)
		}
		if c < 0 {
			w.g.sign[len(w.g.sign)-1] = -1
		}
	}
	w.j1, w.j2 = newSigned(len(w.g.to)), newSigned(len(w.g.to))
	return w
}

func (s signed) dense() *dense.Rational {
	n := len(s.to)
	data := zeros(n)
	for i, j := range s.to {
		data[j*n+i].SetInt64(int64(s.sign[i]))
	}
	m, _ := dense.NewRational(n, n, data)
	return m
}

func zeros(n int) []*big.Rat {
	data := make([]*big.Rat, n*n)
	for k := range data {
		data[k] = new(big.Rat)
	}
	return data
}

func denseOf(n int, entries []sparse.Entry) *dense.Rational {
	data := zeros(n)
	for _, e := range entries {
		data[e.Row*n+e.Col].Add(data[e.Row*n+e.Col], new(big.Rat).SetFloat64(e.Value))
	}
	m, _ := dense.NewRational(n, n, data)
	return m
}

// normAtMost decides |z|^2 <= bound exactly: bound I - z^T z must have a
// factorization L D L^T with D >= 0.
func normAtMost(z *dense.Rational, bound *big.Rat) bool {
	n, _ := z.Dims()
	s := make([][]*big.Rat, n)
	for i := range n {
		s[i] = make([]*big.Rat, n)
		for j := range n {
			s[i][j] = new(big.Rat)
			if i == j {
				s[i][j].Set(bound)
			}
			for k := range n {
				if x, y := z.At(k, i), z.At(k, j); x.Sign() != 0 && y.Sign() != 0 {
					s[i][j].Sub(s[i][j], x.Mul(x, y))
				}
			}
		}
	}
	for k := range n {
		if s[k][k].Sign() < 0 {
			return false
		}
		for i := k + 1; i < n; i++ {
			if s[i][k].Sign() == 0 {
				continue
			}
			if s[k][k].Sign() == 0 {
				return false
			}
			f := new(big.Rat).Quo(s[i][k], s[k][k])
			for j := k + 1; j < n; j++ {
				if s[k][j].Sign() != 0 {
					s[i][j].Sub(s[i][j], new(big.Rat).Mul(f, s[k][j]))
				}
			}
		}
	}
	return true
}

// checkInvolutory checks the identities of lemma 4.4 and the bounds of lemmas
// 4.5 and 4.6 in rational arithmetic.
func checkInvolutory(t *testing.T, w *involutory, odd bool, minus, plus *big.Rat, cycles ...int) {
	t.Helper()
	n := len(w.g.to)
	one := dense.IdentityRational(n)
	j1, j2, y2, y3 := w.j1.dense(), w.j2.dense(), denseOf(n, w.y2), denseOf(n, w.y3)
	for name, pair := range map[string][3]*dense.Rational{
		"J1 J1 = 1":     {j1, j1, one},
		"J2 J2 = 1":     {j2, j2, one},
		"J1 J2 = G":     {j1, j2, w.g.dense()},
		"y2 y3 = J1 -1": {y2, y3, permMust(j1.Sub(one))},
		"y3 y2 = J2 -1": {y3, y2, permMust(j2.Sub(one))},
	} {
		if got := permMust(pair[0].Mul(pair[1])); !dense.Equal(got, pair[2]) {
			t.Fatalf("%v: %s fails", cycles, name)
		}
	}
	i2, i3 := permMust(one.Add(y2)), permMust(one.Sub(y3))
	if odd {
		for j := range n {
			if y2.At(j, n-1).Sign() != 0 || y3.At(n-1, j).Sign() != 0 {
				t.Fatalf("%v: y2 or y3 touches the last point", cycles)
			}
		}
		if w.j2.to[n-1] != n-1 || w.j2.sign[n-1] != 1 {
			t.Fatalf("%v: J2 moves the last point", cycles)
		}
		data := zeros(n) // without the last row
		for i := range n - 1 {
			for j := range n {
				data[i*n+j] = i3.At(i, j)
			}
		}
		i3, _ = dense.NewRational(n, n, data)
	}
	if !normAtMost(i2, plus) {
		t.Errorf("%v: |1 + y2|^2 > %v", cycles, plus)
	}
	if !normAtMost(i3, minus) {
		t.Errorf("%v: |1 - y3|^2 > %v", cycles, minus)
	}
	if !normAtMost(y2, big.NewRat(4, 1)) || !normAtMost(y3, big.NewRat(2, 1)) {
		t.Errorf("%v: |y2| > 2 or |y3|^2 > 2", cycles)
	}
}

func permMust[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// TestPermutationLemmas checks lemmas 4.4 to 4.6 for all cycles of G of length
// up to 12 and all pairs of cycles of determinant -1, exactly; likewise with the
// last point marked, as for odd n.
func TestPermutationLemmas(t *testing.T) {
	var (
		two    = big.NewRat(2, 1)
		pair   = big.NewRat(8, 3)
		single = big.NewRat(4, 1)
		alone  = big.NewRat(58285, 10000) // > (1 + sqrt 2)^2
		across = big.NewRat(6552, 1000)   // > 7/2 + sqrt 2 + sqrt(...), lemma 4.6
	)
	bad := func(k int) int { // the cycle of length k of determinant -1
		if k%2 == 1 {
			return -k
		}
		return k
	}
	const top = 12
	for k := 1; k <= top; k++ {
		for _, odd := range []bool{false, true} {
			w := involutoryOf(-bad(k))
			w.split(odd, false)
			checkInvolutory(t, w, odd, two, alone, -bad(k))
			w = involutoryOf(-bad(k))
			w.split(odd, true)
			checkInvolutory(t, w, odd, single, alone, -bad(k))
		}
		for l := 1; l <= top; l++ {
			for _, odd := range []bool{false, true} {
				bound := pair
				switch {
				case k == l:
					bound = two
				case odd && k%2 == 1 && l%2 == 0 && k < l: // the marked cycle comes last
					bound = single
				}
				w := involutoryOf(bad(k), bad(l))
				w.split(odd, false)
				checkInvolutory(t, w, odd, bound, across, bad(k), bad(l))
				w = involutoryOf(bad(k), bad(l))
				w.split(odd, true)
				checkInvolutory(t, w, odd, single, across, bad(k), bad(l))
			}
		}
	}
}

// fieldMatrix is a matrix over the integers modulo a prime.
type fieldMatrix [][]int

func newField(rows, cols int) fieldMatrix {
	m := make(fieldMatrix, rows)
	for i := range m {
		m[i] = make([]int, cols)
	}
	return m
}

func (m fieldMatrix) mul(x fieldMatrix, prime int) fieldMatrix {
	z := newField(len(m), len(x[0]))
	for i := range z {
		for j := range z[i] {
			for k, v := range m[i] {
				z[i][j] += v * x[k][j]
			}
			z[i][j] %= prime
		}
	}
	return z
}

// plus returns m + f x.
func (m fieldMatrix) plus(f int, x fieldMatrix, prime int) fieldMatrix {
	z := newField(len(m), len(m[0]))
	for i := range z {
		for j := range z[i] {
			z[i][j] = (((m[i][j]+f*x[i][j])%prime + prime) % prime)
		}
	}
	return z
}

func (m fieldMatrix) zero() bool {
	for _, row := range m {
		for _, v := range row {
			if v != 0 {
				return false
			}
		}
	}
	return true
}

// solvable decides whether some rows x cols matrix X has a X = b and X c = d.
func solvable(a, b, c, d fieldMatrix, rows, cols, prime int) bool {
	var eqs [][]int
	for i := range a {
		for j := range cols {
			eq := make([]int, rows*cols+1)
			for k := range rows {
				eq[k*cols+j] = a[i][k]
			}
			eq[rows*cols] = b[i][j]
			eqs = append(eqs, eq)
		}
	}
	for i := range rows {
		for j := range c[0] {
			eq := make([]int, rows*cols+1)
			for k := range cols {
				eq[i*cols+k] = c[k][j]
			}
			eq[rows*cols] = d[i][j]
			eqs = append(eqs, eq)
		}
	}
	rank := 0
	for col := range rows * cols {
		for i := rank; i < len(eqs); i++ {
			if eqs[i][col] != 0 {
				eqs[rank], eqs[i] = eqs[i], eqs[rank]
				break
			}
		}
		if rank == len(eqs) || eqs[rank][col] == 0 {
			continue
		}
		inv := 1
		for inv*eqs[rank][col]%prime != 1 {
			inv++
		}
		for i := rank + 1; i < len(eqs); i++ {
			if f := eqs[i][col] * inv % prime; f != 0 {
				for j := col; j < len(eqs[i]); j++ {
					eqs[i][j] = ((eqs[i][j]-f*eqs[rank][j])%prime + prime) % prime
				}
			}
		}
		rank++
	}
	for _, eq := range eqs[rank:] {
		if eq[rows*cols] != 0 {
			return false
		}
	}
	return true
}

// fieldBlocks returns the blocks of a signed permutation, parts of p and n - p
// points, over the integers modulo a prime.
func fieldBlocks(m signed, p, prime int) (a, b, c, e fieldMatrix) {
	n := len(m.to)
	a, b, c, e = newField(p, p), newField(p, n-p), newField(n-p, p), newField(n-p, n-p)
	for j, i := range m.to {
		v := (int(m.sign[j]) + prime) % prime
		switch {
		case i < p && j < p:
			a[i][j] = v
		case i < p:
			b[i][j-p] = v
		case j < p:
			c[i-p][j] = v
		default:
			e[i-p][j-p] = v
		}
	}
	return a, b, c, e
}

func fieldUnit(n int) fieldMatrix {
	m := newField(n, n)
	for i := range m {
		m[i][i] = 1
	}
	return m
}

// inverted is the inverse of a signed permutation.
func (s signed) inverted() signed {
	r := newSigned(len(s.to))
	for i, j := range s.to {
		r.set(j, i, s.sign[i])
	}
	return r
}

// fewFit decides by brute force whether M = L(X1) U(X2) L(X3), and whether M = L(X1)
// U(X2) L(X3) U(X4), over the integers modulo a prime, parts of p and q points. For
// each X1: L(-X1) M L(-X3) is U(b), or L(-X1) M U(-X4) has lower right block I and its
// inverse upper left block I, which are linear equations for X4.
func fewFit(m signed, p, prime int) (three, four bool) {
	q := len(m.to) - p
	a, b, c, e := fieldBlocks(m, p, prime)
	al, be, r, s := fieldBlocks(m.inverted(), p, prime)
	x1 := newField(q, p)
	total := 1
	for range p * q {
		total *= prime
	}
	for code := range total {
		for i := range q {
			for j := range p {
				x1[i][j] = code % prime
				code /= prime
			}
		}
		z := c.plus(-1, x1.mul(a, prime), prime)
		w := e.plus(-1, x1.mul(b, prime), prime).plus(-1, fieldUnit(q), prime)
		upper := a.plus(-1, b.mul(z, prime), prime).plus(-1, fieldUnit(p), prime)
		three = three || w.zero() && upper.zero()
		y := r.plus(1, s.mul(x1, prime), prime)
		v := fieldUnit(p).plus(-1, al, prime).plus(-1, be.mul(x1, prime), prime)
		four = four || solvable(z, w, y, v, p, q, prime)
		if three && four {
			break
		}
	}
	return three, four
}

// fieldsOf returns the primes for which TestPermutationFewLayers searches in
// dimension n.
func fieldsOf(signs bool) map[int][]int {
	switch {
	case signs && *sample.Long:
		return map[int][]int{2: {3, 5, 7, 11, 13}, 3: {3, 5, 7, 11}, 4: {3, 5, 7}, 5: {3}}
	case signs:
		return map[int][]int{2: {3, 5, 7}, 3: {3, 5, 7}, 4: {3, 5}}
	case *sample.Long:
		return map[int][]int{3: {3, 5, 7, 11}, 4: {3, 5, 7, 11}, 5: {3, 5}, 6: {3}}
	}
	return map[int][]int{3: {3, 5, 7}, 4: {3, 5}, 5: {3}}
}

// TestPermutationFewLayers compares theorems 4.3 and 4.9 on three and four layers
// with an exhaustive search over finite fields of odd characteristic. Where no flow
// exists modulo a prime, none exists with weights whose denominators it does not
// divide.
func TestPermutationFewLayers(t *testing.T) {
	check := func(perm []int, sign []float64, prime int) {
		t.Helper()
		n := len(perm)
		b, err := PermutationDepth(permMust(sparse.FromSigned(perm, sign)), sample.Half(t, n))
		if err != nil {
			t.Fatal(err)
		}
		m, swapped := newSigned(n), newSigned(n) // parts exchanged
		for j, i := range perm {
			m.set(j, i, sign[j])
			swapped.set((j+n-n/2)%n, (i+n-n/2)%n, sign[j])
		}
		for order, m := range []signed{m, swapped} {
			p := n / 2
			if order == 1 {
				p = n - p
			}
			if three, four := fewFit(m, p, prime); three != (b.Lower <= 3) || four != (b.Lower <= 4) {
				t.Errorf("n = %d modulo %d, %v %v, order %d: three layers %v, four %v, bounds %d to %d",
					n, prime, perm, sign, order, three, four, b.Lower, b.Upper)
			}
		}
	}
	for n, primes := range fieldsOf(false) {
		plus := make([]float64, n)
		for i := range plus {
			plus[i] = 1
		}
		for _, prime := range primes {
			visitEven(n, func(perm []int) { check(perm, plus, prime) })
		}
	}
	for n, primes := range fieldsOf(true) {
		for _, prime := range primes {
			visitSigned(n, func(perm []int, sign []float64) { check(perm, sign, prime) })
		}
	}
}

// TestPermutationAngles compares the criterion for five layers with numbers
// counted angle by angle.
func TestPermutationAngles(t *testing.T) {
	check := func(target *sparse.Matrix) {
		t.Helper()
		n, _ := target.Dims()
		m, err := newPermBlocks(target, sample.Half(t, n))
		if err != nil {
			t.Fatal(err)
		}
		inF, inS, _ := m.cyclesByPart()
		const turn = 840 // all angles of cycles up to 7, with signs
		var net [turn]int
		room := [2]int{m.Q, m.P}
		for k, cycles := range [][]signedCycle{inF, inS} {
			for _, c := range cycles {
				room[1-k] -= len(c.point)
				sign := 1.0
				for _, i := range c.point {
					sign *= m.sign[i]
				}
				for j := range len(c.point) {
					angle := j * turn / len(c.point)
					if sign < 0 {
						angle += turn / (2 * len(c.point))
					}
					net[angle] += 1 - 2*k
				}
			}
		}
		agree := true
		for _, v := range net[1:] {
			agree = agree && v == 0
			room[0] -= max(v, 0)
			room[1] -= max(-v, 0)
		}
		got := netAngles(inF, inS)
		if agree != (len(got) == 0) {
			t.Fatalf("%v %v: angles %v", m.to, m.sign, got)
		}
		if got, want := m.anglesFit(got, inF, inS), room[0] >= 0 && room[1] >= 0; got != want {
			t.Fatalf("%v %v: %v, want %v", m.to, m.sign, got, want)
		}
	}
	for n := 2; n <= 7; n++ {
		visitEven(n, func(perm []int) { check(matrixOf(perm)) })
	}
	for n := 2; n <= 5; n++ {
		visitSigned(n, func(perm []int, sign []float64) { check(permMust(sparse.FromSigned(perm, sign))) })
	}
}

func ExamplePermutationDepth() {
	part, _ := coupling.Half(6)
	cycle, _ := sparse.Permutation([]int{0, 1, 2, 4, 5, 3})
	b, _ := PermutationDepth(cycle, part)
	fmt.Println(b.Lower, b.Upper)
	exchange, _ := sparse.Permutation([]int{3, 4, 5, 1, 0, 2})
	f, _ := PermutationInteger(exchange, part)
	fmt.Println(f.Depth())
	// Output:
	// 6 6
	// 5
}
