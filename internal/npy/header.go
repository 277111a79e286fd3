// Package npy reads the header of NumPy's array files (NEP 1, "A Simple File
// Format for NumPy Arrays"), strictly: a header that two readers could take in
// two ways is refused.
package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Magic is how every array file begins.
const Magic = "\x93NUMPY"

// maxHeader is the longest header that is read, in bytes: NumPy's own limit.
const maxHeader = 10_000

// maxAxes is the number of axes of the shapes that are read: NumPy's own limit.
const maxAxes = 64

// Header describes the array that follows it.
type Header struct {
	Descr   string // the type of the entries, such as <f8; empty if Structured
	Fortran bool   // whether the first index varies fastest
	Shape   []int
	Size    int64 // bytes of the header itself, all that comes before the array

	Structured bool // whether an entry is a record of several fields
}

var errTruncated = errors.New("is truncated: ends inside the NumPy header")

// ReadHeader reads a header and nothing after it. It takes no memory for a
// length that the header only declares beyond maxHeader bytes.
func ReadHeader(r io.Reader) (Header, error) {
	var pre [12]byte
	if _, err := io.ReadFull(r, pre[:8]); err != nil {
		return Header{}, cut(err)
	}
	if string(pre[:6]) != Magic {
		return Header{}, fmt.Errorf("is not a NumPy array: its first bytes are %q, want %q", pre[:6], Magic)
	}
	wide := 4
	switch [2]byte(pre[6:8]) {
	case [2]byte{1, 0}:
		wide = 2
	case [2]byte{2, 0}, [2]byte{3, 0}:
	default:
		return Header{}, fmt.Errorf("has NumPy format version %d.%d, want 1.0, 2.0 or 3.0", pre[6], pre[7])
	}
	if _, err := io.ReadFull(r, pre[8:8+wide]); err != nil {
		return Header{}, cut(err)
	}
	length := binary.LittleEndian.Uint32(pre[8:]) // the rest is zero
	if length > maxHeader {
		return Header{}, fmt.Errorf("declares a NumPy header of %d bytes, want %d or less", length, maxHeader)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return Header{}, cut(err)
	}
	h, err := parse(string(text))
	h.Size = int64(8+wide) + int64(length)
	return h, err
}

// cut returns the error for a header that does not go on.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errTruncated
	}
	return err
}

// parser reads the header's text: a Python dictionary of the keys descr,
// fortran_order and shape, each once and no other, and blanks behind it.
type parser struct{ rest string }

func parse(text string) (h Header, err error) {
	p := &parser{text}
	seen := map[string]bool{}
	if !p.take("{") {
		return h, p.unexpected("{")
	}
	for !p.take("}") {
		key, ok := p.quoted()
		if !ok || !p.take(":") {
			return h, p.unexpected("the keys descr, fortran_order and shape, each with its value")
		}
		if seen[key] {
			return h, fmt.Errorf("has the key %s twice in its NumPy header, so that two arrays could be meant", key)
		}
		seen[key] = true
		switch key {
		case "descr":
			h.Descr, h.Structured, err = p.descr()
		case "fortran_order":
			h.Fortran, err = p.order()
		case "shape":
			h.Shape, err = p.shape()
		default:
			return h, fmt.Errorf("has the key %.40q in its NumPy header, want descr, fortran_order and shape", key)
		}
		if err != nil {
			return h, err
		}
		if h.Structured {
			return h, nil // whatever the fields are, they are no numbers
		}
		if !p.take(",") {
			if !p.take("}") {
				return h, p.unexpected(", or }")
			}
			break
		}
	}
	if strings.Trim(p.rest, " \t\n") != "" {
		return h, p.unexpected("blanks after the dictionary")
	}
	if len(seen) != 3 {
		return h, errors.New("has no descr, fortran_order and shape in its NumPy header")
	}
	return h, nil
}

// take skips blanks and then the token, if it is next.
func (p *parser) take(token string) bool {
	p.rest = strings.TrimLeft(p.rest, " \t\n")
	rest, ok := strings.CutPrefix(p.rest, token)
	if ok {
		p.rest = rest
	}
	return ok
}

// quoted reads a Python string without escapes.
func (p *parser) quoted() (string, bool) {
	for _, quote := range []string{"'", `"`} {
		if p.take(quote) {
			s, rest, ok := strings.Cut(p.rest, quote)
			p.rest = rest
			return s, ok && !strings.Contains(s, `\`)
		}
	}
	return "", false
}

func (p *parser) descr() (descr string, structured bool, err error) {
	if p.take("[") || p.take("(") {
		return "", true, nil
	}
	descr, ok := p.quoted()
	if !ok {
		return "", false, p.unexpected("a type such as '<f8'")
	}
	return descr, false, nil
}

func (p *parser) order() (bool, error) {
	switch {
	case p.take("True"):
		return true, nil
	case p.take("False"):
		return false, nil
	}
	return false, p.unexpected("True or False")
}

// shape reads a tuple of lengths; (3) is none, (3,) is. Python 2 wrote 3L.
func (p *parser) shape() (shape []int, err error) {
	const want = "a shape such as (3, 3)"
	if !p.take("(") {
		return nil, p.unexpected(want)
	}
	for !p.take(")") {
		p.take("") // blanks
		digits := p.rest[:len(p.rest)-len(strings.TrimLeft(p.rest, "0123456789"))]
		if digits == "" || len(digits) > 1 && digits[0] == '0' {
			return nil, p.unexpected(want)
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n > math.MaxInt {
			return nil, fmt.Errorf("has a length of %.40s in its shape, want less", digits)
		}
		p.rest = strings.TrimPrefix(p.rest[len(digits):], "L")
		if shape = append(shape, int(n)); len(shape) > maxAxes {
			return nil, fmt.Errorf("has a shape of more than %d axes", maxAxes)
		}
		if !p.take(",") {
			if len(shape) == 1 || !p.take(")") {
				return nil, p.unexpected(want)
			}
			break
		}
	}
	return shape, nil
}

func (p *parser) unexpected(want string) error {
	if p.rest == "" {
		return fmt.Errorf("has a NumPy header that ends where it wants %s", want)
	}
	return fmt.Errorf("has %.20q in its NumPy header, want %s", p.rest, want)
}
