// Package layout has the ways to lay out matrices of residues that whole-matrix
// algorithms want.
package layout

import "flowproof/exactmath/internal/residue"

// Rows keeps a matrix row by row, each filled up to whole groups.
func Rows(rows, cols, lanes int) residue.Layout {
	z := residue.Panels(rows, cols, lanes)
	for i := range rows {
		z.Row[i] = i * residue.Ceil(cols, lanes)
	}
	for j := range cols {
		z.Col[j] = j / lanes
	}
	return z
}
