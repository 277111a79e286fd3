package certificate

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
)

// Encodings of matrices. Which one a matrix has follows from its entries.
const (
	sparsely  = "sparse"  // float64 entries, at most one in eight not 0, more than 64 in all
	float64s  = "float64" // otherwise: float64 entries, more than 256 in all
	near      = "near"    // instead of float64: steps from the product, more than 4096 in all, if shorter
	text      = "text"    // otherwise
	nearAbove = 4096
)

// encoding returns the encoding of m, near aside, and the number of entries
// other than 0.
func encoding(m exactmath.Matrix) (name string, nonZero int) {
	float := true
	switch m := m.(type) {
	case *sparse.Matrix:
		nonZero = m.NNZ()
	case *exactmath.Floats:
		for _, f := range m.View() {
			if f != 0 {
				nonZero++
			}
		}
	default:
		m.Each(func(_, _ int, v *big.Rat) {
			_, exact := float64Of(v)
			float = float && exact
			nonZero++
		})
	}
	rows, cols := m.Dims()
	size := int64(rows) * int64(cols)
	switch {
	case float && size > 64 && 8*int64(nonZero) <= size:
		return sparsely, nonZero
	case float && size > 256:
		return float64s, nonZero
	}
	return text, nonZero
}

// SHA256 returns the digest of the canonical byte form of m: "rows cols ", then
// the matrix as a certificate contains it, in an encoding other than near. Two
// matrices have the same form if and only if they are equal.
func SHA256(m exactmath.Matrix) (sum [32]byte) {
	h := sha256.New()
	w := bufio.NewWriter(h)
	rows, cols := m.Dims()
	fmt.Fprintf(w, "%d %d ", rows, cols)
	writeMatrix(w, m, nil)
	w.Flush()
	h.Sum(sum[:0])
	return sum
}

// writeMatrix writes the encoding of m and the entries. product is what near
// refers to, nil if it is out of the question.
func writeMatrix(w *bufio.Writer, m exactmath.Matrix, product []float64) {
	rows, cols := m.Dims()
	var b []byte
	name, nonZero := encoding(m)
	switch name {
	case sparsely:
		fmt.Fprintf(w, "sparse %d\n", nonZero)
		m.Each(func(i, j int, v *big.Rat) {
			b = append(strconv.AppendInt(b[:0], int64(i), 10), ' ')
			b = append(strconv.AppendInt(b, int64(j), 10), ' ')
			w.Write(append(appendNumber(b, v), '\n'))
		})
	case float64s:
		f := m.Float64s()
		if product != nil {
			if b = appendSteps(b, f, product); len(b) < 8*len(f) {
				fmt.Fprintf(w, "near\n%s\n", b)
				return
			}
		}
		w.WriteString("float64\n")
		binary.Write(w, binary.LittleEndian, f)
		w.WriteByte('\n')
	case text:
		w.WriteString("text\n")
		for i := range rows {
			b = b[:0]
			for j := range cols {
				b = append(appendNumber(b, m.At(i, j)), ' ')
			}
			b[len(b)-1] = '\n'
			w.Write(b)
		}
	}
}

// matrix reads a rows x cols matrix in the given encoding.
func (s *scanner) matrix(rows, cols int, encoding string, product []float64) exactmath.Matrix {
	name, count, _ := strings.Cut(encoding, " ")
	size := int64(rows) * int64(cols)
	if name == sparsely {
		size = int64(s.integer(count, math.MaxInt32))
	}
	if s.spend(&s.limits.Entries, size, "matrix entries"); s.err != nil {
		return nil
	}
	var f []float64
	switch {
	case name == sparsely:
		var es []sparse.Entry
		for ; size > 0 && s.err == nil; size-- {
			if v := s.numbers(s.line(), 3); s.err == nil {
				value, _ := v[2].Float64()
				row, col := v[0].Num().Int64(), v[1].Num().Int64()
				es = append(es, sparse.Entry{Row: int(row), Col: int(col), Value: value})
			}
		}
		return s.valid(sparse.New(rows, cols, es))
	case name == text:
		var v []*big.Rat
		for i := 0; i < rows && s.err == nil; i++ {
			v = append(v, s.numbers(s.line(), cols)...)
		}
		return s.dense(rows, cols, v)
	case name == float64s:
		row := make([]float64, cols)
		for i := 0; i < rows && s.err == nil; i++ {
			s.io(binary.Read(s.in, binary.LittleEndian, row))
			f = append(f, row...)
		}
	case name == near && product != nil:
		for k := 0; k < len(product) && s.err == nil; k++ {
			f = append(f, s.step(product[k]))
		}
	default:
		s.fail(Malformed, "there is no encoding %q here", encoding)
	}
	if rest := s.line(); rest != "" {
		s.fail(Malformed, "the entries go on after their number")
	}
	return s.valid(exactmath.FromFloat64(rows, cols, f))
}

// dense returns the matrix of the given entries in the storage that suits them.
func (s *scanner) dense(rows, cols int, v []*big.Rat) exactmath.Matrix {
	f := make([]float64, len(v))
	for k := range v {
		var exact bool
		if f[k], exact = float64Of(v[k]); !exact {
			return s.valid(dense.NewRational(rows, cols, v))
		}
	}
	return s.valid(exactmath.FromFloat64(rows, cols, f))
}

// maxStep bounds the differences of ranks that are written as a varint.
const maxStep = 1 << 47

// rank numbers the float64s in increasing order, 0 being 0; it is its own
// inverse, from number bits to float64 bits.
func rank(b uint64) int64 {
	if r := int64(b); r >= 0 {
		return r
	}
	return math.MinInt64 - int64(b)
}

// appendSteps appends the ranks of f relative to those of product: for a
// difference d the varint 2d+1 if 0 <= d < maxStep, -2d if -maxStep < d < 0, and
// else 0 and the float64. Where a flow reproduces its target to working
// precision, that takes about two bytes an entry.
func appendSteps(b []byte, f, product []float64) []byte {
	for k, v := range f {
		d := rank(math.Float64bits(v)) - rank(math.Float64bits(product[k])) // may wrap, but not into ±maxStep
		switch {
		case 0 <= d && d < maxStep:
			b = binary.AppendUvarint(b, uint64(2*d+1))
		case -maxStep < d && d < 0:
			b = binary.AppendUvarint(b, uint64(-2*d))
		default:
			b = binary.LittleEndian.AppendUint64(append(b, 0), math.Float64bits(v))
		}
	}
	return b
}

// step reads one entry that appendSteps wrote.
func (s *scanner) step(product float64) (v float64) {
	var u uint64
	for shift := 0; s.err == nil; shift += 7 {
		c, err := s.in.ReadByte()
		s.io(err)
		if u |= uint64(c&0x7f) << shift; c < 0x80 {
			break
		}
	}
	if u == 0 {
		s.io(binary.Read(s.in, binary.LittleEndian, &v))
		return v
	}
	d := int64(u / 2)
	if u%2 == 0 {
		d = -d
	}
	return math.Float64frombits(uint64(rank(uint64(rank(math.Float64bits(product)) + d))))
}
