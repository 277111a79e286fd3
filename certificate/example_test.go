package certificate_test

import (
	"bytes"
	"errors"
	"fmt"

	"flowproof/certificate"
	"flowproof/certificate/encode"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/verify/engine"
)

// A quarter turn of the plane is three shears; a certificate of that, checked as
// it is and with one weight changed.
func Example() {
	part, _ := coupling.Half(2)
	shear := func(kind coupling.Kind, x float64) coupling.Layer {
		weight, _ := exactmath.FromFloat64(1, 1, []float64{x})
		layer, _ := coupling.NewLayer(part, kind, weight, coupling.Scale{})
		return layer
	}
	flow, _ := coupling.NewFlow(part, shear(coupling.Upper, -1), shear(coupling.Lower, 1), shear(coupling.Upper, -1))
	target, _ := exactmath.FromFloat64(2, 2, []float64{0, -1, 1, 0})

	var file bytes.Buffer
	err := encode.Write(&file, &encode.Certificate{
		Construction: "by hand", Theorem: "a quarter turn is three shears",
		Claim: certificate.Claim{Kind: certificate.ClaimExact}, Flow: flow, Target: target,
	})
	fmt.Println(err)

	o, err := certificate.Check(bytes.NewReader(file.Bytes()), certificate.DefaultLimits(), engine.New, nil)
	fmt.Println(o.Verdict, o.Depth, err)

	forged := bytes.Replace(file.Bytes(), []byte("\n1\n"), []byte("\n2\n"), 1)
	_, err = certificate.Check(bytes.NewReader(forged), certificate.DefaultLimits(), engine.New, nil)
	var refusal *certificate.RejectError
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Reason, "in", refusal.Section)
	}
	// Output:
	// <nil>
	// exact 3 <nil>
	// digest in trailer
}
