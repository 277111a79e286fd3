package certificate

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"

	"flowproof/verify/product"
)

// NearAbove is the number of entries above which a target may be written as
// steps from the product.
const NearAbove = 4096

const (
	maxStep  = 1 << 47 // differences of ranks from here on are not written as a varint
	atOnce   = 1 << 18 // about how many entries of the product are worked on at a time
	stepSize = 9       // bytes, at most
)

// rank numbers the float64s in increasing order, 0 being 0; it is its own
// inverse, from number bits to float64 bits.
func rank(b uint64) int64 {
	if r := int64(b); r >= 0 {
		return r
	}
	return math.MinInt64 - int64(b)
}

// AppendStep appends v relative to p, an entry of the rounded product: for a
// difference d of their ranks the varint 2d+1 if 0 <= d < 2^47, -2d if -2^47 < d
// < 0, and else 0 and v. Where a flow reproduces its target to working precision,
// that takes about two bytes an entry.
func AppendStep(b []byte, v, p float64) []byte {
	d := rank(math.Float64bits(v)) - rank(math.Float64bits(p)) // may wrap, but not into ±maxStep
	switch {
	case 0 <= d && d < maxStep:
		return binary.AppendUvarint(b, uint64(2*d+1))
	case -maxStep < d && d < 0:
		return binary.AppendUvarint(b, uint64(-2*d))
	}
	return binary.LittleEndian.AppendUint64(append(b, 0), math.Float64bits(v))
}

// step reads what AppendStep appends to b.
func (s *scanner) step(b []byte, p float64) ([]byte, float64) {
	head := s.Peek(stepSize) // after the last step there is enough to come
	u, size := binary.Uvarint(head)
	d := int64(u / 2)
	if u%2 == 0 {
		d = -d
	}
	v := math.Float64frombits(uint64(rank(uint64(rank(math.Float64bits(p)) + d))))
	if u == 0 {
		v, size = math.Float64frombits(binary.LittleEndian.Uint64(head[1:])), stepSize
	}
	b = AppendStep(b, v, p)
	s.Need(bytes.Equal(b, head[:size]), NotCanonical, "a step is to be written otherwise")
	s.Skip(head[:size])
	return b, v
}

// floats reads a dense matrix of float64 numbers. With a product, it returns as
// well how many bytes Near takes, and the largest |entry| of the difference, which
// is nil without one.
func (s *scanner) floats(encoding string, rows, cols int, x *product.Product) (f []float64, near int64, most *big.Rat) {
	f = make([]float64, rows*cols)
	var part *product.Rows
	var rounded []float64
	var b []byte
	for from, to := 0, 0; from < rows; from = to {
		to = min(rows, from+1+atOnce/cols)
		block := f[from*cols : to*cols]
		s.Spend(0, int64(len(block)))
		if x != nil {
			part = x.Rows(from, to)
			rounded = part.Float64s()
		}
		if encoding == Floats {
			s.IO(binary.Read(s, binary.LittleEndian, block))
		}
		for k := range block {
			switch {
			case encoding == Near:
				b, block[k] = s.step(b[:0], rounded[k])
			case x != nil:
				b = AppendStep(b[:0], block[k], rounded[k])
			}
			near += int64(len(b))
			s.Need(block[k]-block[k] == 0, Invalid, "an entry is NaN or infinite")
			s.Need(block[k] != 0 || !math.Signbit(block[k]), NotCanonical, "an entry is -0")
		}
		if encoding == Near {
			binary.Write(s.Canon, binary.LittleEndian, block)
		}
		if x != nil {
			if r := part.Residual(block); most == nil || r.Cmp(most) > 0 {
				most = r
			}
		}
	}
	return f, near, most
}
