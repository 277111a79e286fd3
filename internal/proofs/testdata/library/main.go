// Command library builds the coupling layers of a rotation with flowproof as a
// library, and composes them exactly.
package main

import (
	"fmt"
	"log"

	"flowproof/constructions/rotation"
	"flowproof/coupling"
	"flowproof/targets"
	"flowproof/verify"
)

func main() {
	target, err := targets.Make("random-orthogonal", 8, 1, targets.Options{})
	if err != nil {
		log.Fatal(err)
	}
	part, err := coupling.Half(8)
	if err != nil {
		log.Fatal(err)
	}
	flow, err := rotation.Orthogonal(target.Matrix, part)
	if err != nil {
		log.Fatal(err)
	}
	result, err := verify.Check(flow, target.Matrix)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d layers, verdict %s\n", len(flow.Layers()), result.Verdict)
}
