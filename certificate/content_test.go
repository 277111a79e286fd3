package certificate_test

import (
	"bytes"
	"io"
	"math/big"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"flowproof/certificate"
	"flowproof/certificate/encode"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/verify"
	"flowproof/verify/engine"
	"flowproof/verify/lowerbound"
)

// sample is a certificate to test with: valid, its claim true.
type sample struct {
	name string
	c    *encode.Certificate
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func rationals(texts ...string) []*big.Rat {
	out := make([]*big.Rat, len(texts))
	for k, s := range texts {
		v, ok := new(big.Rat).SetString(s)
		if !ok {
			panic(s)
		}
		out[k] = v
	}
	return out
}

// flow builds a flow of layers with the weights that entry gives, scales that
// scale gives.
func flow(part coupling.Partition, kinds string, entry func(layer, i, j int) *big.Rat, scale func(layer, rows int) coupling.Scale) *coupling.Flow {
	var layers []coupling.Layer
	for k, kind := range kinds {
		rows, cols, kk := part.Q(), part.P(), coupling.Lower
		if kind == 'U' {
			rows, cols, kk = cols, rows, coupling.Upper
		}
		var v []*big.Rat
		for i := range rows {
			for j := range cols {
				v = append(v, entry(k, i, j))
			}
		}
		w := must(dense.NewRational(rows, cols, v))
		layers = append(layers, must(coupling.NewLayer(part, kk, w, scale(k, rows))))
	}
	return must(coupling.NewFlow(part, layers...))
}

func ones(int, int) coupling.Scale { return coupling.Scale{} }

// product multiplies the full matrices of the layers, entry by entry: slow, and
// with nothing in common with the way the checker goes.
func product(f *coupling.Flow) exactmath.Matrix {
	part := f.Partition()
	n := part.Dim()
	p, dyadic := dense.IdentityDyadic(n), true
	var q *dense.Rational // once a layer is not dyadic
	for _, l := range f.Layers() {
		e := make([]*big.Rat, n*n)
		for k := range e {
			e[k] = new(big.Rat)
		}
		for i := range n {
			e[i*n+i].SetInt64(1)
		}
		dst, src := part.Second(), part.First()
		if l.Kind() == coupling.Upper {
			dst, src = src, dst
		}
		for i, d := range dst {
			if e[d*n+d] = l.Scale().At(i); l.Scale().Kind() == coupling.ScaleExp {
				e[d*n+d] = exp(e[d*n+d])
			}
			for j, s := range src {
				e[d*n+s] = l.Weight().At(i, j)
			}
		}
		m := must(dense.NewRational(n, n, e))
		if d, ok := dense.ToDyadic(m); ok && dyadic {
			p = must(p.Mul(d))
			continue
		}
		if dyadic {
			q, dyadic = dense.ToRational(p), false
		}
		q = must(q.Mul(m))
	}
	if dyadic {
		return p
	}
	return q
}

// exp returns e^s to within 2^-200 for small s, by its series.
func exp(s *big.Rat) *big.Rat {
	sum, term := big.NewRat(1, 1), big.NewRat(1, 1)
	for k := int64(1); k < 60; k++ {
		sum.Add(sum, term.Mul(term, new(big.Rat).Quo(s, big.NewRat(k, 1))))
	}
	m := new(big.Int).Lsh(sum.Num(), 220)
	return new(big.Rat).SetFrac(m.Quo(m, sum.Denom()), new(big.Int).Lsh(big.NewInt(1), 220))
}

// residual returns the largest |entry| of target - product.
func residual(c *encode.Certificate) *big.Rat {
	return dense.MaxAbs(must(dense.ToRational(c.Target).Sub(dense.ToRational(product(c.Flow)))))
}

// needs claims a lower bound of the depth, for the reasons given, worded as in a
// file but for large numbers: those about flows that begin with L first.
func needs(depth int, part coupling.Partition, target, l, u string) *encode.Certificate {
	n := part.Dim()
	return &encode.Certificate{Construction: "lower bound", Theorem: "none, it is a test", Flow: must(coupling.NewFlow(part)),
		Target: must(dense.NewRational(n, n, rationals(strings.Fields(target)...))),
		Claim:  certificate.Claim{Kind: certificate.ClaimDepth, Lower: lowerbound.Certificate{Depth: depth, Reasons: [2]lowerbound.Reason{because(l), because(u)}}}}
}

func because(text string) lowerbound.Reason {
	words := strings.Fields(text)
	r := lowerbound.Reason{Rule: lowerbound.Rule(words[0])}
	for _, w := range words[1:] {
		if strings.Trim(w, "-0123456789/") != "" {
			r.Fields = append(r.Fields, lowerbound.Field{Name: w})
			continue
		}
		f := &r.Fields[len(r.Fields)-1]
		f.Values = append(f.Values, rationals(w)...)
	}
	return r
}

func exact(construction string, f *coupling.Flow) *encode.Certificate {
	return &encode.Certificate{Construction: construction, Theorem: "none, it is a test", Flow: f,
		Target: product(f), Claim: certificate.Claim{Kind: certificate.ClaimExact}}
}

// nearly is exact with the target rounded to float64, and the residual claimed.
func nearly(construction string, f *coupling.Flow) *encode.Certificate {
	c := exact(construction, f)
	n := f.Partition().Dim()
	c.Target = must(exactmath.FromFloat64(n, n, product(f).Float64s()))
	c.Claim = certificate.Claim{Kind: certificate.ClaimResidual, Bound: residual(c)}
	return c
}

// samples has every encoding, kind of scale, partition and claim.
var samples = sync.OnceValue(makeSamples)

func makeSamples() []sample {
	rng := rand.New(rand.NewPCG(1, 2))
	half := func(n int) coupling.Partition { return must(coupling.Half(n)) }
	integers := func(_, _, _ int) *big.Rat { return big.NewRat(rng.Int64N(7)-3, 1) }
	normal := func(_, _, _ int) *big.Rat { return new(big.Rat).SetFloat64(rng.NormFloat64() / 4) }
	thirds := func(_, _, _ int) *big.Rat { return big.NewRat(rng.Int64N(19)-9, 1+rng.Int64N(6)) }
	rare := func(_, i, j int) *big.Rat {
		if i == j {
			return big.NewRat(1, 2)
		}
		return new(big.Rat)
	}
	turn := func(k, _, _ int) *big.Rat { return big.NewRat([]int64{-1, 1, -1}[k], 1) }
	huge := func(k, i, j int) *big.Rat {
		v := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(int64(1+i+2*j)), 200))
		if k == 1 {
			v.SetFrac(big.NewInt(3), new(big.Int).Exp(big.NewInt(10), big.NewInt(30), nil))
		}
		return v
	}
	seed := uint64(18446744073709551615)

	quarter := exact("by hand", flow(half(2), "ULU", turn, ones))
	loose := *quarter
	loose.Claim = certificate.Claim{Kind: certificate.ClaimResidual, Bound: big.NewRat(1, 1000)}
	scaled := exact("scales", flow(half(3), "LU", thirds, func(k, rows int) coupling.Scale {
		return must(coupling.ExactScale(rationals("3/2", "0x1p-70", "2/3", "5")[k : k+rows]))
	}))
	scaled.Seed = &seed
	return []sample{
		{"quarter turn", quarter},
		{"loose bound", &loose},
		{"no layers", exact("nothing", must(coupling.NewFlow(half(2))))},
		{"scales", scaled},
		{"identity layers", exact("U I U L L I", flow(half(3), "ULULLU", func(k, i, j int) *big.Rat {
			if k == 1 || k == 5 {
				return new(big.Rat)
			}
			return big.NewRat(int64(k+i+j+1), 1)
		}, ones))},
		{"checkerboard", exact("ints", flow(must(coupling.Checkerboard(5)), "LUL", integers, ones))},
		{"list", exact("ints", flow(must(coupling.NewPartition(5, []int{4, 0})), "UL", integers, ones))},
		{"uneven", exact("ints", flow(must(coupling.NewPartition(6, []int{3})), "ULUL", integers, ones))},
		{"huge", exact("big numbers", flow(half(4), "LUL", huge, ones))},
		{"rational", exact("fractions", flow(half(18), "LU", thirds, ones))},
		{"sparse", exact("few entries", flow(half(24), "LUL", rare, ones))},
		{"float64", nearly("reals", flow(half(18), "LULU", normal, ones))},
		{"near", nearly("reals", flow(half(66), "LUL", normal, ones))},
		{"near, exact", exact("ints", flow(half(65), "UL", integers, ones))},
		{"float64, not near", far(nearly("reals", flow(half(66), "LU", rare, ones)), rng)},
		{"near with escapes", escapes(nearly("reals", flow(half(66), "UL", normal, ones)))},
		{"exp", enclosed(nearly("reals", flow(half(5), "LUL", thirds, logScale)))},
		{"exp, large", enclosed(nearly("reals", flow(half(66), "UL", rare, logScale)))},
		{"shape", needs(3, half(2), "0 -1 1 0", "shape", "shape")},
		{"kernel", needs(4, half(2), "-1 0 0 -1", "kernel index 0 vector 1", "kernel first index 0 vector 2/3 vector 1")},
		{"signs", needs(4, half(3), "-1 0 1 0 0 -1 1 -1 -1", "signs rows 0 cols 0", "signs rows 0 cols 0")},
		{"cycle of signs", needs(4, half(4), "-1 -1 -1 0 -1 -1 1 -1 1 1 1 -1 0 1 1 0", "signs rows 0 1 cols 0 1", "signs rows 0 1 cols 0 1")},
		{"coefficient", needs(6, half(3), "1 0 0 0 -1 0 0 0 -1", "coefficient order 1", "coefficient order 1")},
		{"inertia", needs(6, half(5), "0 -1 0 0 0 1 0 0 0 0 0 0 1 0 0 0 0 0 1 0 0 0 0 0 1",
			"inertia e 0 1 weights 1 1 al 0 1 2 weights 1 2 1/2", "inertia e 2 weights 3 e 0 weights 1 e 1 weights 1 al 0 1 weights -1 -1")},
		{"rank", needs(4, must(coupling.NewPartition(4, []int{0})), "1 0 0 0 0 -1 0 0 0 0 -1 0 0 0 0 1",
			"rank first index 0", "rank index 0 1 weights 1 5")},
		{"rank off the diagonal", needs(5, must(coupling.NewPartition(5, []int{0})), "1 1 0 0 0 1 0 2 1 1 0 1 1 2 1 0 1 1 1 3 0 1 -1 2 -1",
			"rank first rows 0 3 cols 1 2", "rank rows 0 3 cols 1 2")},
	}
}

func logScale(k, rows int) coupling.Scale {
	var s []*big.Rat
	for i := range rows {
		s = append(s, big.NewRat(int64(i-k), int64(3+k)))
	}
	for i := range s {
		s[i].Mul(s[i], big.NewRat(1, int64(rows)))
	}
	return coupling.ExpScale(s)
}

// enclosed leaves room for the error of the enclosure.
func enclosed(c *encode.Certificate) *encode.Certificate {
	c.Claim = encode.ClaimFrom(&verify.Result{Verdict: verify.Enclosed, ResidualMax: c.Claim.Bound})
	return c
}

// far replaces the target by one that has nothing to do with the product.
func far(c *encode.Certificate, rng *rand.Rand) *encode.Certificate {
	f := c.Target.Float64s()
	for k := range f {
		f[k] = rng.NormFloat64()
	}
	return retarget(c, f)
}

// escapes changes a few entries of the target beyond recognition.
func escapes(c *encode.Certificate) *encode.Certificate {
	f := c.Target.Float64s()
	f[3], f[5], f[700], f[4000] = 0, -1e300, 5e-324, -f[4000]
	return retarget(c, f)
}

func retarget(c *encode.Certificate, f []float64) *encode.Certificate {
	n := c.Flow.Partition().Dim()
	c.Target = must(exactmath.FromFloat64(n, n, f))
	c.Claim = certificate.Claim{Kind: certificate.ClaimResidual, Bound: residual(c)}
	return c
}

func write(t testing.TB, c *encode.Certificate) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode.Write(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func check(data []byte) (*certificate.Outcome, error) {
	return certificate.Check(bytes.NewReader(data), certificate.DefaultLimits(), engine.New, nil)
}

// content checks a certificate and returns what is in it.
func content(r io.Reader, limits certificate.Limits) (*encode.Certificate, *certificate.Outcome, error) {
	var layers []coupling.Layer
	o, err := certificate.Check(r, limits, engine.New, func(l coupling.Layer) { layers = append(layers, l) })
	if err != nil {
		return nil, nil, err
	}
	return &encode.Certificate{Construction: o.Construction, Theorem: o.Theorem, Seed: o.Seed, Claim: o.Claim,
		Flow: must(coupling.NewFlow(o.Partition, layers...)), Target: o.Target}, o, nil
}

// denseFlow returns six layers of random float64s.
func denseFlow(n int) *coupling.Flow {
	rng := rand.New(rand.NewPCG(3, 4))
	part := must(coupling.Half(n))
	var layers []coupling.Layer
	for k := range 6 {
		w := make([]float64, part.P()*part.Q())
		for i := range w {
			w[i] = rng.NormFloat64() / 20
		}
		kind := coupling.Kind(k % 2)
		rows, cols := part.WeightDims(kind)
		layers = append(layers, must(coupling.NewLayer(part, kind, must(exactmath.FromFloat64(rows, cols, w)), coupling.Scale{})))
	}
	return must(coupling.NewFlow(part, layers...))
}
