package ratmat

import (
	"math/big"
)

// Conjugate returns s^-1 g s.
func Conjugate(g, s *Matrix) *Matrix {
	m, _ := s.Solve(g.Mul(s))
	return m
}

// SchurComplement returns m_22 - m_21 m_12 / m_11, m_11 being 1 x 1.
func SchurComplement(m *Matrix) *Matrix {
	n := m.Rows
	inv := new(big.Rat).Inv(m.Rat(0, 0))
	return m.Block(1, n, 1, n).Sub(m.Block(1, n, 0, 1).Mul(m.Block(0, 1, 1, n)).Scale(inv))
}
