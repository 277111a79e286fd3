package theorem

// lowerbound is proofs/lowerbound.md.
var lowerbound = []Statement{
	{
		ID: "necessary-equations", Kind: Lemma, Number: "Lemma 3.1", Chapter: "proofs/lowerbound.md",
		Title:  "what few layers imply",
		Status: Proved,
	},
	{
		ID: "kernel-rule", Kind: Lemma, Number: "Lemma 3.2", Chapter: "proofs/lowerbound.md",
		Title:  "nullities of complementary blocks",
		Status: Proved,
	},
	{
		ID: "rank-bound", Kind: Theorem, Number: "Theorem 3.3", Chapter: "proofs/lowerbound.md",
		Title:  "ranks that few layers cannot exceed",
		Status: Proved,
		Needs:  []string{"necessary-equations"},
	},
	{
		ID: "spectrum-bound", Kind: Theorem, Number: "Theorem 3.4", Chapter: "proofs/lowerbound.md",
		Title:  "spectra that four layers force",
		Status: Proved,
		Needs:  []string{"necessary-equations"},
	},
	{
		ID: "inertia", Kind: Lemma, Number: "Lemma 3.5", Chapter: "proofs/lowerbound.md",
		Title:  "the inertia of a product with a diagonal",
		Status: Proved,
		Source: "Ostrowski and Schneider 1962",
	},
	{
		ID: "six-needed", Kind: Theorem, Number: "Theorem 3.6", Chapter: "proofs/lowerbound.md",
		Title:        "six layers are needed, for rotations too",
		Status:       Proved,
		Needs:        []string{"six-rational", "few-layers", "rank-bound", "spectrum-bound", "inertia"},
		Constructors: []string{"flowproof/constructions/lowerbound.DepthLowerBound"},
		Tests:        []string{"TestFewLayersNecessary", "TestFiveFactorsNecessary", "TestSixIsNeeded", "TestBoundBlockDiagonal", "TestSpectralRules", "TestBoundIsSound", "TestSound"},
		Scope:        "all; 2..17; no bound above the depth of a product of layers, random, and exact for every 2 x 2 with entries -3..3",
		Certificates: []string{"depth-block-diag-j-3", "depth-block-diag-j-4", "depth-block-diag-j-5", "depth-givens-2", "depth-integer-4", "depth-integer-5", "depth-minus-identity-2", "depth-minus-identity-6", "depth-reverse-4", "depth-triangular-4", "depth-unimodular-5"},
		Lines:        []string{"no flow of fewer layers, whatever its scales"},
		Source:       "Urschel 2023",
	},
	{
		ID: "least-depth", Kind: Theorem, Number: "Theorem 3.7", Chapter: "proofs/lowerbound.md",
		Title:  "the least depth that suffices for all maps",
		Status: Proved,
		Needs:  []string{"any-partition", "six-needed", "rank-bound"},
		Tests:  []string{"TestPeel", "TestWideCore", "TestAnyPartition", "TestAnyDepthIsLeast"},
		Scope:  "all; p + q <= 9, p + q <= 10",
	},
}
