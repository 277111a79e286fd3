package theorem

// refine is proofs/refine.md.
var refine = []Statement{
	{
		ID: "derivative-onto", Kind: Proposition, Number: "", Chapter: "proofs/refine.md",
		Title:  "where the derivative of the product is onto",
		Status: Proved,
	},
	{
		ID: "newton-converges", Kind: Proposition, Number: "", Chapter: "proofs/refine.md",
		Title:        "convergence of the refinement",
		Status:       Proved,
		Needs:        []string{"derivative-onto"},
		Constructors: []string{"flowproof/constructions/refine.Refine"},
		Certificates: []string{"refine-random-orthogonal-4", "refine-random-orthogonal-5"},
		Lines:        []string{"any precision: residual below 2^-256, layers of 256-bit dyadics"},
		Tests:        []string{"TestRefineRotations", "TestRefineScaled", "TestRefineRational", "TestRefineSingular", "TestTangentAdjoint", "TestTangentSolve"},
	},
	{
		ID: "additive-gap", Kind: Proposition, Number: "", Chapter: "proofs/refine.md",
		Title:  "how near additive layers come to a map of another determinant",
		Status: Proved,
	},
}
