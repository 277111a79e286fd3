// Package gemm multiplies dense matrices of float32 or float64 at the machine's
// speed: packed operands, a register block of six rows, AVX2 or AVX-512 where
// the machine has them, portable Go elsewhere.
//
// Every element of a product is summed in an order that depends on the inner
// dimension alone, never on the number of threads. Vector widths do not change
// a result either; the portable kernel rounds products and sums separately, so
// that its results differ in the last bits.
//
// The layout is that of Goto and van de Geijn, Anatomy of High-Performance
// Matrix Multiplication, ACM TOMS 34 (2008).
package gemm

import (
	"fmt"
	"sync"
)

// Float is what the elements may be.
type Float interface{ float32 | float64 }

// A Matrix is Rows x Cols, stored by rows: element (i, j) is Data[i*Stride+j].
type Matrix[T Float] struct {
	Rows, Cols, Stride int
	Data               []T
}

// New returns a zero matrix.
func New[T Float](rows, cols int) Matrix[T] {
	return Matrix[T]{rows, cols, cols, make([]T, rows*cols)}
}

// Row is row i, not a copy.
func (m Matrix[T]) Row(i int) []T { return m.Data[i*m.Stride : i*m.Stride+m.Cols] }

// An Operand is a matrix or its transpose.
type Operand[T Float] struct {
	m          Matrix[T]
	transposed bool
}

// N is the matrix as it is.
func (m Matrix[T]) N() Operand[T] { return Operand[T]{m, false} }

// T is the transpose.
func (m Matrix[T]) T() Operand[T] { return Operand[T]{m, true} }

func (o Operand[T]) dims() (rows, cols int) {
	if o.transposed {
		return o.m.Cols, o.m.Rows
	}
	return o.m.Rows, o.m.Cols
}

const (
	rows  = 6   // of C in registers
	depth = 256 // of a packed block: its panels of B stay in the first cache
	tall  = 120 // rows of a packed block of A, in the second cache
	wide  = 2048
)

// A kernel adds a product of packed panels to a block of rows x lanes of C:
// c[i*ldc+j] += sum_l a[l*rows+i] b[l*lanes+j], l < k, k > 0.
type kernel[T Float] struct {
	lanes int
	run   func(c []T, ldc int, a, b []T, k int)
}

// Add does c += alpha a b with at most the given number of threads. The shapes
// must fit, and c must not overlap a or b; it panics otherwise on the shapes.
func Add[T Float](c Matrix[T], alpha T, a, b Operand[T], threads int) {
	addWith(machineOf[T]().kernel(), c, alpha, a, b, threads)
}

// Set does c = a b.
func Set[T Float](c Matrix[T], a, b Operand[T], threads int) {
	for i := range c.Rows {
		clear(c.Row(i))
	}
	Add(c, 1, a, b, threads)
}

// machine is what products of a precision share: the kernel, and space to pack
// operands into, used again by the next product.
type machine[T Float] struct {
	kernel func() kernel[T]
	spaces sync.Pool // of *[]T
}

var (
	machine32 = machine[float32]{kernel: sync.OnceValue(func() kernel[float32] { return last(kernels32()) })}
	machine64 = machine[float64]{kernel: sync.OnceValue(func() kernel[float64] { return last(kernels64()) })}
)

func last[E any](list []E) E { return list[len(list)-1] }

func machineOf[T Float]() *machine[T] {
	if m, ok := any(&machine32).(*machine[T]); ok {
		return m
	}
	return any(&machine64).(*machine[T])
}

// take returns n numbers, whatever they are; give gives them back.
func (m *machine[T]) take(n int) *[]T {
	s, _ := m.spaces.Get().(*[]T)
	if s == nil || cap(*s) < n {
		s = new([]T)
		*s = make([]T, n)
	}
	*s = (*s)[:n]
	return s
}

func (m *machine[T]) give(s *[]T) { m.spaces.Put(s) }

func addWith[T Float](kern kernel[T], c Matrix[T], alpha T, a, b Operand[T], threads int) {
	m, k := a.dims()
	k2, n := b.dims()
	if m != c.Rows || n != c.Cols || k != k2 {
		panic(fmt.Sprintf("gemm: %d x %d += (%d x %d) (%d x %d)", c.Rows, c.Cols, m, k, k2, n))
	}
	if m == 0 || n == 0 || k == 0 || alpha == 0 {
		return
	}
	// Stripes of rows or of columns, whichever cuts better.
	parts := max(1, min(threads, m*n*k/parallelFrom+1))
	split, unit := m, rows
	byColumns := n > m
	if byColumns {
		split, unit = n, kern.lanes
	}
	stripe := roundUp((split+parts-1)/parts, unit)
	var group sync.WaitGroup
	for lo := 0; lo < split; lo += stripe {
		hi := min(lo+stripe, split)
		work := func() {
			if byColumns {
				serial(kern, c, alpha, a, b, 0, m, lo, hi)
			} else {
				serial(kern, c, alpha, a, b, lo, hi, 0, n)
			}
		}
		if hi == split { // the last one needs no goroutine
			work()
			break
		}
		group.Go(work)
	}
	group.Wait()
}

// parallelFrom is the number of multiplications that is worth a goroutine.
const parallelFrom = 1 << 17

// serial does rows [i0, i1) and columns [j0, j1) of c.
func serial[T Float](kern kernel[T], c Matrix[T], alpha T, a, b Operand[T], i0, i1, j0, j1 int) {
	_, k := a.dims()
	lanes := kern.lanes
	deep := min(depth, k)
	sizeA, sizeB := deep*min(tall, roundUp(i1-i0, rows)), deep*min(wide, roundUp(j1-j0, lanes))
	space := machineOf[T]().take(sizeA + sizeB + rows*lanes)
	defer machineOf[T]().give(space)
	all := *space
	packedA, packedB, edge := all[:sizeA], all[sizeA:sizeA+sizeB], all[sizeA+sizeB:]
	for j := j0; j < j1; j += wide {
		w := min(wide, j1-j)
		for l := 0; l < k; l += depth {
			d := min(depth, k-l)
			packB(packedB, b, l, d, j, w, lanes)
			for i := i0; i < i1; i += tall {
				h := min(tall, i1-i)
				packA(packedA, alpha, a, i, h, l, d)
				block(kern, c, packedA, packedB, edge, i, h, j, w, d)
			}
		}
	}
}

// block adds a packed block of A times a packed block of B.
func block[T Float](kern kernel[T], c Matrix[T], packedA, packedB, edge []T, i, h, j, w, d int) {
	lanes := kern.lanes
	for jj := 0; jj < w; jj += lanes {
		pb := packedB[jj*d : (jj+lanes)*d]
		for ii := 0; ii < h; ii += rows {
			pa := packedA[ii*d : (ii+rows)*d]
			if ii+rows <= h && jj+lanes <= w {
				kern.run(c.Data[(i+ii)*c.Stride+j+jj:], c.Stride, pa, pb, d)
				continue
			}
			clear(edge)
			kern.run(edge, lanes, pa, pb, d)
			for r := range min(rows, h-ii) {
				at := (i+ii+r)*c.Stride + j + jj
				for s := range min(lanes, w-jj) {
					c.Data[at+s] += edge[r*lanes+s]
				}
			}
		}
	}
}

// packA copies alpha times rows [i, i+h) and columns [l, l+d) of A into panels
// of six rows, column after column; rows that are missing become zeros.
func packA[T Float](to []T, alpha T, a Operand[T], i, h, l, d int) {
	for ii := 0; ii < h; ii += rows {
		panel := to[ii*d : (ii+rows)*d]
		have := min(rows, h-ii)
		if have < rows {
			clear(panel)
		}
		if a.transposed {
			for t := range d {
				at := (l+t)*a.m.Stride + i + ii
				for r, v := range a.m.Data[at : at+have] {
					panel[t*rows+r] = alpha * v
				}
			}
			continue
		}
		for r := range have {
			at := (i+ii+r)*a.m.Stride + l
			for t, v := range a.m.Data[at : at+d] {
				panel[t*rows+r] = alpha * v
			}
		}
	}
}

// packB copies rows [l, l+d) and columns [j, j+w) of B into panels of lanes
// columns, row after row; columns that are missing become zeros.
func packB[T Float](to []T, b Operand[T], l, d, j, w, lanes int) {
	for jj := 0; jj < w; jj += lanes {
		panel := to[jj*d : (jj+lanes)*d]
		have := min(lanes, w-jj)
		if have < lanes {
			clear(panel)
		}
		if !b.transposed {
			for t := range d {
				at := (l+t)*b.m.Stride + j + jj
				copy(panel[t*lanes:t*lanes+have], b.m.Data[at:at+have])
			}
			continue
		}
		for s := range have {
			at := (j+jj+s)*b.m.Stride + l
			for t, v := range b.m.Data[at : at+d] {
				panel[t*lanes+s] = v
			}
		}
	}
}

// portable is the kernel of every machine.
func portable[T Float](c []T, ldc int, a, b []T, k int) {
	for i := range rows {
		var s0, s1, s2, s3, s4, s5, s6, s7 T
		for l := range k {
			x, y := a[l*rows+i], b[l*8:l*8+8]
			s0 += T(x * y[0])
			s1 += T(x * y[1])
			s2 += T(x * y[2])
			s3 += T(x * y[3])
			s4 += T(x * y[4])
			s5 += T(x * y[5])
			s6 += T(x * y[6])
			s7 += T(x * y[7])
		}
		row := c[i*ldc : i*ldc+8]
		row[0] += s0
		row[1] += s1
		row[2] += s2
		row[3] += s3
		row[4] += s4
		row[5] += s5
		row[6] += s6
		row[7] += s7
	}
}

func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }
