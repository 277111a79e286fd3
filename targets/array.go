package targets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strings"
)

// Element is a type of numbers as files hold them.
type Element struct {
	Width int // bytes of one

	kind  byte // 'b' Boolean, 'i', 'u' integer, 'f' IEEE 754, 'B' the upper half of a float32
	order binary.ByteOrder
}

// Integer reports whether all numbers of the type are integers; Booleans are
// none.
func (e Element) Integer() bool { return e.kind == 'i' || e.kind == 'u' }

// Boolean reports whether the type is a truth value, 0 or 1.
func (e Element) Boolean() bool { return e.kind == 'b' }

// BigEndian returns the type with the bytes of each number reversed.
func (e Element) BigEndian() Element {
	e.order = binary.BigEndian
	return e
}

// ElementOf returns the type that NumPy (<f8, |u1, ..) or safetensors (F64, U8,
// BF16, ..) calls by that name, little-endian unless it says otherwise. It fails
// for types other than integers, floats of 16 to 64 bits, and Booleans.
func ElementOf(name string) (Element, error) {
	const want = "want floats of 16 to 64 bits, integers or Booleans"
	if e, ok := tensorTypes[name]; ok {
		e.order = binary.LittleEndian
		return e, nil
	}
	code, e := strings.TrimLeft(name, "<>=|"), Element{order: binary.LittleEndian}
	if strings.HasPrefix(name, ">") {
		e.order = binary.BigEndian
	}
	if len(code) == 2 && len(name)-len(code) <= 1 {
		e.kind, e.Width = code[0], int(code[1]-'0')
		switch code {
		case "b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8":
			return e, nil
		}
	}
	if kind, ok := otherTypes[strings.TrimRight(code, "0123456789")]; ok {
		return Element{}, fmt.Errorf("has type %s (%s), %s", brief(name), kind, want)
	}
	return Element{}, fmt.Errorf("has type %s, %s", quote(name), want)
}

// tensorTypes are the names of safetensors that are read.
var tensorTypes = map[string]Element{
	"F64": {Width: 8, kind: 'f'}, "F32": {Width: 4, kind: 'f'}, "F16": {Width: 2, kind: 'f'}, "BF16": {Width: 2, kind: 'B'},
	"I64": {Width: 8, kind: 'i'}, "I32": {Width: 4, kind: 'i'}, "I16": {Width: 2, kind: 'i'}, "I8": {Width: 1, kind: 'i'},
	"U64": {Width: 8, kind: 'u'}, "U32": {Width: 4, kind: 'u'}, "U16": {Width: 2, kind: 'u'}, "U8": {Width: 1, kind: 'u'},
	"BOOL": {Width: 1, kind: 'b'},
}

// otherTypes are those of NumPy that are no numbers, or too wide ones.
var otherTypes = map[string]string{"c": "complex", "O": "object", "S": "byte string", "U": "string", "V": "raw", "f": "long double"}

// number returns the number in the first Width bytes, exactly. A float may be
// NaN or infinite.
func (e Element) number(b []byte) number {
	var u uint64
	switch e.Width {
	case 1:
		u = uint64(b[0])
	case 2:
		u = uint64(e.order.Uint16(b))
	case 4:
		u = uint64(e.order.Uint32(b))
	case 8:
		u = e.order.Uint64(b)
	}
	switch {
	case e.kind == 'b':
		return intNumber(int64(min(u, 1)))
	case e.kind == 'B':
		return floatNumber(float64(math.Float32frombits(uint32(u) << 16)))
	case e.kind == 'f' && e.Width == 2:
		return floatNumber(halfFloat(uint16(u)))
	case e.kind == 'f' && e.Width == 4:
		return floatNumber(float64(math.Float32frombits(uint32(u))))
	case e.kind == 'f':
		return floatNumber(math.Float64frombits(u))
	case e.kind == 'u' && u > math.MaxInt64:
		return ratNumber(new(big.Rat).SetUint64(u))
	case e.kind == 'u':
		return intNumber(int64(u))
	}
	free := 64 - 8*e.Width
	if i := int64(u<<free) >> free; i != math.MinInt64 {
		return intNumber(i)
	}
	return floatNumber(math.MinInt64)
}

// halfFloat returns the value of a binary16 number.
func halfFloat(b uint16) float64 {
	exp, frac := int(b>>10&31), float64(b&1023)
	v := math.Ldexp(1024+frac, exp-25)
	switch exp {
	case 0:
		v = math.Ldexp(frac, -24)
	case 31:
		if v = math.Inf(1); frac != 0 {
			v = math.NaN()
		}
	}
	if b>>15 == 1 {
		return -v
	}
	return v
}

// Array describes an array of numbers in a file, the last index varying fastest.
type Array struct {
	Element
	Shape   []int
	Fortran bool   // the first index varies fastest
	Note    string // what Target.Note shall say of it
}

// layout is what the shape of an array makes of it: a list of n numbers, or an
// n x n matrix, its transpose stored row by row if flipped.
type layout struct {
	n             int
	list, flipped bool
	note          string // what a reader of the report shall know of it
}

// Side returns n if the array can be an n x n matrix or a list of n points by its
// shape: (n, n); (n, n, 1, ..), the kernel of a 1x1 convolution with the outputs
// first, as in PyTorch; (1, .., n, n), with the inputs first, as in TensorFlow;
// (n,), (1, n) and (n, 1). The error says what is wrong.
func (a Array) Side() (n int, list bool, err error) {
	l, err := a.layout()
	return l.n, l.list, err
}

func (a Array) layout() (layout, error) {
	s, inputsFirst := a.Shape, false
	for len(s) > 2 && s[len(s)-1] == 1 {
		s = s[:len(s)-1]
	}
	if len(s) > 2 {
		inputsFirst = true
		for s = a.Shape; len(s) > 2 && s[0] == 1; {
			s = s[1:]
		}
	}
	switch {
	case len(s) == 1:
		return layout{n: s[0], list: true, note: ", permutation"}, checkList(s[0])
	case len(s) != 2:
	case s[0] == s[1]:
		l := layout{n: s[0], flipped: a.Fortran != inputsFirst}
		if inputsFirst {
			l.note = ", kernel with the inputs first"
		}
		return l, checkDense(s[0])
	case len(a.Shape) == 2 && (s[0] == 1 || s[1] == 1):
		n := max(s[0], s[1])
		return layout{n: n, list: true, note: ", permutation"}, checkList(n)
	}
	return layout{}, fail("", "has shape %s, want (n, n), (n, n, 1, 1), (1, 1, n, n), or (n,) for a permutation", shapeText(a.Shape))
}

// Bytes returns how many bytes the numbers take, and math.MaxInt64 where that is
// too many to count.
func (a Array) Bytes() int64 {
	n, over := int64(a.Width), false
	for _, s := range a.Shape {
		if s == 0 {
			return 0
		}
		over = over || n > math.MaxInt64/int64(s)
		n *= int64(s)
	}
	if over {
		return math.MaxInt64
	}
	return n
}

// Read makes the target of an array whose numbers r holds, and reads no more
// than those. It fails with a *FileError without path. Entries that float64 does
// not hold are kept exactly.
func (a Array) Read(r io.Reader) (*Target, error) {
	l, err := a.layout()
	if err != nil {
		return nil, err
	}
	count := l.n
	if !l.list {
		count *= l.n
	}
	e := &entries{}
	err = a.each(r, count, func(k int, x number) error {
		if x.kind == isFloat && (math.IsNaN(x.f) || math.IsInf(x.f, 0)) {
			return fail("entry "+a.position(k), "is %v, want a finite number", x.f)
		}
		if k == 0 {
			e.reserve(x.kind, count)
		}
		return e.add(x)
	})
	if err != nil {
		return nil, err
	}
	if l.list {
		list, bad := e.integers()
		if bad >= 0 {
			return nil, fail("entry "+a.position(bad), "is not an integer in an array of shape %s; %s", shapeText(a.Shape), wantShape)
		}
		return permTarget(list, a.Note+l.note)
	}
	var place func(k int) int
	if l.flipped {
		place = func(k int) int { return k%l.n*l.n + k/l.n }
	}
	m, err := e.matrix(l.n, place)
	if err != nil {
		return nil, err
	}
	return fromMatrix(m, a.Note+l.note)
}

// errOther tells that a list is no permutation.
var errOther = errors.New("not a permutation")

// Permutation reports whether r holds a permutation of n points. It reads no
// further than to the first entry that says otherwise, and stores none.
func (a Array) Permutation(r io.Reader) (bool, error) {
	l, err := a.layout()
	if err != nil || !l.list {
		return false, err
	}
	// Of 0..n, all but one value occur: 0 is missing from a list of 1..n, n from
	// one of 0..n-1.
	seen := make([]uint64, l.n/64+1)
	has := func(i int) bool { return seen[i/64]>>(i%64)&1 == 1 }
	err = a.each(r, l.n, func(_ int, x number) error {
		i, ok := x.integer()
		if !ok || i < 0 || int64(l.n) < i || has(int(i)) {
			return errOther
		}
		seen[i/64] |= 1 << (i % 64)
		return nil
	})
	if errors.Is(err, errOther) {
		return false, nil
	}
	return err == nil && has(0) != has(l.n), err
}

// each reads count numbers.
func (a Array) each(r io.Reader, count int, do func(k int, x number) error) error {
	w := a.Width
	buf := make([]byte, min(count*w, 1<<16))
	for k := 0; k < count; {
		b := buf[:min(len(buf), (count-k)*w)]
		switch _, err := io.ReadFull(r, b); {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return fail("", "is truncated: ends before entry %s", a.position(k))
		case err != nil:
			return unreadable(err)
		}
		for ; len(b) > 0; b = b[w:] {
			if err := do(k, a.number(b)); err != nil {
				return err
			}
			k++
		}
	}
	return nil
}

// position returns the index of the k-th number stored, as NumPy writes it.
func (a Array) position(k int) string {
	at := make([]int, len(a.Shape))
	for i := range at {
		axis := len(at) - 1 - i
		if a.Fortran {
			axis = i
		}
		at[axis] = k % a.Shape[axis]
		k /= a.Shape[axis]
	}
	return strings.ReplaceAll(fmt.Sprint(at), " ", ", ")
}

// shapeText writes a shape as NumPy does.
func shapeText(shape []int) string {
	if len(shape) == 1 {
		return fmt.Sprintf("(%d,)", shape[0])
	}
	s := strings.Trim(fmt.Sprint(shape), "[]")
	return "(" + strings.ReplaceAll(s, " ", ", ") + ")"
}
