package targets

import "flowproof/exactmath/sparse"

// integer has independent uniform entries of -e..e, e by the option max-entry,
// conditioned on a positive determinant: row 0 is negated where it is negative,
// and singular matrices are drawn again.
func integer(r request) (*Target, error) {
	n := r.dim
	e, err := r.entryOption()
	if err != nil {
		return nil, err
	}
	a, _, _ := positive(n, func() []float64 {
		a := make([]float64, n*n)
		for k := range a {
			a[k] = float64(r.rnd.between(e))
		}
		return a
	}, negateRow0(n))
	return fromDense(n, a, "")
}

// unimodular is P L U Q: L and U unit triangular with entries 1 or -1 in one
// place of n or so, P and Q random permutations, one row negated if the two
// differ in parity. Entries are small and the determinant is 1.
func unimodular(r request) (*Target, error) {
	n := r.dim
	lower, upper := identityDense(n), identityDense(n)
	for i := range n {
		for range 2 { // two places of row i of L and of column i of U
			if i > 0 {
				lower[i*n+r.rnd.below(i)] = float64(2*r.rnd.below(2) - 1)
				upper[r.rnd.below(i)*n+i] = float64(2*r.rnd.below(2) - 1)
			}
		}
	}
	rows, cols := r.rnd.shuffled(n), r.rnd.shuffled(n)
	a := make([]float64, n*n)
	for i := range n {
		for k := range i + 1 {
			l := lower[i*n+k]
			if l == 0 {
				continue
			}
			for j := k; j < n; j++ {
				a[rows[i]*n+cols[j]] += l * upper[k*n+j] // small integers: exact
			}
		}
	}
	if Even(rows) != Even(cols) {
		negateRow0(n)(a)
	}
	return fromDense(n, a, "")
}

// companion is the companion matrix of x^n + c_{n-1} x^{n-1} + .. + c_0, its
// characteristic polynomial: ones below the diagonal, -c in the last column. The
// c are uniform in -e..e, c_0 = (-1)^n, so the determinant is 1.
func companion(r request) (*Target, error) {
	n := r.dim
	e, err := r.entryOption()
	if err != nil {
		return nil, err
	}
	a := make([]float64, n*n)
	for i := 1; i < n; i++ {
		a[i*n+i-1] = 1
		a[i*n+n-1] = -float64(r.rnd.between(e))
	}
	a[n-1] = float64(1 - 2*((n+1)%2)) // -c_0
	return fromDense(n, a, "")
}

func minusIdentity(r request) (*Target, error) {
	es := make([]sparse.Entry, r.dim)
	for i := range es {
		es[i] = sparse.Entry{Row: i, Col: i, Value: -1}
	}
	return r.sparse(es)
}

// blockDiagJ is diag(J, 1, .., 1), J = [[0, -1], [1, 0]], for n >= 4, and
// diag(1, J) for n = 3. Under the default partition no five layers give it: the
// spectra of its two diagonal blocks cannot be made to agree by positive scales.
func blockDiagJ(r request) (*Target, error) {
	k := 0
	if r.dim == 3 {
		k = 1
	}
	es := []sparse.Entry{{Row: k, Col: k + 1, Value: -1}, {Row: k + 1, Col: k, Value: 1}}
	for i := range r.dim {
		if i != k && i != k+1 {
			es = append(es, sparse.Entry{Row: i, Col: i, Value: 1})
		}
	}
	return r.sparse(es)
}

func (r request) sparse(es []sparse.Entry) (*Target, error) {
	m, err := sparse.New(r.dim, r.dim, es)
	if err != nil {
		return nil, err
	}
	return &Target{Dim: r.dim, Matrix: m}, nil
}
