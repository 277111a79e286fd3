package targets

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
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
}

func readText(r *bufio.Reader) (*Target, error) {
	t, err := readTable(r)
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

func readTable(r *bufio.Reader) (*table, error) {
	t := &table{}
	l := newLexer(r, '#')
	if bom, err := r.Peek(3); err == nil && string(bom) == "\xef\xbb\xbf" {
		r.Discard(3)
	}
	comma, depth, closed := false, 0, false
	for {
		kind, text, err := l.next()
		if err != nil {
			return nil, err
		}
		t.line = l.line
		where := func() string { return fmt.Sprintf("line %d, entry %d", t.line, t.col+1) }
		switch {
		case closed && kind != lexLine && kind != lexEnd:
			return nil, fail(where(), "unexpected %s after the closing bracket", quote(text))
		case kind == lexField:
			x, err := parseNumber(text)
			if err != nil {
				return nil, fail(where(), "%v (comments begin with #)", err)
			}
			if err := t.put(x); err != nil {
				return nil, err
			}
			comma = false
		case kind == lexComma:
			if comma || t.col == 0 {
				return nil, fail(where(), "is empty, want a number")
			}
			comma = true
		case kind == lexOpen:
			if depth > 0 || t.len() > 0 {
				return nil, fail(where(), "unexpected [, want one row a line and brackets around the whole at most")
			}
			depth = 1
		case kind == lexClose:
			if depth == 0 || comma {
				return nil, fail(where(), "unexpected ], want a number")
			}
			depth, closed = 0, true
		case kind == lexLine || kind == lexEnd:
			if comma {
				return nil, fail(where(), "is empty, want a number")
			}
			if err := t.endRow(); err != nil {
				return nil, err
			}
			if kind == lexEnd {
				if depth > 0 {
					return nil, fail(fmt.Sprintf("line %d", t.line), "ends without the closing bracket ]")
				}
				return t, nil
			}
		}
	}
}

// put appends one entry of the row at hand, unless there is no room for what the
// text is turning out to be.
func (t *table) put(x number) error {
	if err := t.add(x); err != nil {
		return err
	}
	t.col++
	switch list := t.rows == 0 || t.cols == 1; {
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
	switch {
	case t.col == 0:
		return nil
	case t.rows == 0:
		t.cols = t.col
	case t.col != t.cols:
		return t.ragged()
	}
	t.rows++
	t.col = 0
	return nil
}

func (t *table) ragged() error {
	return fail(fmt.Sprintf("line %d", t.line), "has %d entries or more, want %d as in the first row", t.col, t.cols)
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
