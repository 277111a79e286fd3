package certificate

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"flowproof/certificate/scan"
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
			_, exact := scan.Float64Of(v)
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
		size = int64(s.Integer(count, math.MaxInt32))
	}
	s.Need(size <= s.limits.Entries, TooLarge, "too many matrix entries")
	s.limits.Entries -= size
	switch {
	case isSparse:
		m = s.sparse(int(size), rows, cols)
	case encoding == Text:
		m = s.text(rows, cols)
	case encoding == Floats || encoding == Near && x != nil:
		var f []float64
		f, near, most = s.floats(encoding, rows, cols, x)
		s.Need(s.Line() == "", Malformed, "the entries go on after their number")
		var err error
		m, err = exactmath.FromFloat64(rows, cols, f)
		s.check(err)
	default:
		s.Fail(Malformed, "there is no encoding %.40q here", encoding)
	}
	want := Encoding(m)
	if want == Floats && x != nil && near < 8*size {
		want = Near
	}
	s.Need(encoding == want, NotCanonical, "encoding %s, where %s belongs", encoding, want)
	return m, most
}

// sparse reads the entries of a matrix that are not 0.
func (s *scanner) sparse(count, rows, cols int) exactmath.Matrix {
	m := entries{rows: rows, cols: cols}
	for last := int64(-1); len(m.list) < count; {
		row, rest, _ := strings.Cut(s.Line(), " ")
		col, value, _ := strings.Cut(rest, " ")
		at := int64(s.Integer(row, rows-1))*int64(cols) + int64(s.Integer(col, cols-1))
		v := s.Number(value)
		s.Need(last < at && v.Sign() != 0, NotCanonical, "entries out of order, or an entry 0")
		m.list, last = append(m.list, entry{at, v}), at
	}
	return m
}

// text reads all entries of a matrix.
func (s *scanner) text(rows, cols int) exactmath.Matrix {
	var v []*big.Rat
	for range rows {
		v = append(v, s.Numbers(s.Line(), cols)...)
	}
	m := newEntries(cols, v)
	s.width(m)
	return m
}

// entries is a matrix that is stored as its entries other than 0, in their order.
type entries struct {
	rows, cols int
	list       []entry
}

// entry is the entry v in row at / cols, column at % cols. There may be more
// places than an int counts.
type entry struct {
	at int64
	v  *big.Rat
}

// newEntries returns the matrix of the numbers given, row by row.
func newEntries(cols int, v []*big.Rat) entries {
	m := entries{rows: len(v) / cols, cols: cols}
	for at, x := range v {
		if x.Sign() != 0 {
			m.list = append(m.list, entry{int64(at), x})
		}
	}
	return m
}

// Dims returns the shape.
func (x entries) Dims() (rows, cols int) { return x.rows, x.cols }

// At returns entry (i, j).
func (x entries) At(i, j int) *big.Rat {
	k, ok := slices.BinarySearchFunc(x.list, int64(i)*int64(x.cols)+int64(j), func(e entry, at int64) int { return cmp.Compare(e.at, at) })
	if !ok {
		return new(big.Rat)
	}
	return new(big.Rat).Set(x.list[k].v)
}

// Float64s returns the entries rounded to nearest even, row by row.
func (x entries) Float64s() []float64 {
	f := make([]float64, x.rows*x.cols)
	for _, e := range x.list {
		f[e.at], _ = e.v.Float64()
	}
	return f
}

// Each visits the non-zero entries row by row.
func (x entries) Each(visit func(i, j int, v *big.Rat)) {
	for _, e := range x.list {
		visit(int(e.at/int64(x.cols)), int(e.at%int64(x.cols)), e.v)
	}
}
