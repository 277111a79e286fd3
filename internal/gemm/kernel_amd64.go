//go:build amd64 && !purego

package gemm

import "golang.org/x/sys/cpu"

func kernels32() []kernel[float32] {
	all := []kernel[float32]{{8, portable[float32]}}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		all = append(all, kernel[float32]{16, checked(16, float32x8)})
	}
	if cpu.X86.HasAVX512F {
		all = append(all, kernel[float32]{32, checked(32, float32x16)})
	}
	return all
}

func kernels64() []kernel[float64] {
	all := []kernel[float64]{{8, portable[float64]}}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		all = append(all, kernel[float64]{8, checked(8, float64x4)})
	}
	if cpu.X86.HasAVX512F {
		all = append(all, kernel[float64]{16, checked(16, float64x8)})
	}
	return all
}

// checked touches the last element of each operand first, so that assembly,
// which checks nothing, stays within its slices.
func checked[T Float](lanes int, f func(c *T, ldc int, a, b *T, k int)) func(c []T, ldc int, a, b []T, k int) {
	return func(c []T, ldc int, a, b []T, k int) {
		_, _, _ = c[(rows-1)*ldc+lanes-1], a[rows*k-1], b[lanes*k-1]
		f(&c[0], ldc, &a[0], &b[0], k)
	}
}

//go:noescape
func float32x8(c *float32, ldc int, a, b *float32, k int)

//go:noescape
func float32x16(c *float32, ldc int, a, b *float32, k int)

//go:noescape
func float64x4(c *float64, ldc int, a, b *float64, k int)

//go:noescape
func float64x8(c *float64, ldc int, a, b *float64, k int)
