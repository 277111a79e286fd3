package checkpoint

import "fmt"

// storage is a run of numbers of one type.
type storage struct {
	dtype string
	count int64 // numbers
	bytes func(at, n int64) ([]byte, error)
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

// cost returns how many bytes reading takes, 0 if it fails.
func (t tensorRef) cost() int64 {
	last, err1 := t.last()
	n, err2 := count(t.shape)
	if err1 != nil || err2 != nil || n > maxEntries {
		return 0
	}
	return max(last+1, int64(n)) * int64(elements[t.storage.dtype].width)
}

// read gathers the entries of the strided view.
func (t tensorRef) read() (*array, error) {
	e := elements[t.storage.dtype]
	if e.decode == nil {
		return nil, fmt.Errorf("has type %s, want F16, BF16, F32, F64 or an integer", t.storage.dtype)
	}
	n, err := count(t.shape)
	if err != nil || n > maxEntries {
		return nil, fmt.Errorf("has shape %v, want at most %d entries", t.shape, maxEntries)
	}
	if n == 0 {
		return &array{integer: e.integer}, nil
	}
	last, err := t.last()
	if err != nil {
		return nil, err
	}
	span := last - int64(t.offset) + 1
	if span > 4*maxEntries {
		return nil, fmt.Errorf("is spread over %d numbers of its storage, want at most %d", span, 4*maxEntries)
	}
	width := int64(e.width)
	raw, err := t.storage.bytes(int64(t.offset)*width, span*width)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, n*e.width)
	var walk func(axis, at int)
	walk = func(axis, at int) {
		if axis == len(t.shape) {
			out = append(out, raw[at:at+e.width]...)
			return
		}
		for i := range t.shape[axis] {
			walk(axis+1, at+i*t.stride[axis]*e.width)
		}
	}
	walk(0, 0)
	return decode(out, e)
}
