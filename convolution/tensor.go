// Package convolution applies an invertible 1x1 convolution to an image, the way
// Glow does: one c x c matrix at every pixel, directly and through the coupling
// layers that represent it.
package convolution

import (
	"fmt"
	"image"
	_ "image/jpeg" // the formats that are read
	_ "image/png"
	"os"
)

// Tensor is an image with c channels: value (k, y, x) is at data[(y*W+x)*C+k],
// so that a pixel's channels lie together.
type Tensor struct {
	C, H, W int
	data    []float64
}

// ImageError reports an image that cannot be used.
type ImageError struct{ Path, Reason string }

func (e *ImageError) Error() string { return e.Path + ": " + e.Reason }

// maxPixels bounds what is decoded: 64 megapixels.
const maxPixels = 64 << 20

// ReadImage reads a PNG or JPEG file as three channels, red, green and blue,
// with values from 0 to 1. It fails with an *ImageError.
func ReadImage(path string) (*Tensor, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &ImageError{path, "cannot be opened: " + err.Error()}
	}
	defer f.Close()
	cfg, _, err := image.DecodeConfig(f)
	if err != nil {
		return nil, &ImageError{path, "is not a PNG or JPEG image: " + err.Error()}
	}
	if cfg.Width < 1 || cfg.Height < 1 || cfg.Width > maxPixels/cfg.Height {
		return nil, &ImageError{path, fmt.Sprintf("has %d x %d pixels, want at most %d", cfg.Width, cfg.Height, maxPixels)}
	}
	if _, err := f.Seek(0, 0); err != nil {
		return nil, &ImageError{path, err.Error()}
	}
	img, _, err := image.Decode(f)
	if err != nil {
		return nil, &ImageError{path, "cannot be decoded: " + err.Error()}
	}
	b := img.Bounds()
	t := &Tensor{3, b.Dy(), b.Dx(), make([]float64, 0, 3*b.Dx()*b.Dy())}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := img.At(x, y).RGBA()
			t.data = append(t.data, float64(r)/0xffff, float64(g)/0xffff, float64(bl)/0xffff)
		}
	}
	return t, nil
}

// At returns the value of channel k at row y and column x.
func (t *Tensor) At(k, y, x int) float64 { return t.data[(y*t.W+x)*t.C+k] }

// Squeeze trades space for channels as RealNVP does: every 2 x 2 square of pixels
// becomes one pixel of 4 C channels. An odd last row or column is dropped.
func (t *Tensor) Squeeze() *Tensor {
	s := &Tensor{4 * t.C, t.H / 2, t.W / 2, nil}
	s.data = make([]float64, 0, s.C*s.H*s.W)
	for y := range s.H {
		for x := range s.W {
			for k := range s.C {
				c, dy, dx := k/4, k%4/2, k%2
				s.data = append(s.data, t.At(c, 2*y+dy, 2*x+dx))
			}
		}
	}
	return s
}

// WithChannels squeezes the tensor until it has c channels. It fails with an
// error that says which numbers of channels there are.
func (t *Tensor) WithChannels(c int) (*Tensor, error) {
	for t.C < c && t.H >= 2 && t.W >= 2 {
		t = t.Squeeze()
	}
	if t.C != c || t.H == 0 || t.W == 0 {
		return nil, fmt.Errorf("a 1x1 convolution of %d channels does not fit the image: squeezing gives 3, 12, 48, 192, .. channels while two rows and columns are left", c)
	}
	return t, nil
}
