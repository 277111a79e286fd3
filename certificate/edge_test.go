package certificate_test

import (
	"bytes"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flowproof/certificate"
	"flowproof/certificate/encode"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/verify/engine"
	engines "flowproof/verify/product"
)

// Certificates at the edge of what some checker can do: with what all of them have
// to say, the reason of a refusal, or nothing.
var edge = map[string]certificate.Reason{
	"rank-without-index":      "",
	"place-beyond-32-bits":    certificate.ClaimFalse, // row * columns + column is 22,703 * 46,666 more than 2^31
	"beyond-the-engine":       "",                     // 2^131071
	"exp-of-1000":             "",
	"exp-beside-huge-numbers": "", // at 512 bits the enclosure is wider than 2e173
	"wide":                    certificate.ClaimFalse,
	"denominators-that-grow":  certificate.ClaimFalse,
}

func TestEdge(t *testing.T) {
	paths := must(filepath.Glob(golden + "/edge/*.cert"))
	if len(paths) != len(edge) {
		t.Fatalf("%d files, want %d", len(paths), len(edge))
	}
	files := map[string][]byte{}
	for _, path := range paths {
		name := filepath.Base(path)
		data := must(os.ReadFile(path))
		files[name] = data
		want, ok := edge[strings.TrimSuffix(name, ".cert")]
		if !ok {
			t.Errorf("%s: nothing is said about it", name)
		}
		for _, maker := range []engines.Maker{engine.New, nil} {
			_, err := certificate.Check(bytes.NewReader(data), certificate.DefaultLimits(), maker, nil)
			if want != "" {
				wantReason(t, err, want)
			} else if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	agree(t, files, certificate.DefaultLimits(), peers(t))
}

// What would have to be read twice is undecided if it cannot be, and the layers are
// given once if it can.
func TestReadTwice(t *testing.T) {
	for _, name := range []string{"beyond-the-engine", "exp-of-1000", "exp-beside-huge-numbers"} {
		data := must(os.ReadFile(golden + "/edge/" + name + ".cert"))
		_, err := certificate.Check(io.MultiReader(bytes.NewReader(data)), certificate.DefaultLimits(), engine.New, nil)
		if wantReason(t, err, certificate.Undecided); !strings.Contains(fmt.Sprint(err), "read twice") {
			t.Errorf("%s, from a pipe: %v", name, err)
		}
		given := 0
		r := bytes.NewReader(append([]byte("before"), data...))
		must(r.Seek(6, io.SeekStart))
		o, err := certificate.Check(r, certificate.DefaultLimits(), engine.New, func(coupling.Layer) { given++ })
		if err != nil || given != o.Layers {
			t.Errorf("%s: %v, and %d layers given", name, err, given)
		}
	}
}

// changing is a file that is another one when it is read again.
type changing struct {
	*bytes.Reader
	other []byte
}

func (r *changing) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekStart {
		r.Reader = bytes.NewReader(r.other)
	}
	return r.Reader.Seek(offset, whence)
}

// A file that changes between the two readings proves nothing about the layers that
// were given the first time.
func TestChangedFile(t *testing.T) {
	data := must(os.ReadFile(golden + "/edge/exp-of-1000.cert"))
	other := rehash(bytes.Replace(data, []byte("construction e"), []byte("construction f"), 1))
	if _, err := check(other); err != nil {
		t.Fatal(err)
	}
	_, err := certificate.Check(&changing{bytes.NewReader(data), other}, certificate.DefaultLimits(), engine.New, func(coupling.Layer) {})
	if wantReason(t, err, certificate.Undecided); !strings.Contains(fmt.Sprint(err), "changed") {
		t.Error(err)
	}
}

// Minors, exponentials and rows are paid for from the work that is allowed: with
// little of it, all this ends soon; and stops when it is told to.
func TestWorkIsCharged(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	const n = 48
	f := make([]float64, n*n)
	for k := range f {
		f[k] = float64(1 - 2*rng.IntN(2))
	}
	part := must(coupling.NewPartition(n, []int{0}))
	minors := &encode.Certificate{Construction: "-", Theorem: "-", Flow: must(coupling.NewFlow(part)), Target: must(exactmath.FromFloat64(n, n, f)), Claim: needs(5, part, strings.Repeat("0 ", n*n), "coefficient order 46", "coefficient order 46").Claim}
	exps := exact("-", flow(must(coupling.Half(400)), "L", func(int, int, int) *big.Rat { return new(big.Rat) }, func(_, rows int) coupling.Scale {
		s := make([]*big.Rat, rows)
		for i := range s {
			s[i] = big.NewRat(int64(i), 7)
		}
		return coupling.ExpScale(s)
	}))
	exps.Claim = certificate.Claim{Kind: certificate.ClaimResidual, Bound: new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 200))}
	for name, data := range map[string][]byte{
		"minors": write(t, minors), "exponentials": write(t, exps),
		"denominators": must(os.ReadFile(golden + "/edge/denominators-that-grow.cert")), "rows": must(os.ReadFile(golden + "/edge/wide.cert")),
	} {
		for _, maker := range []engines.Maker{engine.New, nil} {
			l := certificate.DefaultLimits()
			l.Work = 1 << 18
			_, err := certificate.Check(bytes.NewReader(data), l, maker, nil)
			t.Run(name+"/work", func(t *testing.T) { wantReason(t, err, certificate.Undecided) })
			l = certificate.DefaultLimits()
			done := make(chan struct{})
			time.AfterFunc(time.Millisecond, func() { close(done) })
			l.Done = done
			if _, err = certificate.Check(bytes.NewReader(data), l, maker, nil); err == nil || !strings.Contains(err.Error(), "undecided: ") {
				t.Errorf("%s, stopped: %v", name, err)
			}
		}
	}
}
