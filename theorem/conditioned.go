package theorem

// conditioned is proofs/conditioned.md.
var conditioned = []Statement{
	{
		ID: "conditioning-limit", Kind: Theorem, Number: "Theorem 5.1", Chapter: "proofs/conditioned.md",
		Title:  "a lower limit of the conditioning of any flow",
		Status: Proved,
		Needs:  []string{"lower-limit"},
		Tests:  []string{"TestLowerLimitOfRandomFlows", "TestLowerLimitReached", "TestLowerLimits", "TestLambdaRoundsDown", "TestLimitOfTheProduct", "TestLimitIsBelowFlows", "TestLimitBesideProduct"},
		Scope:  "2..5 exactly; every flow of `TestConditioned`, `TestEight`",
	},
	{
		ID: "conditioned-thirteen", Kind: Theorem, Number: "Theorem 5.2", Chapter: "proofs/conditioned.md",
		Title:        "thirteen or eleven layers, within a constant of the least product for balanced maps",
		Status:       Proved,
		Needs:        []string{"rotation-six", "rotation-weights", "conditioning-limit"},
		Constructors: []string{"flowproof/constructions/conditioned.Conditioned"},
		Tests:        []string{"TestConditioned", "TestConditionedConstant", "TestTernary"},
		Scope:        "2..20, 32, 33, 64, 65",
		Certificates: []string{"conditioned-13-gaussian-4", "conditioned-13-gaussian-5", "conditioned-13-integer-6", "conditioned-11-toeplitz-4"},
		Lines:        []string{"positive determinant: thirteen layers, product of conditions within a constant of the least", "positive determinant: eleven layers, product of conditions within a constant of the least"},
	},
	{
		ID: "five-factor-forms", Kind: Lemma, Number: "Lemma 5.3", Chapter: "proofs/conditioned.md",
		Title:  "five factors from a commutator, with weights",
		Status: Proved,
		Needs:  []string{"five-factor-criterion"},
		Tests:  []string{"TestRotationForm", "TestPairForm", "TestPairChoice", "TestCommutatorForm", "TestCriterionDerived"},
		Scope:  "all",
	},
	{
		ID: "running-products", Kind: Lemma, Number: "Lemma 5.4", Chapter: "proofs/conditioned.md",
		Title:  "an order in which running products stay small",
		Status: Proved,
	},
	{
		ID: "eight-polynomial", Kind: Theorem, Number: "Theorem 5.5", Chapter: "proofs/conditioned.md",
		Title:        "eight layers, conditions polynomial in cond M",
		Status:       Proved,
		Needs:        []string{"five-factor-forms", "running-products", "lower-limit"},
		Constructors: []string{"flowproof/constructions/conditioned.Eight"},
		Tests:        []string{"TestEight", "TestEightNorms", "TestEightSteps", "TestRunningProducts"},
		Scope:        "all; 2..20, 32, 33, 64, 65",
		Certificates: []string{"eight-gaussian-4", "eight-gaussian-5", "eight-lu-6"},
		Lines:        []string{"positive determinant: eight layers, conditions polynomial in that of the map"},
	},
}
