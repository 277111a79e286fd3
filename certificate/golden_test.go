package certificate_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flowproof/certificate"
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
