package targets

import (
	"fmt"
	"math"
)

// Reorderings of an image, stored channel by channel, each row by row: pixel
// (c, y, x) of a C x H x W image is coordinate (c H + y) W + x.

// squeeze is RealNVP's space-to-depth reordering (Dinh, Sohl-Dickstein and
// Bengio 2017): C x H x W to 4C x H/2 x W/2, the pixel (c, y, x) going to
// (4c + 2 (y mod 2) + x mod 2, floor(y/2), floor(x/2)).
func squeeze(r request) (*Target, error) {
	c, h, w, err := r.squeezeShape()
	if err != nil {
		return nil, err
	}
	return r.moving(func(j int) int {
		x, y, k := j%w, j/w%h, j/(w*h)
		return ((4*k+2*(y%2)+x%2)*(h/2)+y/2)*(w/2) + x/2
	}, fmt.Sprintf("image of %dx%dx%d (channels, height, width)", c, h, w))
}

// squeezeShape returns the shape asked for; else 3 x m x m if n = 3 m^2 with m
// even, the shape of a colour image; else 1 x H x W, H <= W both even and as
// near to each other as n allows.
func (r request) squeezeShape() (c, h, w int, err error) {
	n := r.dim
	if r.opt.Shape != nil {
		if c, h, w, err = r.shape(); err == nil && (h%2 != 0 || w%2 != 0) {
			err = r.badOption("shape", "is %dx%dx%d, want an even height and width", c, h, w)
		}
		return c, h, w, err
	}
	if m := isqrt(n / 3); 3*m*m == n && m%2 == 0 {
		return 3, m, m, nil
	}
	h, w = nearSquare(n / 4)
	return 1, 2 * h, 2 * w, nil
}

// checkerboard gathers the fields of a board: those with y + x even come first,
// row by row, then the others, in every channel. It turns RealNVP's checkerboard
// mask into the first and second half.
func checkerboard(r request) (*Target, error) {
	c, h, w := 1, 0, 0
	h, w = nearSquare(r.dim)
	if r.opt.Shape != nil {
		var err error
		if c, h, w, err = r.shape(); err != nil {
			return nil, err
		}
	}
	perm := make([]int, 0, r.dim)
	next := [2]int{0, c * ((h*w + 1) / 2)}
	for range c {
		for k := range h * w {
			odd := (k/w + k%w) % 2
			perm = append(perm, next[odd])
			next[odd]++
		}
	}
	return fromPerm(perm, fmt.Sprintf("board of %dx%dx%d (channels, height, width)", c, h, w))
}

// zigzag is the order in which JPEG writes the coefficients of a block (ITU-T
// T.81, figure A.6, for 8 x 8), for m x m, n = m^2: the coefficient at (y, x),
// coordinate y m + x, goes to its place on the path that runs through the
// antidiagonals, up the first one of two entries down.
func zigzag(r request) (*Target, error) {
	m := isqrt(r.dim)
	perm := make([]int, r.dim)
	place := 0
	for s := range 2*m - 1 {
		lo, hi := max(0, s-m+1), min(s, m-1) // range of y on the antidiagonal
		for k := range hi - lo + 1 {
			y := lo + k
			if s%2 == 0 {
				y = hi - k
			}
			perm[y*m+s-y] = place
			place++
		}
	}
	return fromPerm(perm, fmt.Sprintf("block of %dx%d", m, m))
}

// shape returns the three positive numbers of the option, whose product is n.
func (r request) shape() (c, h, w int, err error) {
	s := r.opt.Shape
	if len(s) != 3 {
		return 0, 0, 0, r.badOption("shape", "has %d numbers, want channels, height and width", len(s))
	}
	n := r.dim
	for _, v := range s {
		if v < 1 || n%v != 0 {
			return 0, 0, 0, r.badOption("shape", "is %dx%dx%d, want positive numbers whose product is %d", s[0], s[1], s[2], r.dim)
		}
		n /= v
	}
	if n != 1 {
		return 0, 0, 0, r.badOption("shape", "is %dx%dx%d, want positive numbers whose product is %d", s[0], s[1], s[2], r.dim)
	}
	return s[0], s[1], s[2], nil
}

// nearSquare returns h <= w with h w = n, h as large as can be.
func nearSquare(n int) (h, w int) {
	for h = isqrt(n); n%h != 0; h-- {
	}
	return h, n / h
}

// isqrt returns floor(sqrt n); float64 is exact far beyond MaxPermutation.
func isqrt(n int) int { return int(math.Sqrt(float64(n))) }
