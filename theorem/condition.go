package theorem

// condition is proofs/condition.md.
var condition = []Statement{
	{
		ID: "certified-norm", Kind: Theorem, Number: "Theorem 9", Chapter: "proofs/condition.md",
		Title:  "a certified bound of a spectral norm",
		Status: Proved,
		Source: "Rump 2006",
		Tests:  []string{"TestBoundAboveTruth", "TestKnownNorms", "TestShortArithmetic", "TestShortCholesky", "TestDelta", "TestCertifyAllowance", "TestShear", "TestBlocks", "TestRange"},
	},
	{
		ID: "near-orthonormal", Kind: Proposition, Number: "Proposition 9.1", Chapter: "proofs/condition.md",
		Title:  "singular values from columns that are nearly orthonormal",
		Status: Proved,
	},
}
