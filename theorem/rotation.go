package theorem

// rotation is proofs/rotation.md.
var rotation = []Statement{
	{
		ID: "rotation-six", Kind: Theorem, Number: "Theorem 1", Chapter: "proofs/rotation.md",
		Title:        "a rotation is six additive layers, each of condition at most 6.6421 (n even), 7.699 (n odd)",
		Status:       Proved,
		Needs:        []string{"additive-condition", "five-factor-criterion", "rotation-isometry", "rotation-special", "rotation-five-factors", "rotation-weights", "rotation-weights-third-first"},
		Constructors: []string{"flowproof/constructions/rotation.Orthogonal"},
		Tests:        []string{"TestOrthogonalRandom", "TestOrthogonalWeird", "TestOrthogonalWorst", "TestOrthogonalPartitions", "TestOrthogonalConstant", "TestTwistBounds", "TestIsometricTwist", "TestMainJob"},
		Scope:        "2..40, 64, 65, 127, 128, exact residual, certified bounds",
		Certificates: []string{"orthogonal-block-diag-j-5", "orthogonal-dct-17", "orthogonal-minus-identity-4", "orthogonal-random-orthogonal-2", "orthogonal-random-orthogonal-3", "orthogonal-random-orthogonal-66", "orthogonal-random-orthogonal-8", "orthogonal-random-orthogonal-9", "orthogonal-reverse-8"},
		Lines:        []string{"rotations: six additive layers, condition bounded by a constant for all n"},
	},
	{
		ID: "five-factor-criterion", Kind: Lemma, Number: "Lemma 1.1", Chapter: "proofs/rotation.md",
		Title:  "two equations give five factors",
		Status: Proved,
		Tests:  []string{"TestFiveFactorsNecessary", "TestFiveFactorsDerived", "TestFiveFactors", "TestCriterionDerived", "TestFiveFromCommutator", "TestFiveFromCommutatorSquare"},
		Scope:  "all",
	},
	{
		ID: "rotation-isometry", Kind: Lemma, Number: "Lemma 1.2", Chapter: "proofs/rotation.md",
		Title:  "one layer makes the lower left block an isometry",
		Status: Proved,
	},
	{
		ID: "rotation-special", Kind: Lemma, Number: "Lemma 1.3", Chapter: "proofs/rotation.md",
		Title:  "det G = 1",
		Status: Proved,
	},
	{
		ID: "rotation-five-factors", Kind: Lemma, Number: "Lemma 1.4", Chapter: "proofs/rotation.md",
		Title:  "the commutator solves the two equations",
		Status: Proved,
		Needs:  []string{"five-factor-criterion", "rotation-isometry", "rotation-special"},
		Tests:  []string{"TestRotationForm", "TestPairForm", "TestPairChoice", "TestCommutatorForm", "TestCriterionDerived"},
		Scope:  "all",
	},
	{
		ID: "rotation-weights", Kind: Lemma, Number: "Lemma 1.5", Chapter: "proofs/rotation.md",
		Title:  "explicit weights",
		Status: Proved,
		Needs:  []string{"five-factor-criterion"},
		Tests:  []string{"TestRotationForm", "TestPairForm", "TestPairChoice", "TestCommutatorForm", "TestCriterionDerived"},
		Scope:  "all",
	},
	{
		ID: "rotation-weights-third-first", Kind: Lemma, Number: "Lemma 1.5'", Chapter: "proofs/rotation.md",
		Title:  "explicit weights, the third chosen first",
		Status: Proved,
		Needs:  []string{"five-factor-criterion", "rotation-five-factors", "rotation-weights"},
		Tests:  []string{"TestRotationForm", "TestPairForm", "TestPairChoice", "TestCommutatorForm", "TestCriterionDerived"},
		Scope:  "all",
	},
	{
		ID: "three-layers", Kind: Lemma, Number: "Lemma 1.6", Chapter: "proofs/rotation.md",
		Title:        "when three additive layers are enough",
		Status:       Proved,
		Tests:        []string{"TestThreeLayers", "TestFewLayersSufficient", "TestOrthogonalDepth"},
		Scope:        "all; 2, 8",
		Certificates: []string{"quarter-turn", "sparse-swap"},
		Lines:        []string{"a quarter turn is three shears", "[[0, -I], [I, 0]] is three shears"},
	},
}
