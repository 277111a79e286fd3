package convolution

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/rotation"
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

// at returns channel k of the pixel (x, y).
func at(t *Tensor, k, y, x int) float64 {
	values := make([]float64, t.C)
	t.pixel(y*t.W+x, values)
	return values[k]
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
				if math.Abs(at(got, k, y, x)-want) > 1e-12 {
					t.Errorf("channel %d at (%d, %d) is %v, want %v", k, y, x, at(got, k, y, x), want)
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
				if got, want := at(s, 4*c+2*(y%2)+x%2, y/2, x/2), at(img, c, y, x); got != want {
					t.Fatalf("channel %d at (%d, %d): %v, want %v", c, y, x, got, want)
				}
			}
		}
	}
}

// sixLayers returns the six layers of a random rotation, and the rotation.
func sixLayers(n int) (*coupling.Flow, *exactmath.Floats) {
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
	return must(rotation.Orthogonal(m, must(coupling.Half(n)))), m
}

func TestPhotograph(t *testing.T) {
	img := must(ReadImage(photograph))
	for _, c := range []int{3, 12, 48} {
		f, m := sixLayers(c)
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
		_, other := sixLayers(c + 0)
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
	for path, want := range map[string]string{
		text: "is not a PNG or JPEG image", cut: "cannot be decoded", dir: "is not a regular file", filepath.Join(dir, "none.png"): "no such file",
		os.DevNull: "is not a regular file",
	} {
		var e *ImageError
		if _, err := ReadImage(path); !errors.As(err, &e) || e.Path != path || !strings.Contains(e.Reason, want) {
			t.Errorf("%s: %v, want an *ImageError with %q", path, err, want)
		}
	}
	img := must(ReadImage(photograph))
	for _, c := range []int{2, 5, 13, 3 << 20} {
		if _, err := img.WithChannels(c); err == nil {
			t.Errorf("%d channels were accepted", c)
		}
	}
	f, m := sixLayers(4)
	var shape *exactmath.ShapeError
	if _, err := Compare(f, m, img); !errors.As(err, &shape) {
		t.Errorf("3 channels and a 4x4 matrix: %v", err)
	}
}

// pngHeader is the beginning of a PNG image, up to the dimensions.
func pngHeader(w, h uint32, depth, colour byte) []byte {
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
	head = append(binary.BigEndian.AppendUint32(head, h), depth, colour, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

// TestImageBombs: dimensions that are only declared take no memory.
func TestImageBombs(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"many":     {pngHeader(1<<15, 1<<15, 16, 6), "has 32768 x 32768 pixels, want 25165824 or less"},
		"overflow": {pngHeader(1<<31-1, 1<<31-1, 8, 2), "dimension overflow"},
		"wide":     {pngHeader(1<<24, 1, 16, 6), "declares 16777216 x 1 pixels in 33 bytes"},
		"zero":     {pngHeader(0, 5, 8, 2), "non-positive dimension"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := decode(bytes.NewReader(c.data), int64(len(c.data)))
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), c.want) || after.TotalAlloc-before.TotalAlloc > 1<<20 {
			t.Errorf("%s: %v, %d bytes, want %q", name, err, after.TotalAlloc-before.TotalAlloc, c.want)
		}
	}
}

// FuzzImage: no input may panic, or yield a tensor that is not whole.
func FuzzImage(f *testing.F) {
	img := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Clone(b.Bytes()))
	b.Reset()
	if err := jpeg.Encode(&b, img, nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(pngHeader(4, 4, 16, 6))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := decode(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		s := x.Squeeze()
		if x.C != 3 || len(x.data) != 3*x.H*x.W || s.C != 12 || len(s.data) != 12*s.H*s.W {
			t.Errorf("%d x %d x %d, %d values", x.C, x.H, x.W, len(x.data))
		}
	})
}
