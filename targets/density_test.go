package targets

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"testing"
)

// TestDensities pins the weights: the same on every machine.
func TestDensities(t *testing.T) {
	want := map[string]string{
		"square":          "080a9ed428559ef6",
		"checkerboard":    "d3825274c6d88e50",
		"eight-gaussians": "5809780b37a90c5e",
		"ring":            "47afe5bc4198ddd6",
		"two-moons":       "38c4210f5520ea95",
		"swiss-roll":      "820c720d417820b2",
		"pinwheel":        "d453c2678ce02911",
		"spirals":         "0c4f8c461adfe6c2",
		"linked-rings":    "d1ac787c26c1de3b",
	}
	for _, d := range Densities() {
		h, err := Density(d.Name, 0)
		if err != nil {
			t.Fatal(err)
		}
		if h.Dim() != d.Dim || h.Cells[0] != d.Grid {
			t.Errorf("%s: dimension %d, grid %d, want %d, %d", d.Name, h.Dim(), h.Cells[0], d.Dim, d.Grid)
		}
		sum := fmt.Sprintf("%x", sha256.Sum256([]byte(fmt.Sprint(h.Weights))))[:16]
		if w := want[d.Name]; w != sum {
			t.Errorf("%s: the weights changed: %s, want %s", d.Name, sum, w)
		}
	}
}

// TestDensityShapes compares with the areas and masses that geometry gives.
func TestDensityShapes(t *testing.T) {
	ring, err := Density("ring", 128)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := ring.Total().Float64()
	if area := got / (128 * 128 * 64) * 4; math.Abs(area-math.Pi*(0.85*0.85-0.7*0.7)) > 1e-3 {
		t.Errorf("the ring's area is %v", area)
	}
	rings, err := Density("linked-rings", 0)
	if err != nil {
		t.Fatal(err)
	}
	got, _ = rings.Total().Float64()
	want := 2 * 2 * math.Pi * math.Pi * 0.5 * 0.17 * 0.17
	if volume := got / (32 * 32 * 32 * 27) * 8; math.Abs(volume-want) > 0.02*want {
		t.Errorf("the rings' volume is %v, want %v", volume, want)
	}
	board, err := Density("checkerboard", 8)
	if err != nil {
		t.Fatal(err)
	}
	for k, w := range board.Weights {
		if want := uint64(1 - (k/8/2+k%8/2)%2); w != want {
			t.Errorf("field %d: %d", k, w)
		}
	}
	gauss, err := Density("eight-gaussians", 64)
	if err != nil {
		t.Fatal(err)
	}
	got, _ = gauss.Total().Float64()
	if mass := got / (8 << 20); math.Abs(mass-1) > 1e-4 {
		t.Errorf("the eight laws have mass %v in the box", mass)
	}
}

func TestDensityErrors(t *testing.T) {
	var u *UnknownError
	if _, err := Density("two-moon", 0); !errors.As(err, &u) || u.Nearest != "two-moons" {
		t.Errorf("two-moon: %v", err)
	}
	var o *OptionError
	for _, c := range []struct {
		name string
		n    int
	}{{"ring", -1}, {"ring", 5000}, {"checkerboard", 6}, {"linked-rings", 129}} {
		if _, err := Density(c.name, c.n); !errors.As(err, &o) {
			t.Errorf("%s %d: %v", c.name, c.n, err)
		}
	}
}
