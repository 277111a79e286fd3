package universal

import "flowproof/transport"

// tensor is an array of weights, the last axis running fastest.
type tensor struct {
	shape []int
	data  []float64
}

func size(shape []int) int {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return n
}

// marginal returns the sums along all axes but the given one.
func (t tensor) marginal(axis int) []float64 {
	inner := size(t.shape[axis+1:])
	out := make([]float64, t.shape[axis])
	for k, v := range t.data {
		out[k/inner%t.shape[axis]] += v
	}
	return out
}

// within returns the weights along axis 0 inside the box of the axes that follow it;
// those after these are free.
func (t tensor) within(refine []int, box []transport.Span) []float64 {
	out := make([]float64, t.shape[0])
	inner := size(t.shape[1:])
	for i := range out {
		rest := tensor{t.shape[1:], t.data[i*inner : (i+1)*inner]}
		for axis := range box {
			f, _ := fractions(rest.shape[0], refine[axis], box[axis])
			rest = rest.slab(f)
		}
		out[i] = total(rest.data)
	}
	return out
}

// slab returns the sums over axis 0 of the slices times f.
func (t tensor) slab(f []float64) tensor {
	inner := size(t.shape[1:])
	out := tensor{t.shape[1:], make([]float64, inner)}
	for i, w := range f {
		if w == 0 {
			continue
		}
		for k, v := range t.data[i*inner : (i+1)*inner] {
			out.data[k] += w * v
		}
	}
	return out
}

// fractions returns which part of each grid cell along an axis of n cells lies in
// the span, and the middle of that part, in parts of the grid refined r times.
func fractions(n, r int, s transport.Span) (f, middle []float64) {
	f, middle = make([]float64, n), make([]float64, n)
	for i := s.From / r; i*r < s.To; i++ {
		a, b := max(s.From, i*r), min(s.To, (i+1)*r)
		f[i], middle[i] = float64(b-a)/float64(r), float64(a+b)/2
	}
	return f, middle
}

// nested cuts the first k axes of t into boxes: axis 0 into strips, each strip
// along axis 1, and so on, every cut with a mean variance of at most v[axis] (in
// parts^2 of that axis). Neighbouring strips are run through in opposite
// directions, so that consecutive boxes touch. Boxes without mass are left out.
func nested(t tensor, refine []int, k int, v []float64, first *strips) [][]transport.Span {
	if k == 0 {
		return [][]transport.Span{nil}
	}
	s := first
	if s == nil {
		s = newStrips(t.marginal(0), refine[0])
	}
	var out [][]transport.Span
	turn := false
	for _, span := range s.cut(v[0]) {
		f, _ := fractions(t.shape[0], refine[0], span)
		rest := t.slab(f)
		if total(rest.data) <= 0 {
			continue
		}
		boxes := nested(rest, refine[1:], k-1, v[1:], nil)
		for i := range boxes {
			b := boxes[i]
			if turn {
				b = boxes[len(boxes)-1-i]
			}
			out = append(out, append([]transport.Span{span}, b...))
		}
		turn = !turn
	}
	return out
}

func total(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum
}
