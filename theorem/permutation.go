package theorem

// permutation is proofs/permutation.md.
var permutation = []Statement{
	{
		ID: "permutation-half-integers", Kind: Theorem, Number: "Theorem 4.1", Chapter: "proofs/permutation.md",
		Title:        "even permutations: six additive layers of half-integers",
		Status:       Proved,
		Needs:        []string{"additive-condition", "five-factor-criterion", "two-involutions", "permutation-norms-third", "permutation-norms-second"},
		Constructors: []string{"flowproof/constructions/permutation.Permutation"},
		Tests:        []string{"TestPermutationExhaustive", "TestPermutationNamed", "TestPermutationLarge", "TestPermutationCondition", "TestPermutationConstants", "TestPermutationLemmas"},
		Scope:        "product and depth: all of 2..8 (`-long`: 9), random to 2,048 and one of 100,000; conditions by singular values: all of 2..6, random to 46; beyond, estimates from below",
		Certificates: []string{"permutation-permutation-16", "permutation-permutation-3", "permutation-permutation-9", "permutation-reverse-4", "permutation-zigzag-64"},
		Lines:        []string{"even permutations: six additive sparse layers of half-integers"},
	},
	{
		ID: "permutation-integers", Kind: Theorem, Number: "Theorem 4.2", Chapter: "proofs/permutation.md",
		Title:        "even permutations: six additive layers of integers",
		Status:       Proved,
		Needs:        []string{"permutation-half-integers"},
		Constructors: []string{"flowproof/constructions/permutation.PermutationInteger"},
		Scope:        "the same; with signs at 100,000",
		Certificates: []string{"permutation-integer-permutation-5", "permutation-integer-permutation-8"},
		Lines:        []string{"even permutations: additive layers of integers"},
	},
	{
		ID: "permutation-least-depth", Kind: Theorem, Number: "Theorem 4.3", Chapter: "proofs/permutation.md",
		Title:        "the least depth of a permutation",
		Status:       Proved,
		Needs:        []string{"three-layers", "rewiring", "two-full-cycles", "rank-bound"},
		Constructors: []string{"flowproof/constructions/permutation.PermutationDepth"},
		Tests:        []string{"TestPermutationFewLayers", "TestPermutationAngles", "TestFullCycles"},
		Scope:        "3..5 over **F**_3, 3 and 4 over **F**_5, 3 over **F**_7; 2..7; 1..8, random to 200",
	},
	{
		ID: "two-involutions", Kind: Lemma, Number: "Lemma 4.4", Chapter: "proofs/permutation.md",
		Title:  "a permutation matrix as a product of two signed involutions",
		Status: Proved,
		Needs:  []string{"five-factor-criterion"},
	},
	{
		ID: "permutation-norms-third", Kind: Lemma, Number: "Lemma 4.5", Chapter: "proofs/permutation.md",
		Title:  "norms of 1 - y3",
		Status: Proved,
	},
	{
		ID: "permutation-norms-second", Kind: Lemma, Number: "Lemma 4.6", Chapter: "proofs/permutation.md",
		Title:  "norms of 1 + y2",
		Status: Proved,
	},
	{
		ID: "rewiring", Kind: Lemma, Number: "Lemma 4.7", Chapter: "proofs/permutation.md",
		Title:  "rewiring the runs",
		Status: Proved,
		Needs:  []string{"five-factor-criterion"},
	},
	{
		ID: "two-full-cycles", Kind: Lemma, Number: "Lemma 4.8", Chapter: "proofs/permutation.md",
		Title:  "an even permutation is a product of two full cycles",
		Status: Proved,
	},
	{
		ID: "signed-permutation", Kind: Theorem, Number: "Theorem 4.9", Chapter: "proofs/permutation.md",
		Title:        "permutations with signs: the same",
		Status:       Proved,
		Needs:        []string{"permutation-half-integers", "permutation-integers", "rewiring", "permutation-least-depth", "rotation-special", "two-involutions"},
		Tests:        []string{"TestSignedExhaustive", "TestPermutationPartitions", "TestPermutationLarge", "TestPermutationCondition", "TestPermutationFewLayers", "TestPermutationAngles", "TestFlipAndPad", "TestMixedParity"},
		Scope:        "product and depth: all of 2..5 (`-long`: 6), all partitions to 4, random to 2,048 and two of 100,000 or more; conditions by singular values: all of 2..4, random to 46; few layers: 2..4 over **F**_3, **F**_5, 2 and 3 over **F**_7",
		Certificates: []string{"signed-permutation-block-diag-j-3", "signed-permutation-block-diag-j-6", "signed-permutation-minus-identity-8", "signed-permutation-reverse-flipped-3", "signed-permutation-reverse-flipped-34", "signed-permutation-reverse-flipped-7", "signed-permutation-reverse-padded-11", "signed-permutation-integer-block-diag-j-7", "signed-permutation-integer-reverse-padded-16"},
		Lines:        []string{"permutations with signs: six additive sparse layers of half-integers", "permutations with signs: additive layers of integers"},
	},
}
