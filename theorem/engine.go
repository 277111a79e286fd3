package theorem

// engine is proofs/engine.md.
var engine = []Statement{
	{
		ID: "reduce-exact", Kind: Lemma, Number: "Lemma 7.1", Chapter: "proofs/engine.md",
		Title:  "reduction modulo a prime in float64",
		Status: Proved,
	},
	{
		ID: "residue-sums", Kind: Lemma, Number: "Lemma 7.2", Chapter: "proofs/engine.md",
		Title:  "sums of 128 products without error",
		Status: Proved,
		Needs:  []string{"reduce-exact"},
	},
	{
		ID: "equality-from-residues", Kind: Theorem, Number: "Theorem 7.3", Chapter: "proofs/engine.md",
		Title:  "equality from residues",
		Status: Proved,
		Needs:  []string{"residue-sums"},
		Tests:  []string{"TestComposeAgainstFullProduct"},
	},
	{
		ID: "reconstruction", Kind: Theorem, Number: "Theorem 7.4", Chapter: "proofs/engine.md",
		Title:  "integers from residues",
		Status: Proved,
		Needs:  []string{"residue-sums"},
	},
	{
		ID: "exp-enclosure", Kind: Lemma, Number: "Lemma 7.5", Chapter: "proofs/engine.md",
		Title:  "an enclosure of exp in integers",
		Status: Proved,
		Tests:  []string{"TestPlain", "TestExp", "TestIrrational", "TestSlack", "TestRowsNearby"},
		Scope:  "all golden certificates, and samples",
	},
	{
		ID: "elimination-in-words", Kind: Proposition, Number: "Proposition 7.6", Chapter: "proofs/engine.md",
		Title:  "signs and ranks by fraction-free elimination with odd divisors",
		Status: Proved,
		Tests:  []string{"TestMinors", "TestMinorsAttained", "TestMinorsSmall"},
		Scope:  "all 3 x 3 matrices of entries -1 to 2, minors as large as the bound, and samples",
	},
	{
		ID: "rank-modular", Kind: Proposition, Number: "Proposition 7.7", Chapter: "proofs/engine.md",
		Title:  "the rank, by a minor",
		Status: Proved,
	},
	{
		ID: "lifting", Kind: Lemma, Number: "Lemma 7.8", Chapter: "proofs/engine.md",
		Title:  "p-adic lifting",
		Status: Proved,
	},
	{
		ID: "determinant-lifting", Kind: Proposition, Number: "Proposition 7.9", Chapter: "proofs/engine.md",
		Title:  "the determinant, by lifting",
		Status: Proved,
		Needs:  []string{"lifting"},
	},
	{
		ID: "rank-null-vectors", Kind: Proposition, Number: "Proposition 7.10", Chapter: "proofs/engine.md",
		Title:  "the rank, by null vectors",
		Status: Proved,
	},
	{
		ID: "sign-filter", Kind: Theorem, Number: "Theorem 7.11", Chapter: "proofs/engine.md",
		Title:  "the sign of a determinant in floating point",
		Status: Proved,
	},
}
