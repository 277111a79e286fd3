package certificate_test

import (
	"bytes"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flowproof/certificate"
	"flowproof/certificate/encode"
	"flowproof/verify"
)

const golden = "../testdata/certificates"

// TestGolden re-checks the certificates of the theorems, and the refusal of the
// damaged ones.
func TestGolden(t *testing.T) {
	accepted := must(filepath.Glob(golden + "/accepted/*.cert"))
	refused := must(filepath.Glob(golden + "/refused/*.cert"))
	if len(accepted) < 20 || len(refused) < 20 {
		t.Fatalf("%d certificates to accept and %d to refuse: some are missing", len(accepted), len(refused))
	}
	for _, path := range accepted {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data := must(os.ReadFile(path))
			c, o, err := content(bytes.NewReader(data), certificate.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(write(t, c), data) {
				t.Error("written differently")
			}
			if o.Verdict == verify.Enclosed || o.Claim.Kind == certificate.ClaimDepth {
				return
			}
			if r := residual(c); r.Cmp(o.Residual) != 0 {
				t.Errorf("residual %v, want %v", o.Residual, r)
			}
		})
	}
	for _, path := range refused {
		t.Run(filepath.Base(path), func(t *testing.T) {
			reason, _, _ := strings.Cut(filepath.Base(path), "--")
			_, err := check(must(os.ReadFile(path)))
			wantReason(t, err, certificate.Reason(strings.ReplaceAll(reason, "-", " ")))
		})
	}
}

// The claim that a result bears out is true, short, and not much weaker.
func TestClaimFrom(t *testing.T) {
	r := &verify.Result{Verdict: verify.Exact}
	if c := encode.ClaimFrom(r); fmt.Sprint(c) != "exact" {
		t.Errorf("got %v", c)
	}
	for _, x := range rationals("1/3", "1", "0x1.000000000001p-1500", "0x1p5000", "12345678901/3") {
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
