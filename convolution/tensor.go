// Package convolution applies an invertible 1x1 convolution to an image, the way
// Glow does: one c x c matrix at every pixel, directly and through the coupling
// layers that represent it.
package convolution

import (
	"fmt"
	"image"
	_ "image/jpeg" // the formats that are read
	_ "image/png"
	"io"
	"os"
)

// Tensor is an image with c channels: value (k, y, x), from 0 to 1, is
// data[(y*W+x)*C+k] / 65535, so that a pixel's channels lie together.
type Tensor struct {
	C, H, W int
	data    []uint16
}

// ImageError reports an image that cannot be used.
type ImageError struct{ Path, Reason string }

func (e *ImageError) Error() string { return e.Path + ": " + e.Reason }

const (
	// maxPixels bounds what is decoded, and with it the memory: up to 20 bytes a
	// pixel in the decoder, for a progressive JPEG, and 6 here.
	maxPixels = 24 << 20
	// maxPacked is the number of pixels that a byte of a file stands for at most:
	// deflate makes 1032 bytes of one, and PNG has 8 pixels in a byte.
	maxPacked = 8 * 1032
)

// ReadImage reads a PNG or JPEG file as three channels, red, green and blue,
// with values from 0 to 1. It fails with an *ImageError.
func ReadImage(path string) (*Tensor, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, &ImageError{path, "is not a regular file"} // opening a pipe waits for who writes
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &ImageError{path, "cannot be opened: " + err.Error()}
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, &ImageError{path, "cannot be read: " + err.Error()}
	}
	t, err := decode(f, info.Size())
	if err != nil {
		return nil, &ImageError{path, err.Error()}
	}
	return t, nil
}

// decode reads an image of size bytes. Its dimensions are checked before there is
// a place for its pixels.
func decode(r io.ReadSeeker, size int64) (*Tensor, error) {
	cfg, _, err := image.DecodeConfig(r)
	if err != nil {
		return nil, fmt.Errorf("is not a PNG or JPEG image: %w", err)
	}
	w, h := int64(cfg.Width), int64(cfg.Height)
	switch {
	case w < 1 || h < 1 || w > maxPixels/h:
		return nil, fmt.Errorf("has %d x %d pixels, want %d or less", w, h, maxPixels)
	case w*h/maxPacked > size:
		return nil, fmt.Errorf("declares %d x %d pixels in %d bytes: it is truncated", w, h, size)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	img, _, err := image.Decode(r)
	if err != nil {
		return nil, fmt.Errorf("cannot be decoded: %w", err)
	}
	b := img.Bounds()
	t := &Tensor{3, b.Dy(), b.Dx(), make([]uint16, 0, 3*b.Dx()*b.Dy())}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := img.At(x, y).RGBA()
			t.data = append(t.data, uint16(r), uint16(g), uint16(bl))
		}
	}
	return t, nil
}

// pixel writes the values of the p-th pixel to x.
func (t *Tensor) pixel(p int, x []float64) {
	for k, v := range t.data[p*t.C : (p+1)*t.C] {
		x[k] = float64(v) / 0xffff
	}
}

// Squeeze trades space for channels as RealNVP does: every 2 x 2 square of pixels
// becomes one pixel of 4 C channels. An odd last row or column is dropped.
func (t *Tensor) Squeeze() *Tensor {
	s := &Tensor{4 * t.C, t.H / 2, t.W / 2, nil}
	s.data = make([]uint16, 0, s.C*s.H*s.W)
	for y := range s.H {
		for x := range s.W {
			for k := range s.C {
				c, dy, dx := k/4, k%4/2, k%2
				s.data = append(s.data, t.data[((2*y+dy)*t.W+2*x+dx)*t.C+c])
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
