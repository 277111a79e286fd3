package permutation

import (
	"flowproof/exactmath/sparse"
)

// An eigenvector of J1 or J2 on a path is v_i - v_{i+1} or v_i + v_{i+1} where
// it exchanges these two, and v_i where it fixes v_i up to sign: an arc or a
// loop. y2 and y3 pair the eigenvectors of J1 with those of J2, eigenvalue by
// eigenvalue. PROOFS.md, lemma 4.4 and the choice after it.

// eigen is an arc from vertex i to i+1 of the path, or the loop at i.
type eigen struct {
	path   *path
	i      int
	loop   bool
	of2    bool    // of J2, not J1
	second float64 // coefficient of v_{i+1}: -1 or 1, 0 for a loop
}

func (u eigen) norm2() float64 {
	if u.loop {
		return 1
	}
	return 2
}

// each visits the entries of the eigenvector.
func (u eigen) each(visit func(point int, v float64)) {
	visit(u.path.point[u.i], u.path.sign[u.i])
	if !u.loop {
		visit(u.path.point[u.i+1], u.second*u.path.sign[u.i+1])
	}
}

// eigenvectors lists the eigenvectors for the eigenvalue value (1 or -1) of J1
// and J2 in turn along the path.
func (p *path) eigenvectors(value float64) (out []eigen) {
	if p.start == value {
		out = append(out, eigen{p, 0, true, p.from2, 0})
	}
	k := len(p.point)
	for i := 0; i < k-1; i++ {
		out = append(out, eigen{p, i, false, p.by2(i), value})
	}
	if p.end == value {
		out = append(out, eigen{p, k - 1, true, p.by2(k - 1), 0})
	}
	return out
}

// pairing adds pairs of eigenvectors to y2 and y3.
type pairing struct {
	*involutory
	last    int // the point that y3 must not reach, or -1
	integer bool
}

// minus pairs two eigenvectors for -1: y2 -= c2 sign a b^T, y3 += c3 sign b a^T,
// a of J1, b of J2, with c2 c3 |a|^2 |b|^2 = 2.
func (w pairing) minus(u, v eigen, sign float64) {
	a, b := byKind(u, v)
	c3 := 1.0
	if a.norm2()*b.norm2() == 4 {
		c3 = 0.5
	}
	c2 := 2 / (a.norm2() * b.norm2() * c3)
	addOuter(&w.y2, a, b, -sign*c2)
	addOuter(&w.y3, b, a, sign*c3)
}

// plus pairs two eigenvectors for 1: y3 += c3 sign b a^T.
func (w pairing) plus(u, v eigen, sign float64) {
	a, b := byKind(u, v)
	if b.loop && b.path.point[b.i] == w.last {
		return
	}
	c3 := 1.0
	if a.norm2()*b.norm2() > 1 {
		c3 = 0.5
	}
	addOuter(&w.y3, b, a, sign*c3)
}

func byKind(u, v eigen) (ofJ1, ofJ2 eigen) {
	if u.of2 {
		return v, u
	}
	return u, v
}

func addOuter(y *[]sparse.Entry, u, v eigen, c float64) {
	u.each(func(i int, x float64) {
		v.each(func(j int, z float64) { *y = append(*y, sparse.Entry{Row: i, Col: j, Value: c * x * z}) })
	})
}

// alone pairs the neighbours on one path: those for -1 share the odd vertices,
// those for 1 the even ones.
func (w pairing) alone(p path) {
	w.neighbours(p.eigenvectors(-1), -1)
	w.neighbours(p.eigenvectors(1), 1)
}

// neighbours pairs the first with the second, the third with the fourth, with
// the sign that makes their inner product positive.
func (w pairing) neighbours(u []eigen, value float64) {
	for i := 0; i+1 < len(u); i += 2 {
		w.pair(u[i], u[i+1], value, value)
	}
}

// across pairs the eigenvectors on two paths, x from J2 and z from J1: as far as
// the shorter path goes, y3 turns v_i of x into v_i of z, and that into minus v_i
// of x. What is left of the longer one is paired along itself.
func (w pairing) across(x, z path) {
	short, long := &x, &z
	if len(x.point) > len(z.point) {
		short, long = long, short
	}
	arcs := len(short.point) - 1
	for _, value := range []float64{-1, 1} {
		u, v := short.eigenvectors(value), long.eigenvectors(value)
		ahead := arcs
		if short.start == value {
			ahead++ // the loops at the start
		}
		tail := append(u[ahead:len(u):len(u)], v[ahead:]...)
		if len(u) > ahead {
			ahead++
			u, v, tail = append(u[:ahead-1:ahead-1], tail[0]), append(v[:ahead-1:ahead-1], tail[1]), tail[2:]
		}
		for i := range ahead {
			sign := 1.0
			if a, _ := byKind(u[i], v[i]); a.path == &z {
				sign = -1
			}
			w.pair(u[i], v[i], value, sign)
		}
		w.neighbours(tail, value)
	}
}

// pair pairs two eigenvectors for the given eigenvalue. Half of an outer product
// of arcs is no integer matrix, but the sum of one for -1 and one for 1 is.
func (w pairing) pair(u, v eigen, value, sign float64) {
	switch {
	case value < 0:
		w.minus(u, v, sign)
		if w.integer && !u.loop && !v.loop {
			u.second, v.second = 1, 1
			if u.path == v.path {
				sign = 1
			}
			w.plus(u, v, sign)
		}
	case !w.integer:
		w.plus(u, v, sign)
	}
}
