//go:build amd64 && !purego

package residue

import "golang.org/x/sys/cpu"

// Kernels are the kernels that this machine runs, the slowest first.
func Kernels() []Kernel {
	all := []Kernel{portable}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		all = append(all, Kernel{8, checked(8, strip8)})
	}
	if cpu.X86.HasAVX512F {
		all = append(all, Kernel{16, checked(16, strip16)})
	}
	return all
}

type assembly func(c *float64, ldc int, a *float64, lda int, b *float64, rowB, panelB, k, panels int, mod *[12]float64, add bool)

// checked touches the last element of each operand first, so that assembly,
// which checks nothing, stays within its slices.
func checked(lanes int, f assembly) func([]float64, int, []float64, int, []float64, int, int, int, int, *[12]float64, bool) {
	return func(c []float64, ldc int, a []float64, lda int, b []float64, rowB, panelB, k, panels int, mod *[12]float64, add bool) {
		if k <= 0 || panels <= 0 {
			return
		}
		_ = c[5*ldc+panels*lanes-1]
		_ = a[5*lda+k-1]
		_ = b[(panels-1)*panelB+(k-1)*rowB+lanes-1]
		f(&c[0], ldc, &a[0], lda, &b[0], rowB, panelB, k, panels, mod, add)
	}
}

//go:noescape
func strip8(c *float64, ldc int, a *float64, lda int, b *float64, rowB, panelB, k, panels int, mod *[12]float64, add bool)

//go:noescape
func strip16(c *float64, ldc int, a *float64, lda int, b *float64, rowB, panelB, k, panels int, mod *[12]float64, add bool)
