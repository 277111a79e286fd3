package continuation

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/floatblas"
)

var nFlag = flag.Int("n", 64, "")
var seedFlag = flag.Int("seed", 1, "")
var stepFlag = flag.Float64("step", 0.5, "")
var polishFlag = flag.Int("polish", 10, "")
var powFlag = flag.Float64("pow", 0, "")

func norm(x []float64) float64 { return blas64.Nrm2(blas64.Vector{N: len(x), Inc: 1, Data: x}) }
func dotp(x, y []float64) float64 {
	return blas64.Dot(blas64.Vector{N: len(x), Inc: 1, Data: x}, blas64.Vector{N: len(y), Inc: 1, Data: y})
}

func specNorm(m blas64.General) float64 {
	// power iteration
	v := make([]float64, m.Cols)
	for i := range v {
		v[i] = 1 + 0.1*float64(i%7)
	}
	u := make([]float64, m.Rows)
	s := 0.0
	for range 60 {
		blas64.Gemv(no, 1, m, blas64.Vector{N: m.Cols, Inc: 1, Data: v}, 0, blas64.Vector{N: m.Rows, Inc: 1, Data: u})
		blas64.Gemv(tr, 1, m, blas64.Vector{N: m.Rows, Inc: 1, Data: u}, 0, blas64.Vector{N: m.Cols, Inc: 1, Data: v})
		s = math.Sqrt(norm(v))
		nv := norm(v)
		for i := range v {
			v[i] /= nv
		}
	}
	return s
}

var evalFlag = flag.Int("evals", 0, "")

func kappa(x float64) float64 { y := (x + math.Sqrt(x*x+4)) / 2; return y * y }

func TestProto(t *testing.T) {
	floatblas.Use()
	n := *nFlag
	rng := rand.New(rand.NewPCG(uint64(*seedFlag), 77))
	m := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			m.Set(i, j, rng.NormFloat64())
		}
	}
	ld, sign := mat.LogDet(m)
	if sign < 0 {
		for j := range n {
			m.Set(0, j, -m.At(0, j))
		}
	}
	m.Scale(math.Exp(-ld/float64(n)), m)
	start := time.Now()
	var svd mat.SVD
	svd.Factorize(m, mat.SVDFull)
	s := svd.Values(nil)
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	lam := func() float64 {
		a, b := 0.0, 0.0
		for _, x := range s {
			a += max(math.Log(x), 0)
			b += max(-math.Log(x), 0)
		}
		q := float64(n - n/2)
		return max(s[0], math.Exp(a/q)) * max(1/s[n-1], math.Exp(b/q))
	}()
	fmt.Printf("n %d cond %.4g lambda %.4g svd %v; goal largest %.3g\n", n, s[0]/s[n-1], lam, time.Since(start), 3+0.4*math.Sqrt(s[0]/s[n-1]))
	target := func(tau float64) blas64.General {
		us := mat.DenseCopyOf(&u)
		us.Apply(func(_, j int, x float64) float64 { return x * math.Pow(s[j], tau) }, us)
		var z mat.Dense
		z.Mul(us, v.T())
		return z.RawMatrix()
	}
	o := target(0)
	em, _ := exactmath.FromFloat64(n, n, o.Data)
	part, _ := coupling.Half(n)
	fl, err := constructions.Orthogonal(em, part)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("orthogonal: depth %d, %v\n", fl.Depth(), time.Since(start))
	f := &point{p: n / 2, q: n - n/2, first: 1}
	for _, l := range fl.Layers() {
		r, c := l.Weight().Dims()
		f.x = append(f.x, clone(blas64.General{Rows: r, Cols: c, Stride: c, Data: l.Weight().Float64s()}))
	}
	y := zeros(n, n)
	total := 0
	report := func(tau float64, res float64, its int) {
		prod := 1.0
		out := ""
		top := 0.0
		for i := range f.x {
			k := kappa(specNorm(f.x[i]))
			top = max(top, k)
			prod *= k
			out += fmt.Sprintf(" %.2f", k)
		}
		fmt.Printf("tau %.3f res %.2e its %d total %d top %.3f prod/lam %.4g [%s] %v\n", tau, res, its, total, top, prod/lam, out, time.Since(start).Round(time.Millisecond))
	}
	step := func(tau, alpha float64, cgtol float64, limit int) (res float64, its int) {
		tg := newTangent(f)
		c := tg.seen(target(tau))
		for i := range n {
			c.Data[i*n+i]--
		}
		res = norm(c.Data)
		winv := metric(f)
		inv := func(g []blas64.General) {
			for i := range g {
				if winv[i].Rows == 0 {
					continue
				}
				w := clone(g[i])
				gemm(no, no, 1, w, winv[i], 0, g[i])
			}
		}
		rhs := zeros(n, n)
		tg.apply(f.x, rhs)
		for i := range rhs.Data {
			rhs.Data[i] *= alpha
		}
		add(rhs, c, 1)
		g := make([]blas64.General, len(f.x))
		for i := range g {
			g[i] = zeros(f.x[i].Rows, f.x[i].Cols)
		}
		kk := zeros(n, n)
		op := func(y blas64.General) {
			tg.adjoint(y, g)
			inv(g)
			tg.apply(g, kk)
		}
		op(y)
		r := clone(rhs)
		add(r, kk, -1)
		// project trace
		untrace := func(r blas64.General) {
			tr := 0.0
			for i := range n {
				tr += r.Data[i*n+i]
			}
			for i := range n {
				r.Data[i*n+i] -= tr / float64(n)
			}
		}
		untrace(r)
		pre := preconditioner(tg, winv)
		z := pre(r)
		d := clone(z)
		rz := dotp(r.Data, z.Data)
		rr := dotp(r.Data, r.Data)
		for its < limit && math.Sqrt(rr) > cgtol {
			op(d)
			a := rz / dotp(d.Data, kk.Data)
			add(y, d, a)
			add(r, kk, -a)
			z = pre(r)
			untrace(z)
			nx := dotp(r.Data, z.Data)
			rr = dotp(r.Data, r.Data)
			b := nx / rz
			rz = nx
			for i := range d.Data {
				d.Data[i] = z.Data[i] + b*d.Data[i]
			}
			its++
		}
		tg.adjoint(y, g)
		inv(g)
		top, sz := 0.0, 0.0
		for i := range g {
			add(g[i], f.x[i], -alpha)
			top = max(top, norm(g[i].Data))
			sz = max(sz, norm(f.x[i].Data))
		}
		al := min(1, 0.5*math.Sqrt(float64(n))/top)
		for i := range g {
			add(f.x[i], g[i], al)
		}
		fmt.Printf("   rel step %.3g alpha %.2g cg %d left %.2g\n", top/sz, al, its, math.Sqrt(rr))
		total += its
		return res, its
	}
	report(0, 0, 0)
	for range 5 {
		res, its := step(0, 1, 0.01*math.Sqrt(float64(n)), 200)
		report(0, res, its)
	}
	big := max(math.Log(s[0]), -math.Log(s[n-1]))
	steps := int(math.Ceil(big / *stepFlag))
	for k := 1; k <= steps; k++ {
		tau := float64(k) / float64(steps)
		res, its := step(tau, 1, 0.01*math.Sqrt(float64(n)), 200)
		report(tau, res, its)
	}
	polishing = true
	al := *alphaFlag
	for range *polishFlag {
		res, its := step(1, al, 0.01*math.Sqrt(float64(n)), 400)
		rel := res / math.Sqrt(float64(n))
		switch {
		case rel > *hiFlag:
			al /= 2
		case rel < *hiFlag/3:
			al = min(1, al*1.4)
		}
		fmt.Print(al, " ")
		report(1, res, its)
	}
	if *evalFlag > 0 {
		var ls []coupling.Layer
		for i := range f.x {
			w, _ := exactmath.FromFloat64(f.x[i].Rows, f.x[i].Cols, f.x[i].Data)
			k := coupling.Lower
			if i%2 == 1 {
				k = coupling.Upper
			}
			l, err := coupling.NewLayer(part, k, w, coupling.Scale{})
			if err != nil {
				t.Fatal(err)
			}
			ls = append(ls, l)
		}
		g, _ := coupling.NewFlow(part, ls...)
		em, _ := exactmath.FromFloat64(n, n, m.RawMatrix().Data)
		t0 := time.Now()
		_, rep, err := constructions.Polish(g, em, part, constructions.PolishOptions{Starts: -1, MaxEval: *evalFlag})
		fmt.Println(rep.Max, rep.Product/lam, rep.Conditions, rep.Evals, err, time.Since(t0))
	}
	for range 3 {
		res, its := step(1, *alphaFlag, 1e-6*math.Sqrt(float64(n)), 400)
		report(1, res, its)
	}
}

var preFlag = flag.Int("pre", 1, "")

// grams returns L_i L_i^T and R_i^T R_i for all i.
func grams(t *tangent, winv []blas64.General) (l, r []blas64.General) {
	n := t.n()
	l, r = make([]blas64.General, len(t.x)), make([]blas64.General, len(t.x))
	for _, h := range t.h {
		// inner to outer: accumulate S^-1 and S.
		s, si := zeros(n, n), zeros(n, n)
		for i := range n {
			s.Data[i*n+i], si.Data[i*n+i] = 1, 1
		}
		for j := len(h.order) - 1; j >= 0; j-- {
			i := h.order[j]
			li, ri := t.cols(si, t.dst(i)), t.rows(s, 1-t.dst(i))
			l[i], r[i] = zeros(n, n), zeros(n, n)
			gemm(no, tr, 1, li, li, 0, l[i])
			if winv[i].Rows == 0 {
				gemm(tr, no, 1, ri, ri, 0, r[i])
			} else {
				z := zeros(ri.Rows, n)
				gemm(no, no, 1, winv[i], ri, 0, z)
				gemm(tr, no, 1, ri, z, 0, r[i])
			}
			// V -> E^-sign V E^sign: L = S^-1, S <- E^sign S
			t.left(i, h.sign, s)
			t.right(i, -h.sign, si)
		}
	}
	return l, r
}

var alphaFlag = flag.Float64("alpha", 0.5, "")
var betaFlag = flag.Float64("beta", 1.3, "")

func metric(f *point) []blas64.General {
	w := make([]blas64.General, len(f.x))
	if *betaFlag == 0 || !polishing {
		if *wFlag != 1 {
			for i, x := range f.x {
				w[i] = zeros(x.Cols, x.Cols)
				v := 1.0
				if i == 0 || i == len(f.x)-1 {
					v = *wFlag
				}
				if i == 1 || i == len(f.x)-2 {
					v = *w2Flag
				}
				for j := range x.Cols {
					w[i].Data[j*x.Cols+j] = v
				}
			}
		}
		return w
	}
	top := 0.0
	for i := range f.x {
		top = max(top, specNorm(f.x[i]))
	}
	for i, x := range f.x {
		w[i] = zeros(x.Cols, x.Cols)
		if *powFlag == 0 {
			gemm(tr, no, -1/(*betaFlag*top*top), x, x, 0, w[i])
			for j := range x.Cols {
				w[i].Data[j*x.Cols+j]++
			}
			continue
		}
		sym := mat.NewSymDense(x.Cols, w[i].Data)
		gemm(tr, no, *betaFlag/(top*top), x, x, 0, w[i])
		for j := range x.Cols {
			w[i].Data[j*x.Cols+j]++
		}
		var c mat.Cholesky
		c.Factorize(sym)
		var inv mat.SymDense
		c.InverseTo(&inv)
		w[i] = mat.DenseCopyOf(&inv).RawMatrix()
		for k := 1.0; k < *powFlag; k++ {
			z := clone(w[i])
			gemm(no, no, 1, z, z, 0, w[i])
		}
	}
	for i := range w {
		v := 1.0
		if i == 0 || i == len(f.x)-1 {
			v = *wFlag
		}
		if i == 1 || i == len(f.x)-2 {
			v = *w2Flag
		}
		for j := range w[i].Data {
			w[i].Data[j] *= v
		}
	}
	return w
}

func preconditioner(t *tangent, winv []blas64.General) func(blas64.General) blas64.General {
	if *preFlag == 0 {
		return func(r blas64.General) blas64.General { return clone(r) }
	}
	n := t.n()
	l, r := grams(t, winv)
	trace := func(m blas64.General) (s float64) {
		for i := range n {
			s += m.Data[i*n+i]
		}
		return
	}
	p, q := zeros(n, n), zeros(n, n)
	sum := 0.0
	for i := range l {
		tl, tr := trace(l[i]), trace(r[i])
		add(p, l[i], tr)
		add(q, r[i], tl)
		sum += tl * tr
	}
	invert := func(m blas64.General) blas64.General {
		var c mat.Cholesky
		sym := mat.NewSymDense(n, m.Data)
		if !c.Factorize(sym) {
			panic("chol")
		}
		var inv mat.SymDense
		c.InverseTo(&inv)
		d := mat.DenseCopyOf(&inv)
		return d.RawMatrix()
	}
	pi, qi := invert(p), invert(q)
	w := zeros(n, n)
	z := zeros(n, n)
	return func(r blas64.General) blas64.General {
		gemm(no, no, sum, pi, r, 0, w)
		gemm(no, no, 1, w, qi, 0, z)
		return z
	}
}

var polishing bool
var hiFlag = flag.Float64("hi", 0.1, "")

var wFlag = flag.Float64("w", 1, "")
var w2Flag = flag.Float64("w2", 1, "")
