package encode

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"strconv"

	"flowproof/certificate"
	"flowproof/certificate/scan"
	"flowproof/coupling"
	"flowproof/exactmath"
)

// SHA256 returns the digest of the canonical byte form of m: "rows cols ", then
// the matrix as a certificate contains it, in an encoding other than "near". Two
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

// writeMatrix writes the encoding of m and the entries. product is what "near"
// refers to, nil if it is out of the question.
func writeMatrix(w *bufio.Writer, m exactmath.Matrix, product []float64) {
	var b []byte
	switch encoding := certificate.Encoding(m); encoding {
	case certificate.Floats:
		f := m.Float64s()
		if product != nil {
			for k, v := range f {
				b = certificate.AppendStep(b, v, product[k])
			}
			if len(b) < 8*len(f) {
				fmt.Fprintf(w, "%s\n%s\n", certificate.Near, b)
				return
			}
		}
		fmt.Fprintln(w, encoding)
		binary.Write(w, binary.LittleEndian, f)
		w.WriteByte('\n')
	case certificate.Text:
		fmt.Fprintln(w, encoding)
		rows, cols := m.Dims()
		for i := range rows {
			b = b[:0]
			for j := range cols {
				b = append(scan.AppendNumber(b, m.At(i, j)), ' ')
			}
			b[len(b)-1] = '\n'
			w.Write(b)
		}
	default: // sparse
		fmt.Fprintln(w, encoding)
		m.Each(func(i, j int, v *big.Rat) {
			b = append(strconv.AppendInt(b[:0], int64(i), 10), ' ')
			b = append(strconv.AppendInt(b, int64(j), 10), ' ')
			w.Write(append(scan.AppendNumber(b, v), '\n'))
		})
	}
}

func writeLayer(w *bufio.Writer, i int, l coupling.Layer) {
	fmt.Fprintf(w, "layer %d %v\nweight ", i+1, l.Kind())
	writeMatrix(w, l.Weight(), nil)
	name := map[coupling.ScaleKind]string{coupling.ScaleOne: "one", coupling.ScaleExact: "exact", coupling.ScaleExp: "exp"}
	scale := l.Scale()
	b := append([]byte("scale "), name[scale.Kind()]...)
	if rows, _ := l.Weight().Dims(); scale.Kind() != coupling.ScaleOne {
		for k := range rows {
			b = scan.AppendNumber(append(b, ' '), scale.At(k))
		}
	}
	w.Write(append(b, '\n'))
}
