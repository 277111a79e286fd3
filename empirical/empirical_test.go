package empirical

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"flowproof/transport"
)

// bruteForce returns the least cost over all matchings.
func bruteForce(n int, cost []float64) float64 {
	best, used := math.Inf(1), make([]bool, n)
	var walk func(i int, sum float64)
	walk = func(i int, sum float64) {
		if i == n {
			best = min(best, sum)
			return
		}
		for j := range n {
			if !used[j] {
				used[j] = true
				walk(i+1, sum+cost[i*n+j])
				used[j] = false
			}
		}
	}
	walk(0, 0)
	return best
}

func TestAssignAgainstBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for n := 1; n <= 7; n++ {
		for trial := range 60 {
			cost := make([]float64, n*n)
			for k := range cost {
				switch trial % 4 {
				case 0:
					cost[k] = rng.NormFloat64()
				case 1:
					cost[k] = float64(rng.IntN(3)) // many ties
				case 2:
					cost[k] = float64((k/n+1)*(k%n+1)) * 0.1 // the anti-diagonal is best
				case 3:
					cost[k] = math.Exp(20 * rng.NormFloat64())
				}
			}
			a, _ := assign(n, cost, nil)
			seen := make([]bool, n)
			for _, j := range a.To {
				if seen[j] {
					t.Fatalf("n=%d: %v is no matching", n, a.To)
				}
				seen[j] = true
			}
			want := bruteForce(n, cost)
			if math.Abs(a.Cost-want) > 1e-9*(1+math.Abs(want)) {
				t.Errorf("n=%d trial %d: cost %v, want %v", n, trial, a.Cost, want)
			}
		}
	}
}

// TestAssignGap: the dual solution proves a large matching best.
func TestAssignGap(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for _, n := range []int{50, 300} {
		cost := make([]float64, n*n)
		for k := range cost {
			cost[k] = rng.Float64()
		}
		a, _ := assign(n, cost, nil)
		if a.Gap < -1e-9 || a.Gap > 1e-9 {
			t.Errorf("n=%d: the gap is %g", n, a.Gap)
		}
	}
}

// TestW2OnALine: on a line sorted points match sorted points.
func TestW2OnALine(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	n := 200
	x, y := make([][]float64, n), make([][]float64, n)
	for i := range x {
		x[i], y[i] = []float64{rng.NormFloat64()}, []float64{rng.ExpFloat64()}
	}
	got, err := W2(x, y)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Projected(x, y, []float64{-3})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, sorted %v", got, want)
	}
	mean, largest, err := Sliced(x, y, 10, 1)
	if err != nil || math.Abs(mean-want) > 1e-12 || math.Abs(largest-want) > 1e-12 {
		t.Errorf("sliced %v, %v, want %v", mean, largest, want)
	}
	if _, err := W2(x, y[1:]); !errors.Is(err, ErrShape) {
		t.Errorf("samples of different sizes: %v", err)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		if _, err := W2([][]float64{{0}, {bad}}, [][]float64{{0}, {1}}); !errors.Is(err, ErrNotFinite) {
			t.Errorf("%v in a sample: %v", bad, err)
		}
	}
}

// TestShift: a shifted sample is as far away as it was shifted, and the projection
// on the shift says so too.
func TestShift(t *testing.T) {
	x := Points(128, 3, []float64{0, 0, 0})
	y := make([][]float64, len(x))
	for i, p := range x {
		y[i] = []float64{p[0] + 0.3, p[1] - 0.4, p[2]}
	}
	if w, err := W2(x, y); err != nil || math.Abs(w-0.5) > 1e-12 {
		t.Errorf("%v, %v, want 0.5", w, err)
	}
	if w, err := Projected(x, y, []float64{3, -4, 0}); err != nil || math.Abs(w-0.5) > 1e-12 {
		t.Errorf("projected: %v, %v, want 0.5", w, err)
	}
}

// TestSampler compares cell counts with masses.
func TestSampler(t *testing.T) {
	h := &transport.Histogram{Lo: []float64{-1, 2}, Hi: []float64{1, 3}, Cells: []int{3, 4}, Weights: []uint64{0, 1, 2, 3, 4, 0, 0, 5, 0, 0, 0, 9}}
	s := NewSampler(h)
	const n = 20000
	count := make([]float64, 12)
	for _, u := range Points(n, 2, []float64{0.2, 0.7}) {
		x := s.At(u)
		i, j := int((x[0]+1)/2*3), int((x[1]-2)*4)
		count[min(i, 2)*4+min(j, 3)]++
	}
	for k, w := range h.Weights {
		if want := float64(w) / 24 * n; math.Abs(count[k]-want) > 30 {
			t.Errorf("cell %d: %v points, want %v", k, count[k], want)
		}
	}
}

func BenchmarkW2(b *testing.B) {
	for _, n := range []int{512, 1024, 2048} {
		x, y := Normal(Points(n, 2, []float64{0.1, 0.2})), Points(n, 2, []float64{0.5, 0.7})
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				W2(x, y)
			}
		})
	}
}
