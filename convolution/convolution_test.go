package convolution

import (
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions"
	"flowproof/coupling"
	"flowproof/exactmath"
)

const photograph = "../testdata/images/raccoon.png"

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// TestReadImage compares with the pixels of an image made here.
func TestReadImage(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	for y := range 2 {
		for x := range 3 {
			img.Set(x, y, color.NRGBA{uint8(10 * x), uint8(100 * y), 255, 255})
		}
	}
	path := filepath.Join(t.TempDir(), "small.png")
	f := must(os.Create(path))
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	f.Close()
	got := must(ReadImage(path))
	if got.C != 3 || got.H != 2 || got.W != 3 {
		t.Fatalf("%d channels, %d x %d", got.C, got.H, got.W)
	}
	for y := range 2 {
		for x := range 3 {
			for k, want := range []float64{10 * float64(x) / 255, 100 * float64(y) / 255, 1} {
				if math.Abs(got.At(k, y, x)-want) > 1e-12 {
					t.Errorf("channel %d at (%d, %d) is %v, want %v", k, y, x, got.At(k, y, x), want)
				}
			}
		}
	}
}

// TestSqueeze follows every value to its place.
func TestSqueeze(t *testing.T) {
	img := must(ReadImage(photograph))
	s := img.Squeeze()
	if s.C != 12 || s.H != img.H/2 || s.W != img.W/2 {
		t.Fatalf("%d channels, %d x %d", s.C, s.H, s.W)
	}
	for y := range 2 * s.H {
		for x := range 2 * s.W {
			for c := range 3 {
				if got, want := s.At(4*c+2*(y%2)+x%2, y/2, x/2), img.At(c, y, x); got != want {
					t.Fatalf("channel %d at (%d, %d): %v, want %v", c, y, x, got, want)
				}
			}
		}
	}
}

// rotation returns a random rotation and its six layers.
func rotation(n int) (*coupling.Flow, *exactmath.Floats) {
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	g := mat.NewDense(n, n, nil)
	g.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, g)
	var qr mat.QR
	qr.Factorize(g)
	var q mat.Dense
	qr.QTo(&q)
	if mat.Det(&q) < 0 {
		for j := range n {
			q.Set(0, j, -q.At(0, j))
		}
	}
	m := must(exactmath.FromFloat64(n, n, q.RawMatrix().Data))
	return must(constructions.Orthogonal(m, must(coupling.Half(n)))), m
}

func TestPhotograph(t *testing.T) {
	img := must(ReadImage(photograph))
	for _, c := range []int{3, 12, 48} {
		f, m := rotation(c)
		x := must(img.WithChannels(c))
		got := must(Compare(f, m, x))
		if got.Channels != c || got.Height*got.Width*c != img.H*img.W*3 {
			t.Errorf("%d channels: %+v", c, got)
		}
		if d := got.Float64; d.Forward > 1e-12 || d.Inverse > 1e-12 || d.Forward == 0 {
			t.Errorf("%d channels, float64: %+v", c, d)
		}
		if d := got.Float32; d.Forward > 1e-4 || d.Inverse > 1e-4 || d.Forward < 1e-9 {
			t.Errorf("%d channels, float32: %+v", c, d)
		}
		// The wrong matrix must show.
		_, other := rotation(c + 0)
		data := other.Float64s()
		data[1] += 0.25
		if bad := must(Compare(f, must(exactmath.FromFloat64(c, c, data)), x)); bad.Float64.Forward < 0.01 {
			t.Errorf("%d channels: a wrong matrix differs by %v only", c, bad.Float64.Forward)
		}
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.png")
	if err := os.WriteFile(text, []byte("not an image"), 0o644); err != nil {
		t.Fatal(err)
	}
	whole := must(os.ReadFile(photograph))
	cut := filepath.Join(dir, "cut.png")
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{text, cut, dir, filepath.Join(dir, "none.png")} {
		var e *ImageError
		if _, err := ReadImage(path); !errors.As(err, &e) || e.Path != path || e.Error() == "" {
			t.Errorf("%s: %v, want an *ImageError", path, err)
		}
	}
	img := must(ReadImage(photograph))
	for _, c := range []int{2, 5, 13, 3 << 20} {
		if _, err := img.WithChannels(c); err == nil {
			t.Errorf("%d channels were accepted", c)
		}
	}
	f, m := rotation(4)
	var shape *exactmath.ShapeError
	if _, err := Compare(f, m, img); !errors.As(err, &shape) {
		t.Errorf("3 channels and a 4x4 matrix: %v", err)
	}
}
