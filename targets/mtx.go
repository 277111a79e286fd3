package targets

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"flowproof/exactmath/sparse"
)

// Matrix Market exchange format (Boisvert, Pozo and Remington, NISTIR 5935,
// 1996).

// mtxHeader is the first line of a file.
type mtxHeader struct {
	coordinate bool
	field      string // real, integer, pattern
	symmetry   string // general, symmetric, skew-symmetric
}

// mirrors reports whether entry (i, j) stands for (j, i) too.
func (h mtxHeader) mirrors(i, j int) bool { return h.symmetry != "general" && i != j }

func (h mtxHeader) note() string {
	format := "array"
	if h.coordinate {
		format = "coordinate"
	}
	return fmt.Sprintf("Matrix Market, %s %s %s", format, h.field, h.symmetry)
}

type mtxReader struct {
	mtxHeader
	lex   *lexer
	n     int
	count int // entries that the file declares
	entries
	place []int64 // of each entry in the rows laid end to end
}

// readMTX reads a Matrix Market file of size bytes.
func readMTX(b *bufio.Reader, size int64) (*Target, error) {
	line, err := b.ReadSlice('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fail("line 1", "is too long, want a line such as %%%%MatrixMarket matrix array real general")
	}
	h, err := parseMTXHeader(string(line))
	if err != nil {
		return nil, err
	}
	m := &mtxReader{mtxHeader: h, lex: newLexer(b, '%')}
	m.lex.line = 2
	if err := m.readSize(size); err != nil {
		return nil, err
	}
	if h.coordinate {
		err = m.readCoordinate()
	} else {
		err = m.readArray()
	}
	if err != nil {
		return nil, err
	}
	return m.target()
}

func parseMTXHeader(line string) (h mtxHeader, err error) {
	f := strings.Fields(strings.ToLower(line))
	if len(f) != 5 || f[0] != "%%matrixmarket" {
		return h, fail("line 1", "is %s, want %%%%MatrixMarket matrix, a format, a field and a symmetry", quote(strings.TrimSpace(line)))
	}
	h = mtxHeader{f[2] == "coordinate", f[3], f[4]}
	for _, w := range []struct {
		word string
		want []string
	}{
		{f[1], []string{"matrix"}},
		{f[2], []string{"array", "coordinate"}},
		{f[3], []string{"real", "double", "integer", "pattern"}},
		{f[4], []string{"general", "symmetric", "skew-symmetric"}},
	} {
		if !slices.Contains(w.want, w.word) {
			return h, fail("line 1", "has %s, want %s", quote(w.word), strings.Join(w.want, " or "))
		}
	}
	if h.field == "pattern" && !h.coordinate {
		return h, fail("line 1", "a pattern has the format coordinate, not array")
	}
	return h, nil
}

// readSize reads the line of rows, columns and, for coordinates, the number of
// entries, and checks all three before anything is allocated.
func (m *mtxReader) readSize(size int64) error {
	want := 2
	if m.coordinate {
		want = 3
	}
	dims := make([]int, want)
	for k := range dims {
		v, err := m.integer("a size")
		if err != nil {
			return err
		}
		dims[k] = v
	}
	where := fmt.Sprintf("line %d", m.lex.line)
	if dims[0] != dims[1] {
		return fail(where, "declares %d rows and %d columns, want a square matrix", dims[0], dims[1])
	}
	m.n = dims[0]
	if err := checkList(m.n); err != nil {
		return err
	}
	if m.coordinate {
		m.count = dims[2]
		// An entry takes at least two digits, a blank and a line end.
		if m.count < 0 || int64(m.count) > size/4 {
			return fail(where, "declares %d entries in a file of %d bytes: it is truncated, or the number is wrong", m.count, size)
		}
		if 2*m.count < m.n || m.symmetry == "general" && m.count < m.n {
			return fail(where, "declares %d entries in dimension %d, so a row is all zeros: want an invertible matrix", m.count, m.n)
		}
		if m.n > MaxDense && m.count > m.n {
			return checkDense(m.n)
		}
		return nil
	}
	if err := checkDense(m.n); err != nil {
		return err
	}
	switch m.symmetry {
	case "general":
		m.count = m.n * m.n
	case "symmetric":
		m.count = m.n * (m.n + 1) / 2
	default:
		m.count = m.n * (m.n - 1) / 2
	}
	if int64(m.count) > size/2 {
		return fail(where, "declares %d entries in a file of %d bytes: it is truncated, or the number is wrong", m.count, size)
	}
	return nil
}

// readArray reads columns from top to bottom, of a symmetric matrix the part
// from the diagonal down, of a skew-symmetric one the part below it.
func (m *mtxReader) readArray() error {
	for j := range m.n {
		first := 0
		switch m.symmetry {
		case "symmetric":
			first = j
		case "skew-symmetric":
			first = j + 1
		}
		for i := first; i < m.n; i++ {
			x, err := m.value()
			if err != nil {
				return err
			}
			if err := m.put(i, j, x); err != nil {
				return err
			}
		}
	}
	return m.end()
}

func (m *mtxReader) readCoordinate() error {
	seen := []bool(nil) // beyond MaxDense, NewSparse finds what is given twice
	if m.n <= MaxDense {
		seen = make([]bool, m.n*m.n)
	}
	for range m.count {
		i, err := m.index("row")
		if err != nil {
			return err
		}
		j, err := m.index("column")
		if err != nil {
			return err
		}
		x := intNumber(1)
		if m.field != "pattern" {
			if x, err = m.value(); err != nil {
				return err
			}
		}
		where := fmt.Sprintf("line %d", m.lex.line)
		if seen != nil {
			if seen[i*m.n+j] || m.mirrors(i, j) && seen[j*m.n+i] {
				return fail(where, "gives entry (%d, %d) twice", i+1, j+1)
			}
			seen[i*m.n+j] = true
		}
		if m.symmetry == "skew-symmetric" && i == j && x.rat().Sign() != 0 {
			return fail(where, "gives entry (%d, %d) of a skew-symmetric matrix, want no diagonal", i+1, j+1)
		}
		if err := m.put(i, j, x); err != nil {
			return err
		}
	}
	return m.end()
}

// put stores entry (i, j), and its mirror image.
func (m *mtxReader) put(i, j int, x number) error {
	m.place = append(m.place, int64(i)*int64(m.n)+int64(j))
	err := m.add(x)
	if err == nil && m.mirrors(i, j) {
		m.place = append(m.place, int64(j)*int64(m.n)+int64(i))
		if m.symmetry == "skew-symmetric" {
			x = x.neg()
		}
		err = m.add(x)
	}
	return err
}

// target builds the matrix: dense, or sparse where only that has room.
func (m *mtxReader) target() (*Target, error) {
	if m.n <= MaxDense {
		d, err := m.matrix(m.n, func(k int) int { return int(m.place[k]) })
		if err != nil {
			return nil, err
		}
		return fromMatrix(d, m.note())
	}
	es := make([]sparse.Entry, len(m.place))
	for k, p := range m.place {
		v, ok := m.at(k).float()
		if !ok {
			return nil, checkDense(m.n)
		}
		es[k] = sparse.Entry{Row: int(p / int64(m.n)), Col: int(p % int64(m.n)), Value: v}
	}
	s, err := sparse.New(m.n, m.n, es)
	if err != nil {
		return nil, fail("", "gives an entry twice, want a permutation matrix in dimension %d", m.n)
	}
	if _, _, ok := sparse.SignedPermutation(s); !ok {
		return nil, checkDense(m.n)
	}
	return fromMatrix(s, m.note())
}

// word returns the next field, over line ends.
func (m *mtxReader) word(what string) (string, error) {
	for {
		kind, text, err := m.lex.next()
		switch {
		case err != nil:
			return "", err
		case kind == lexEnd:
			return "", fail("", "is truncated: ends in line %d where %s should follow", m.lex.line, what)
		case kind == lexField:
			return text, nil
		case kind != lexLine:
			return "", fail(fmt.Sprintf("line %d", m.lex.line), "has %s, want numbers separated by blanks", quote(text))
		}
	}
}

func (m *mtxReader) integer(what string) (int, error) {
	text, err := m.word(what)
	if err != nil {
		return 0, err
	}
	v, err := strconv.Atoi(text)
	if err != nil {
		return 0, fail(fmt.Sprintf("line %d", m.lex.line), "%s is not an integer, want %s", quote(text), what)
	}
	return v, nil
}

// index reads a 1-based index and returns it 0-based.
func (m *mtxReader) index(what string) (int, error) {
	v, err := m.integer("a " + what + " index")
	if err != nil {
		return 0, err
	}
	if v < 1 || m.n < v {
		return 0, fail(fmt.Sprintf("line %d", m.lex.line), "%s index %d is out of range, want 1 to %d", what, v, m.n)
	}
	return v - 1, nil
}

func (m *mtxReader) value() (number, error) {
	text, err := m.word("an entry")
	if err != nil {
		return number{}, err
	}
	x, err := parseNumber(text)
	where := fmt.Sprintf("line %d", m.lex.line)
	if err != nil {
		return x, fail(where, "%v", err)
	}
	if m.field == "integer" && !x.rat().IsInt() {
		return x, fail(where, "%s is not an integer, as the first line promises", quote(text))
	}
	return x, nil
}

// end checks that nothing follows.
func (m *mtxReader) end() error {
	for {
		kind, text, err := m.lex.next()
		switch {
		case err != nil:
			return err
		case kind == lexEnd:
			return nil
		case kind != lexLine:
			return fail(fmt.Sprintf("line %d", m.lex.line), "has %s after the last of the %d entries declared", quote(text), m.count)
		}
	}
}
