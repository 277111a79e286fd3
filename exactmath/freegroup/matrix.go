package freegroup

import "fmt"

// Matrix is a block matrix of polynomials: block (i, j) has the type (Rows[i],
// Cols[j]).
type Matrix struct {
	Rows, Cols []Object
	Block      [][]Poly
}

// Identity returns the identity on the given objects.
func (a *Algebra) Identity(objects ...Object) Matrix {
	m := Matrix{objects, objects, make([][]Poly, len(objects))}
	for i, r := range objects {
		for j, c := range objects {
			x := a.Zero(r, c)
			if i == j {
				x = a.One(r)
			}
			m.Block[i] = append(m.Block[i], x)
		}
	}
	return m
}

// Shear returns the identity with x added to block (i, j). A block of another
// type becomes an error.
func (a *Algebra) Shear(i, j int, x Poly, objects ...Object) Matrix {
	m := a.Identity(objects...)
	m.Block[i][j] = m.Block[i][j].Add(x)
	return m
}

// Upper returns the layer U(x) = [[1, x], [0, 1]].
func (a *Algebra) Upper(x Poly) Matrix { return a.Shear(0, 1, x, x.rows, x.cols) }

// Lower returns the layer L(x) = [[1, 0], [x, 1]].
func (a *Algebra) Lower(x Poly) Matrix { return a.Shear(1, 0, x, x.cols, x.rows) }

// Diagonal returns diag(x, y).
func (a *Algebra) Diagonal(x, y Poly) Matrix {
	return Matrix{[]Object{x.rows, y.rows}, []Object{x.cols, y.cols},
		[][]Poly{{x, a.Zero(x.rows, y.cols)}, {a.Zero(y.rows, x.cols), y}}}
}

// Full returns [[a, b], [c, e]].
func Full(a, b, c, e Poly) Matrix {
	return Matrix{[]Object{a.rows, c.rows}, []Object{a.cols, b.cols}, [][]Poly{{a, b}, {c, e}}}
}

// Compose returns the product from left to right. Blocks that do not fit become
// errors.
func Compose(m Matrix, more ...Matrix) Matrix {
	for _, n := range more {
		m = m.mul(n)
	}
	return m
}

func (m Matrix) mul(n Matrix) Matrix {
	z := Matrix{m.Rows, n.Cols, make([][]Poly, len(m.Rows))}
	for i := range m.Rows {
		for j := range n.Cols {
			sum := Poly{err: fmt.Errorf("%w: %v columns, %v rows", ErrType, m.Cols, n.Rows)}
			if len(m.Cols) == len(n.Rows) && len(m.Cols) > 0 {
				sum = m.Block[i][0].Mul(n.Block[0][j])
				for k := 1; k < len(m.Cols); k++ {
					sum = sum.Add(m.Block[i][k].Mul(n.Block[k][j]))
				}
			}
			z.Block[i] = append(z.Block[i], sum)
		}
	}
	return z
}

// Difference returns the first block in which m and n differ, as a text, or ""
// if they are equal.
func Difference(m, n Matrix) string {
	if len(m.Rows) != len(n.Rows) || len(m.Cols) != len(n.Cols) {
		return "the matrices have different numbers of blocks"
	}
	for i := range m.Block {
		for j, x := range m.Block[i] {
			if y := n.Block[i][j]; !x.Equal(y) {
				return fmt.Sprintf("block (%d, %d): %v is not %v", i, j, x, y)
			}
		}
	}
	return ""
}
