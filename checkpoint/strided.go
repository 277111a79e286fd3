package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// storage is a run of numbers of one type.
type storage struct {
	dtype string
	width int64 // bytes of a number
	count int64 // numbers
	big   bool  // the bytes of a number are reversed
	// section returns n bytes from byte at on.
	section func(at, n int64) (io.Reader, error)
}

// tensorRef is a tensor as the pickle describes it: a strided view.
type tensorRef struct {
	storage storage
	offset  int
	shape   []int
	stride  []int
}

// last returns the position of the last number of a tensor that is not empty.
func (t tensorRef) last() (int64, error) {
	at, end := int64(t.offset), t.storage.count-1
	for i, s := range t.shape {
		steps, stride := int64(max(s-1, 0)), int64(t.stride[i])
		if at > end || steps > 0 && stride > (end-at)/steps {
			at = end + 1
			break
		}
		at += steps * stride
	}
	if at > end {
		return 0, fmt.Errorf("has shape %v, strides %v and offset %d in a storage of %d numbers", t.shape, t.stride, t.offset, t.storage.count)
	}
	return at, nil
}

// maxSpan is the number of entries between the first and the last of a view that
// is not contiguous: all of them are held in memory.
const maxSpan = 4 * maxEntries

// held returns how many bytes are held in memory while the view is read.
func (t tensorRef) held() int64 {
	last, err := t.last()
	if n, err2 := count(t.shape); err != nil || err2 != nil || n == 0 || t.contiguous() {
		return 0
	}
	return min(last-int64(t.offset)+1, maxSpan) * t.storage.width
}

// stream reads the entries of the view, the last index varying fastest.
func (t tensorRef) stream(use func(io.Reader) error) error {
	n, err := count(t.shape)
	if err != nil || n > maxEntries {
		return fmt.Errorf("has shape %v, want at most %d entries", t.shape, maxEntries)
	}
	if n == 0 {
		return use(strings.NewReader(""))
	}
	last, err := t.last()
	if err != nil {
		return err
	}
	w, span := t.storage.width, last-int64(t.offset)+1
	if !t.contiguous() && span > maxSpan {
		return fmt.Errorf("is spread over %d numbers of its storage, want at most %d", span, maxSpan)
	}
	r, err := t.storage.section(int64(t.offset)*w, span*w)
	if err != nil {
		return err
	}
	if t.contiguous() {
		return use(r)
	}
	raw := make([]byte, span*w)
	if _, err := io.ReadFull(r, raw); err != nil {
		return errors.New("is truncated")
	}
	return use(&view{raw: raw, width: int(w), shape: t.shape, stride: t.stride, at: make([]int, len(t.shape)), left: n})
}

// contiguous reports whether the entries lie one after the other.
func (t tensorRef) contiguous() bool {
	next := 1
	for i := len(t.shape) - 1; i >= 0; i-- {
		if t.shape[i] != 1 && t.stride[i] != next {
			return false
		}
		next *= t.shape[i]
	}
	return true
}

// view reads the entries of a view from the bytes that it is spread over.
type view struct {
	raw           []byte
	width         int
	shape, stride []int
	at            []int // index of the next entry
	pos           int   // where it is
	left          int   // entries that are left
}

// Read reads whole entries.
func (v *view) Read(p []byte) (n int, err error) {
	for ; v.left > 0 && len(p)-n >= v.width; v.left-- {
		n += copy(p[n:], v.raw[v.pos*v.width:][:v.width])
		for axis := len(v.at) - 1; axis >= 0; axis-- {
			v.pos += v.stride[axis]
			if v.at[axis]++; v.at[axis] < v.shape[axis] {
				break
			}
			v.pos -= v.at[axis] * v.stride[axis]
			v.at[axis] = 0
		}
	}
	switch {
	case n > 0:
		return n, nil
	case v.left == 0:
		return 0, io.EOF
	}
	return 0, io.ErrShortBuffer
}
