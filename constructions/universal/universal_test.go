package universal_test

import (
	"testing"
	"time"

	"flowproof/constructions/universal"
	"flowproof/transport"
	"flowproof/verify/wasserstein"
)

func box(cells ...int) *transport.Histogram {
	h := &transport.Histogram{Cells: cells}
	n := 1
	for _, c := range cells {
		h.Lo, h.Hi = append(h.Lo, -1), append(h.Hi, 1)
		n *= c
	}
	h.Weights = make([]uint64, n)
	return h
}

func square() *transport.Histogram {
	h := box(1, 1)
	h.Weights[0] = 1
	return h
}

func checkerboard() *transport.Histogram {
	h := box(4, 4)
	for k := range h.Weights {
		if (k/4+k%4)%2 == 0 {
			h.Weights[k] = 1
		}
	}
	return h
}

func ring() *transport.Histogram {
	h := box(64, 64)
	for k := range h.Weights {
		for s := range 64 {
			x, y := (k/64)*16+s/8*2+1-512, (k%64)*16+s%8*2+1-512
			if r := x*x + y*y; 358*358 <= r && r <= 435*435 {
				h.Weights[k]++
			}
		}
	}
	return h
}

func TestBuild(t *testing.T) {
	for name, h := range map[string]*transport.Histogram{"square": square(), "checkerboard": checkerboard(), "ring": ring()} {
		for _, delta := range []float64{0.5, 0.2, 0.1, 0.05} {
			start := time.Now()
			b, err := universal.Build(h, transport.Split{First: []int{0}, Second: []int{1}}, delta, universal.Options{})
			if err != nil {
				t.Fatal(name, delta, err)
			}
			mid := time.Now()
			r, err := wasserstein.Bound(h, b.Plan, b.Flow, wasserstein.DefaultLimits())
			if err != nil {
				t.Fatal(name, delta, err)
			}
			f, _ := r.Bound.Float64()
			t.Logf("%s %g: cells %d units %v estimate %.6f bound %.6f prec %d build %v check %v; v1 %.5g n1 %.5g read %.5g sel %.5g", name, delta, len(b.Plan.Cells), b.Flow.Units(), b.Estimate, f, r.Prec, mid.Sub(start), time.Since(mid),
				r.V1.Estimate(), r.N1.Estimate(), r.Read.Estimate(), r.Select.Estimate())
			if f > delta {
				t.Errorf("%s: bound %v above %v", name, f, delta)
			}
		}
	}
}
