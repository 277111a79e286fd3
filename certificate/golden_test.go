package certificate_test

import (
	"bytes"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowproof/certificate"
	"flowproof/coupling"
	"flowproof/exactmath/dense"
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
			plain(t, data)
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
			data := must(os.ReadFile(path))
			_, err := check(data)
			plain(t, data)
			wantReason(t, err, certificate.Reason(strings.ReplaceAll(reason, "-", " ")))
		})
	}
}

// plain checks without an engine, and compares.
func plain(t *testing.T, data []byte) {
	t.Helper()
	fast, err := check(data)
	slow, plainErr := certificate.Check(bytes.NewReader(data), certificate.DefaultLimits(), nil, nil)
	if diff := cmp.Diff(fmt.Sprint(err), fmt.Sprint(plainErr)); diff != "" {
		t.Errorf("without an engine the error is another: %s", diff)
	}
	if err != nil || plainErr != nil {
		return
	}
	if slow.Engine {
		t.Error("an engine without a maker")
	}
	if fast.Engine = false; fast.Verdict == verify.Enclosed { // the two need not be as sharp
		fast.Residual = slow.Residual
	}
	if diff := cmp.Diff(fast, slow, cmp.Comparer(dense.Equal), cmp.Comparer(func(a, b *big.Rat) bool { return a == nil && b == nil || a.Cmp(b) == 0 }),
		cmp.Comparer(func(a, b coupling.Partition) bool { return a.String() == b.String() })); diff != "" {
		t.Errorf("without an engine: %s", diff)
	}
}

// TestPlain checks the samples, among them long and wide ones, both ways.
func TestPlain(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) { plain(t, write(t, s.c)) })
	}
}
