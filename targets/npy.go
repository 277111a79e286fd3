package targets

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"codeberg.org/sbinet/npyio/npy"
)

const (
	npyMagic = "\x93NUMPY"
	// maxNPYHeader is the longest header read; NumPy's for the arrays read here
	// have 128 bytes.
	maxNPYHeader = 4096
)

// npyHeader is the header of an array of one or two dimensions.
type npyHeader struct {
	dtype   string // such as <f8
	fortran bool
	shape   []int
}

// The three values of the header, a Python dictionary.
var (
	npyDescr = regexp.MustCompile(`['"]descr['"]\s*:\s*(['"][^'"]*['"]|[\[(])`)
	npyOrder = regexp.MustCompile(`['"]fortran_order['"]\s*:\s*(True|False)\b`)
	npyShape = regexp.MustCompile(`['"]shape['"]\s*:\s*\(([0-9,\sL]*)\)`)
	npyDtype = regexp.MustCompile(`^[<>=|]?[a-zA-Z?][0-9]*$`)
)

// readNPY reads a NumPy array file of size bytes. The header is checked here,
// against the size, before anything is allocated; package npyio reads the array.
func readNPY(b *bufio.Reader, size int64) (*Target, error) {
	h, used, err := readNPYHeader(b)
	if err != nil {
		return nil, err
	}
	width, err := h.width()
	if err != nil {
		return nil, err
	}
	if err := h.checkShape(); err != nil {
		return nil, err
	}
	count := 1
	for _, s := range h.shape {
		count *= s // at most MaxDense^2 or MaxPermutation, by checkShape
	}
	if want, have := int64(count*width), size-used; have < want {
		return nil, fail("", "is truncated: %d bytes of array, want %d for shape %s of %s", have, want, h.shapeText(), h.dtype)
	} else if have > want {
		return nil, fail("", "has %d bytes after the array, want one array of shape %s", have-want, h.shapeText())
	}
	e, err := h.readEntries(b, count)
	var bad *badEntry
	switch {
	case errors.As(err, &bad):
		return nil, fail("entry "+h.position(bad.k), "is %v, want a finite number", bad.v)
	case err != nil:
		return nil, err
	}
	return h.target(e)
}

func readNPYHeader(r io.Reader) (h npyHeader, used int64, err error) {
	truncated := fail("", "is truncated: ends inside the NumPy header")
	pre := make([]byte, 8)
	if _, err := io.ReadFull(r, pre); err != nil {
		return h, 0, truncated
	}
	lenBytes := make([]byte, 2)
	if pre[6] != 1 {
		lenBytes = make([]byte, 4)
	}
	if pre[6] < 1 || pre[6] > 3 {
		return h, 0, fail("", "has NumPy format version %d.%d, want 1.0, 2.0 or 3.0", pre[6], pre[7])
	}
	if _, err := io.ReadFull(r, lenBytes); err != nil {
		return h, 0, truncated
	}
	length := uint32(binary.LittleEndian.Uint16(lenBytes))
	if len(lenBytes) == 4 {
		length = binary.LittleEndian.Uint32(lenBytes)
	}
	if length > maxNPYHeader {
		return h, 0, fail("", "declares a NumPy header of %d bytes, want %d or less", length, maxNPYHeader)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return h, 0, truncated
	}
	h, err = parseNPYHeader(string(text))
	return h, int64(len(pre)+len(lenBytes)) + int64(length), err
}

func parseNPYHeader(text string) (h npyHeader, err error) {
	descr, order, shape := npyDescr.FindStringSubmatch(text), npyOrder.FindStringSubmatch(text), npyShape.FindStringSubmatch(text)
	if descr == nil || order == nil || shape == nil {
		return h, fail("", "has no descr, fortran_order and shape in its NumPy header")
	}
	if len(descr[1]) == 1 {
		return h, fail("", "is a structured array, want floats or integers")
	}
	h = npyHeader{dtype: strings.Trim(descr[1], `'"`), fortran: order[1] == "True"}
	for _, s := range strings.Split(strings.Trim(shape[1], ", \t\n"), ",") {
		if s = strings.TrimSuffix(strings.TrimSpace(s), "L"); s == "" {
			continue
		}
		v, err := strconv.Atoi(s)
		if err != nil {
			return h, fail("", "has shape (%s), want (n, n), or (n,) for a permutation", shape[1])
		}
		h.shape = append(h.shape, v)
	}
	return h, nil
}

func (h npyHeader) shapeText() string {
	if len(h.shape) == 1 {
		return fmt.Sprintf("(%d,)", h.shape[0])
	}
	s := strings.Trim(fmt.Sprint(h.shape), "[]")
	return "(" + strings.ReplaceAll(s, " ", ", ") + ")"
}

// width returns the bytes of an entry. It fails unless the entries are integers,
// floats of 16 to 64 bits, or booleans.
func (h npyHeader) width() (int, error) {
	if npyDtype.MatchString(h.dtype) {
		code := strings.TrimLeft(h.dtype, "<>=|")
		switch code {
		case "b1", "i1", "u1":
			return 1, nil
		case "i2", "u2", "f2":
			return 2, nil
		case "i4", "u4", "f4":
			return 4, nil
		case "i8", "u8", "f8":
			return 8, nil
		}
		if name, ok := map[byte]string{'c': "complex", 'O': "object", 'S': "byte string", 'U': "string", 'V': "raw",
			'M': "date", 'm': "time", 'f': "long double"}[code[0]]; ok {
			return 0, fail("", "has dtype %s (%s), want float32, float64 or integers", h.dtype, name)
		}
	}
	return 0, fail("", "has dtype %s, want float32, float64 or integers", quote(h.dtype))
}

// checkShape accepts (n, n), and (n,), (1, n), (n, 1) for a permutation.
func (h npyHeader) checkShape() error {
	s := h.shape
	switch {
	case len(s) == 1:
		return checkList(s[0])
	case len(s) != 2:
		return fail("", "has shape %s, want (n, n), or (n,) for a permutation", h.shapeText())
	case s[0] == s[1]:
		return checkDense(s[0])
	case s[0] == 1 || s[1] == 1:
		return checkList(max(s[0], s[1]))
	}
	return fail("", "has shape %s, %s", h.shapeText(), wantShape)
}

// readEntries reads count entries. NaN and infinities are refused.
func (h npyHeader) readEntries(r io.Reader, count int) (e *entries, err error) {
	defer func() {
		if p := recover(); p != nil { // npyio panics on what it does not know
			e, err = nil, fail("", "cannot be read as a NumPy array: %v", p)
		}
	}()
	dtype := h.dtype
	half := strings.HasSuffix(dtype, "f2")
	if half { // npyio flushes subnormal halves to 0
		dtype = strings.TrimSuffix(dtype, "f2") + "u2"
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%d,), }\n", dtype, count)
	pre := binary.LittleEndian.AppendUint16([]byte(npyMagic+"\x01\x00"), uint16(len(head)))
	in, err := npy.NewReader(io.MultiReader(bytes.NewReader(append(pre, head...)), r))
	if err != nil {
		return nil, fail("", "cannot be read as a NumPy array: %v", err)
	}
	switch strings.TrimLeft(dtype, "<>=|") {
	case "b1":
		return collect(in, count, func(v bool) number {
			if v {
				return intNumber(1)
			}
			return intNumber(0)
		})
	case "i1":
		return collect(in, count, func(v int8) number { return intNumber(int64(v)) })
	case "i2":
		return collect(in, count, func(v int16) number { return intNumber(int64(v)) })
	case "i4":
		return collect(in, count, func(v int32) number { return intNumber(int64(v)) })
	case "i8":
		return collect(in, count, func(v int64) number {
			if v == math.MinInt64 {
				return floatNumber(math.MinInt64)
			}
			return intNumber(v)
		})
	case "u1":
		return collect(in, count, func(v uint8) number { return intNumber(int64(v)) })
	case "u2":
		return collect(in, count, func(v uint16) number {
			if half {
				return floatNumber(halfFloat(v))
			}
			return intNumber(int64(v))
		})
	case "u4":
		return collect(in, count, func(v uint32) number { return intNumber(int64(v)) })
	case "u8":
		return collect(in, count, func(v uint64) number {
			if v > math.MaxInt64 {
				return ratNumber(new(big.Rat).SetUint64(v))
			}
			return intNumber(int64(v))
		})
	case "f4":
		return collect(in, count, func(v float32) number { return floatNumber(float64(v)) })
	}
	return collect(in, count, floatNumber)
}

// collect reads count values of type T.
func collect[T any](in *npy.Reader, count int, convert func(T) number) (*entries, error) {
	values := make([]T, count)
	if err := in.Read(&values); err != nil {
		return nil, fail("", "cannot be read as a NumPy array: %v", err)
	}
	e := &entries{}
	for k, v := range values {
		x := convert(v)
		if x.kind == isFloat && (math.IsNaN(x.f) || math.IsInf(x.f, 0)) {
			return nil, &badEntry{k, x.f}
		}
		if err := e.add(x); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// badEntry is a value that is no number, at index k of the array as stored.
type badEntry struct {
	k int
	v float64
}

func (e *badEntry) Error() string { return fmt.Sprintf("entry %d is %v", e.k, e.v) }

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

// position returns the index of the k-th value stored, as NumPy writes it.
func (h npyHeader) position(k int) string {
	if len(h.shape) == 1 {
		return fmt.Sprintf("[%d]", k)
	}
	i, j := k/h.shape[1], k%h.shape[1]
	if h.fortran {
		i, j = k%h.shape[0], k/h.shape[0]
	}
	return fmt.Sprintf("[%d, %d]", i, j)
}

func (h npyHeader) target(e *entries) (*Target, error) {
	note := "NumPy " + h.dtype
	if len(h.shape) == 1 || h.shape[0] != h.shape[1] {
		list, bad := e.integers()
		if bad >= 0 {
			return nil, fail("entry "+h.position(bad), "is not an integer in an array of shape %s; %s", h.shapeText(), wantShape)
		}
		return permTarget(list, note+", permutation")
	}
	n := h.shape[0]
	var place func(k int) int
	if h.fortran {
		note += ", Fortran order"
		place = func(k int) int { return k%n*n + k/n }
	}
	m, err := e.matrix(n, place)
	if err != nil {
		return nil, err
	}
	return fromMatrix(m, note)
}
