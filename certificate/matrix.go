package certificate

import (
	"fmt"
	"math"
	"math/big"
	"strings"

	"flowproof/exactmath"
	"flowproof/verify/product"
)

// The encodings of matrices, apart from "sparse".
const (
	Floats = "float64" // float64 entries, more than 256 in all
	Near   = "near"    // instead of Floats: steps from the product, if that is shorter
	Text   = "text"    // otherwise
)

// Encoding returns the encoding line of m, Near aside: it follows from the
// entries, not from how they are stored. Float64 entries, more than 64 and at most
// one in eight not 0, make it "sparse" with the number of those.
func Encoding(m exactmath.Matrix) string {
	float, nonZero := true, 0
	if f, ok := m.(*exactmath.Floats); ok { // without a big.Rat for each entry
		for _, v := range f.View() {
			if v != 0 {
				nonZero++
			}
		}
	} else {
		m.Each(func(_, _ int, v *big.Rat) {
			_, exact := float64Of(v)
			float, nonZero = float && exact, nonZero+1
		})
	}
	rows, cols := m.Dims()
	switch size := int64(rows) * int64(cols); {
	case float && size > 64 && 8*int64(nonZero) <= size:
		return fmt.Sprintf("sparse %d", nonZero)
	case float && size > 256:
		return Floats
	}
	return Text
}

// matrix reads a matrix in the encoding given, which has to be its own. With a
// product, it may be written relative to that, and a dense float64 one is
// compared with it at once: most is the largest |entry| of the difference.
func (s *scanner) matrix(encoding string, rows, cols int, x *product.Product) (m exactmath.Matrix, most *big.Rat) {
	size, near := int64(rows)*int64(cols), int64(math.MaxInt64)
	count, isSparse := strings.CutPrefix(encoding, "sparse ")
	if isSparse {
		size = int64(s.integer(count, math.MaxInt32))
	}
	s.spend(&s.limits.Entries, size, "matrix entries")
	switch {
	case isSparse:
		m = s.sparse(int(size), rows, cols)
	case encoding == Text:
		m = s.text(rows, cols)
	case encoding == Floats || encoding == Near && x != nil:
		var f []float64
		f, near, most = s.floats(encoding, rows, cols, x)
		s.need(s.line() == "", Malformed, "the entries go on after their number")
		var err error
		m, err = exactmath.FromFloat64(rows, cols, f)
		s.check(err)
	default:
		s.fail(Malformed, "there is no encoding %.40q here", encoding)
	}
	want := Encoding(m)
	if want == Floats && x != nil && near < 8*size {
		want = Near
	}
	s.need(encoding == want, NotCanonical, "encoding %s, where %s belongs", encoding, want)
	return m, most
}

func (s *scanner) sparse(count, rows, cols int) exactmath.Matrix {
	var es []exactmath.Entry
	for last := -1; len(es) < count; {
		row, rest, _ := strings.Cut(s.line(), " ")
		col, value, _ := strings.Cut(rest, " ")
		i, j := int(s.integer(row, uint64(rows-1))), int(s.integer(col, uint64(cols-1)))
		v, exact := float64Of(s.number(value))
		s.need(last < i*cols+j && v != 0 && exact, NotCanonical, "entry (%d, %d) is out of order, 0, or no float64", i, j)
		last, es = i*cols+j, append(es, exactmath.Entry{Row: i, Col: j, Value: v})
	}
	m, err := exactmath.NewSparse(rows, cols, es)
	s.check(err)
	return m
}

func (s *scanner) text(rows, cols int) exactmath.Matrix {
	m := rationals{cols: cols}
	for range rows {
		m.v = append(m.v, s.numbers(s.line(), cols)...)
	}
	s.width(m)
	return m
}

// rationals is a matrix read as text: rows of cols entries, one after the other.
type rationals struct {
	cols int
	v    []*big.Rat
}

// Dims returns the shape.
func (x rationals) Dims() (rows, cols int) { return len(x.v) / x.cols, x.cols }

// At returns entry (i, j).
func (x rationals) At(i, j int) *big.Rat { return new(big.Rat).Set(x.v[i*x.cols+j]) }

// Float64s returns the entries rounded to nearest even, row by row.
func (x rationals) Float64s() []float64 {
	f := make([]float64, len(x.v))
	for k, v := range x.v {
		f[k], _ = v.Float64()
	}
	return f
}

// Each visits the non-zero entries row by row.
func (x rationals) Each(visit func(i, j int, v *big.Rat)) {
	for k, v := range x.v {
		if v.Sign() != 0 {
			visit(k/x.cols, k%x.cols, v)
		}
	}
}
