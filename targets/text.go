package targets

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"flowproof/transport"
)

// ParsePermutation reads a permutation from text such as 2,0,1 or [2 0 1], and
// reports whether it was a list of 1..n. It fails with a *FileError without
// path, which wraps a *PermutationError where the list is well-formed.
func ParsePermutation(s string) (perm []int, oneBased bool, err error) {
	t, err := readText(bufio.NewReader(strings.NewReader(s)))
	if err != nil {
		return nil, false, err
	}
	if t.Perm == nil {
		return nil, false, fail("", "is a matrix, want a permutation such as 2,0,1")
	}
	return t.Perm, t.OneBased, nil
}

// table is what has been read of a text: full rows of cols entries, then part of
// the next.
type table struct {
	entries
	rows, cols int
	col        int // entries read of the row at hand
	line       int

	brackets
	depth   int    // of the brackets that are open
	pending string // the separator read last, if nothing came after it in the row
	comma   string // the separator of entries, if one was seen

	points bool // rows are points: any number of them, of a few entries

	// In [a b <line end> c d] the lines are rows, or those of a long list of
	// integers as NumPy prints it: which of the two, the end tells.
	wrapped bool
	short   bool // the last of these lines had fewer entries than the first
}

// brackets tells how a text marks its rows.
type brackets int

const (
	noBrackets brackets = iota // a row a line
	flat                       // [a b; c d]: a row ends with ; or the line
	nested                     // [[a b] [c d]]: lines mean nothing
)

func readText(r *bufio.Reader) (*Target, error) {
	t, err := readTable(r, false)
	if err != nil {
		return nil, err
	}
	switch {
	case t.rows == 0:
		return nil, fail("", "is empty, want a matrix or a permutation")
	case t.rows == 1 || t.cols == 1:
		if t.len() == 1 {
			return nil, badFileDim(1, wantTwo)
		}
		list, bad := t.integers()
		if bad >= 0 {
			return nil, notInteger(bad)
		}
		return permTarget(list, "text, permutation")
	case t.rows != t.cols:
		return nil, fail("", "has %d rows of %d entries, %s", t.rows, t.cols, wantShape)
	}
	if err := checkDense(t.rows); err != nil {
		return nil, err
	}
	m, err := t.matrix(t.rows, nil)
	if err != nil {
		return nil, err
	}
	return fromMatrix(m, "text")
}

func readTable(r *bufio.Reader, points bool) (*table, error) {
	t, l := &table{points: points}, newLexer(r, '#')
	for closed := false; ; {
		kind, text, err := l.next()
		if err != nil {
			return nil, err
		}
		t.line = l.line
		if closed {
			switch {
			case kind == lexEnd:
				return t, nil
			case kind != lexLine && text != ";":
				return nil, fail(t.where(), "unexpected %s after the closing bracket", quote(text))
			}
			continue
		}
		switch kind {
		case lexField:
			err = t.field(text)
		case lexComma:
			err = t.separator(text)
		case lexOpen:
			err = t.open()
		case lexClose:
			closed, err = t.close()
		case lexLine, lexEnd:
			if t.brackets != nested {
				err = t.endRow()
			}
			if err == nil && kind == lexEnd {
				if t.depth == 0 {
					return t, nil
				}
				err = fail(fmt.Sprintf("line %d", t.line), "ends without the closing bracket ]")
			}
		}
		if err != nil {
			return nil, err
		}
	}
}

// where names the entry that is being read.
func (t *table) where() string { return fmt.Sprintf("line %d, entry %d", t.line, t.col+1) }

func (t *table) field(text string) error {
	if t.brackets == nested && t.depth == 1 {
		return fail(t.where(), "unexpected %s between two rows in brackets", quote(text))
	}
	x, err := parseNumber(text)
	if err != nil {
		return fail(t.where(), "%v (comments begin with #)", err)
	}
	t.pending = ""
	return t.put(x)
}

// separator takes a comma or a semicolon: between two entries, or, if it is a
// semicolon in brackets, after a row. A row may end with one more.
func (t *table) separator(text string) error {
	switch {
	case text == ";" && t.brackets == flat:
		if t.short {
			return t.ragged()
		}
		t.wrapped = false
		return t.endRow()
	case t.pending != "" || t.depth < 2 && t.brackets == nested && t.rows == 0 || (t.depth == 2 || t.brackets != nested) && t.col == 0:
		return fail(t.where(), "is empty, want a number")
	case t.brackets == nested && t.depth == 1: // between two rows
	case text == ";" && t.brackets == nested:
		return fail(t.where(), "unexpected ; in a row in brackets")
	case t.comma != "" && t.comma != text:
		return fail(t.where(), "has both , and ; between entries: want one of them, a point in decimal fractions, or brackets where ; ends a row, [a, b; c, d]")
	default:
		t.comma = text
	}
	t.pending = text
	return nil
}

func (t *table) open() error {
	switch {
	case t.depth == 0 && t.len() == 0:
		t.brackets, t.wrapped = flat, true
	case t.depth == 1 && (t.brackets == nested || t.len() == 0):
		t.brackets, t.wrapped = nested, false
	default:
		return fail(t.where(), "unexpected [, want brackets around the whole, and around each row at most")
	}
	t.depth++
	t.pending = ""
	return nil
}

// close ends a row in brackets, or all.
func (t *table) close() (closed bool, err error) {
	if t.depth == 0 {
		return false, fail(t.where(), "unexpected ], want a number")
	}
	if t.depth--; t.depth == 1 || t.brackets == flat {
		err = t.endRow()
	}
	t.pending = ""
	if err == nil && t.depth == 0 && t.wrapped {
		err = t.unwrap()
	}
	return t.depth == 0, err
}

// wrapWidth is the number of entries from which on a line may have been broken by
// a printer: NumPy's lines have 75 characters.
const wrapWidth = 8

// unwrap decides between the rows of a matrix and the lines of a list.
func (t *table) unwrap() error {
	if t.rows == 1 || t.cols == 1 {
		return nil
	}
	isList := false
	if list, bad := t.integers(); bad < 0 {
		_, _, err := checkPermutation(list)
		isList = err == nil
	}
	switch square := t.rows == t.cols && !t.short; {
	case square && t.cols < wrapWidth:
	case square && isList:
		return fail("", "has %d lines of %d integers, which are a matrix, or a permutation of %d points: want [[..] [..]] for the one, a single line for the other",
			t.rows, t.cols, t.len())
	case isList:
		t.rows, t.cols = 1, t.len()
	case t.short:
		return t.ragged()
	}
	return nil
}

// put appends one entry of the row at hand, unless there is no room for what the
// text is turning out to be.
func (t *table) put(x number) error {
	if err := t.add(x); err != nil {
		return err
	}
	t.col++
	if t.wrapped {
		_, t.wrapped = x.integer()
		if t.short {
			return t.ragged()
		}
	}
	if t.points {
		switch {
		case t.len() > MaxSamples:
			return fail("", "holds more than %d numbers", MaxSamples)
		case t.rows == 0 && t.col > transport.MaxDim:
			return sampleShape(2, t.col)
		case t.rows > 0 && t.col > t.cols:
			return t.ragged()
		}
		return nil
	}
	switch list := t.rows == 0 || t.cols == 1 || t.wrapped && t.col <= t.cols; {
	case list && t.len() > MaxPermutation:
		return checkList(t.len())
	case list && t.len() > MaxDense:
		if _, ok := x.integer(); !ok {
			return notInteger(t.len() - 1)
		}
	case !list && t.rows >= t.cols:
		return fail(fmt.Sprintf("line %d", t.line), "has more than %d rows of %d entries, %s", t.cols, t.cols, wantShape)
	case !list && t.col > t.cols:
		return t.ragged()
	case !list && t.rows == 1 && t.col == 1:
		return checkDense(t.cols)
	}
	return nil
}

// notInteger reports entry k of one row or column.
func notInteger(k int) error {
	return fail(fmt.Sprintf("entry %d (counted from 0)", k), "is not an integer in one row or column; %s", wantShape)
}

func (t *table) endRow() error {
	t.pending = ""
	switch {
	case t.col == 0:
		return nil
	case t.rows == 0:
		t.cols = t.col
	case t.wrapped && t.col < t.cols:
		t.short = true
	case t.col != t.cols:
		return t.ragged()
	}
	t.rows++
	t.col = 0
	return nil
}

func (t *table) ragged() error {
	return fail(fmt.Sprintf("line %d", t.line), "has another number of entries than the first row, which has %d", t.cols)
}

// lexer splits text into fields, commas, brackets and line ends, and drops
// blanks and comments.
type lexer struct {
	r       *bufio.Reader
	comment byte
	line    int // of the token returned last, from 1
	newline bool
}

type lexKind int

const (
	lexField lexKind = iota
	lexComma
	lexOpen
	lexClose
	lexLine
	lexEnd
)

// maxField is the length of the longest number read: integers of some ten
// thousand bits.
const maxField = 4096

func newLexer(r *bufio.Reader, comment byte) *lexer { return &lexer{r: r, comment: comment, line: 1} }

func (l *lexer) next() (kind lexKind, text string, err error) {
	if l.newline {
		l.line++
		l.newline = false
	}
	var field []byte
	for {
		b, err := l.r.ReadByte()
		end := err != nil
		if end && !errors.Is(err, io.EOF) {
			return 0, "", unreadable(err)
		}
		if !end && !special(b) && b != l.comment {
			if field = append(field, b); len(field) > maxField {
				return 0, "", fail(fmt.Sprintf("line %d", l.line), "has a field of more than %d bytes, want numbers", maxField)
			}
			continue
		}
		if len(field) > 0 {
			if !end {
				l.r.UnreadByte()
			}
			return lexField, string(field), nil
		}
		switch {
		case end:
			return lexEnd, "", nil
		case b == l.comment:
			if err := l.skipLine(); err != nil {
				return 0, "", err
			}
		case b == ',' || b == ';':
			return lexComma, string(b), nil
		case b == '[':
			return lexOpen, "[", nil
		case b == ']':
			return lexClose, "]", nil
		case b == '\n':
			l.newline = true
			return lexLine, "", nil
		}
	}
}

// skipLine drops the rest of the line, and leaves its end to be read.
func (l *lexer) skipLine() error {
	for {
		switch b, err := l.r.ReadByte(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return unreadable(err)
		case b == '\n':
			return l.r.UnreadByte()
		}
	}
}

func special(b byte) bool {
	switch b {
	case ' ', '\t', '\r', '\n', ',', ';', '[', ']':
		return true
	}
	return false
}
