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
	field      string // real, double, integer, unsigned-integer, pattern
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
	ended bool
	entries
	place []int64 // of each entry in the rows laid end to end; nil for column after column
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
		{f[3], []string{"real", "double", "integer", "unsigned-integer", "pattern"}},
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
// from the diagonal down. Of a skew-symmetric one the format has the part below
// the diagonal; some programs write its zeros too, and the number of entries
// tells.
func (m *mtxReader) readArray() error {
	values := &entries{}
	take := func(count int) error {
		for range count {
			x, err := m.value()
			if err == nil {
				err = values.add(x)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	if err := take(m.count); err != nil {
		return err
	}
	first := func(j int) int { return 0 } // row of the column
	switch m.symmetry {
	case "general":
		m.entries = *values
		return m.end()
	case "symmetric":
		first = func(j int) int { return j }
	case "skew-symmetric":
		first = func(j int) int { return j + 1 }
		if more, err := m.more(); err != nil {
			return err
		} else if more {
			if err := take(m.n); m.ended {
				return fail(m.here(), "ends after more than %d entries and fewer than %d: want those below the diagonal of a skew-symmetric matrix, or the zeros on it too",
					m.count, m.count+m.n)
			} else if err != nil {
				return err
			}
			m.count += m.n
			first = func(j int) int { return j }
		}
	}
	if err := m.end(); err != nil {
		return err
	}
	k := 0
	for j := range m.n {
		for i := first(j); i < m.n; i++ {
			if err := m.put("", i, j, values.at(k)); err != nil {
				return err
			}
			k++
		}
	}
	return nil
}

func (m *mtxReader) readCoordinate() error {
	given := []bool(nil) // beyond MaxDense, sparse.New finds what is given twice
	if m.n <= MaxDense {
		given = make([]bool, m.n*m.n)
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
		if given != nil {
			switch {
			case m.mirrors(i, j) && given[j*m.n+i]:
				return fail(m.here(), "gives entry (%d, %d), the mirror image of one given: a file of a %s matrix has one of the two", i+1, j+1, m.symmetry)
			case m.field == "pattern" && given[i*m.n+j]:
				return fail(m.here(), "gives entry (%d, %d) twice: a pattern has no numbers to add", i+1, j+1)
			}
			given[i*m.n+j] = true
		}
		if err := m.put(m.here(), i, j, x); err != nil {
			return err
		}
	}
	return m.end()
}

// here names the line that is being read.
func (m *mtxReader) here() string { return fmt.Sprintf("line %d", m.lex.line) }

// put stores entry (i, j), and its mirror image.
func (m *mtxReader) put(where string, i, j int, x number) error {
	if m.symmetry == "skew-symmetric" && i == j && x.rat().Sign() != 0 {
		return fail(where, "gives entry (%d, %d) = %s of a skew-symmetric matrix, want 0: entry (i, j) is minus entry (j, i)", i+1, j+1, brief(x.rat().RatString()))
	}
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
		d, err := m.matrix(m.n, func(k int) int {
			if m.place == nil {
				return k%m.n*m.n + k/m.n
			}
			return int(m.place[k])
		})
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
		return nil, fail("", "gives an entry twice, want a permutation matrix in dimension %d: one entry in each row and column", m.n)
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
			m.ended = true
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
	if strings.HasSuffix(m.field, "integer") && x.kind != isInt && !x.rat().IsInt() {
		return x, fail(where, "%s is not an integer, as the first line promises", quote(text))
	}
	if m.field == "unsigned-integer" && x.rat().Sign() < 0 {
		return x, fail(where, "%s is negative, but the first line says unsigned-integer", quote(text))
	}
	return x, nil
}

// more reports whether another word follows.
func (m *mtxReader) more() (bool, error) {
	for {
		b, err := m.lex.r.Peek(1)
		switch {
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, unreadable(err)
		case b[0] > ' ' && b[0] != m.lex.comment:
			return true, nil
		}
		if _, _, err := m.lex.next(); err != nil {
			return false, err
		}
	}
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
