package encode_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"

	"flowproof/certificate"
	"flowproof/certificate/encode"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/verify"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func identity(n int) exactmath.Matrix {
	f := make([]float64, n*n)
	for i := range n {
		f[i*n+i] = 1
	}
	return must(exactmath.FromFloat64(n, n, f))
}

// nothing is a certificate of no layers.
func nothing() *encode.Certificate {
	return &encode.Certificate{Construction: "nothing", Theorem: "none", Claim: certificate.Claim{Kind: certificate.ClaimExact},
		Flow: must(coupling.NewFlow(must(coupling.Half(2)))), Target: identity(2)}
}

// scaled is a flow of one layer of scale exp(s).
func scaled(s int64) *coupling.Flow {
	part := must(coupling.Half(2))
	l := must(coupling.NewLayer(part, coupling.Lower, identity(1), coupling.ExpScale([]*big.Rat{big.NewRat(s, 1)})))
	return must(coupling.NewFlow(part, l))
}

// The bytes are those that the specification asks for, worked out by hand.
func TestWrite(t *testing.T) {
	var b bytes.Buffer
	if err := encode.Write(&b, nothing()); err != nil {
		t.Fatal(err)
	}
	target := "text\n1 0\n0 1\n"
	body := fmt.Sprintf("flowproof certificate 1\nconstruction nothing\ntheorem none\nseed none\nclaim exact\ndimension 2\npartition half\nlayers 0\ntarget-sha256 %x\ntarget %s",
		sha256.Sum256([]byte("2 2 "+target)), target)
	if want := fmt.Sprintf("%ssha256 %x\n", body, sha256.Sum256([]byte(body))); b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &b, want)
	}
}

func TestWriteRefuses(t *testing.T) {
	for name, spoil := range map[string]func(c *encode.Certificate){
		"line feed":   func(c *encode.Certificate) { c.Theorem = "a\nclaim exact" },
		"empty":       func(c *encode.Certificate) { c.Construction = "" },
		"long":        func(c *encode.Certificate) { c.Construction = strings.Repeat("x", 201) },
		"not ASCII":   func(c *encode.Certificate) { c.Theorem = "Satz über Flüsse" },
		"no claim":    func(c *encode.Certificate) { c.Claim = certificate.Claim{} },
		"no bound":    func(c *encode.Certificate) { c.Claim.Kind = certificate.ClaimResidual },
		"zero bound":  func(c *encode.Certificate) { c.Claim = certificate.Claim{Kind: "residual", Bound: new(big.Rat)} },
		"exact bound": func(c *encode.Certificate) { c.Claim.Bound = big.NewRat(1, 2) },
		"depth 0":     func(c *encode.Certificate) { c.Claim.Kind = certificate.ClaimDepth },
		"depth of a flow": func(c *encode.Certificate) {
			c.Claim.Kind, c.Claim.Lower.Depth, c.Flow = certificate.ClaimDepth, 3, scaled(1)
		},
		"target 3x3": func(c *encode.Certificate) { c.Target = identity(3) },
		"exp(1001)":  func(c *encode.Certificate) { c.Flow = scaled(1001) },
		"exp(-1001)": func(c *encode.Certificate) { c.Flow = scaled(-1001) },
	} {
		c := nothing()
		spoil(c)
		if err := encode.Write(io.Discard, c); err == nil {
			t.Errorf("%s: written", name)
		}
	}
	c := nothing()
	if c.Flow = scaled(-1000); encode.Write(io.Discard, c) != nil {
		t.Error("exp(-1000) is not written")
	}
	if err := encode.Write(failing{}, c); !errors.Is(err, errDisk) {
		t.Errorf("got %v, want %v", err, errDisk)
	}
}

var errDisk = errors.New("disk full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errDisk }

// The claim that a result bears out is true, short, and not much weaker.
func TestClaimFrom(t *testing.T) {
	r := &verify.Result{Verdict: verify.Exact}
	if c := encode.ClaimFrom(r); fmt.Sprint(c) != "exact" {
		t.Errorf("got %v", c)
	}
	for _, s := range []string{"1/3", "1", "0x1.000000000001p-1500", "0x1p5000", "12345678901/3"} {
		x, _ := new(big.Rat).SetString(s)
		for _, v := range []verify.Verdict{verify.Residual, verify.Enclosed} {
			c := encode.ClaimFrom(&verify.Result{Verdict: v, ResidualMax: x})
			most := new(big.Rat).Mul(x, big.NewRat(1<<22+1, 1<<22))
			if v == verify.Enclosed {
				most.Add(most, most)
			}
			if c.Kind != certificate.ClaimResidual || c.Bound.Cmp(x) < 0 || c.Bound.Cmp(most) > 0 || len(fmt.Sprint(c)) > 30 {
				t.Errorf("%v of %v: %v", v, x, c)
			}
		}
	}
}
