package theorem

// generalDepth is proofs/depth.md. Its statements have no numbers.
var generalDepth = []Statement{
	{
		ID: "depth-norm", Kind: Claim, Chapter: "proofs/depth.md", Opening: "(`depth-norm`)",
		Title:  "the law of the norm of a normal vector",
		Status: Proved,
		Tests:  []string{"TestNorms"},
	},
	{
		ID: "depth-volume", Kind: Claim, Chapter: "proofs/depth.md", Opening: "(`depth-volume`)",
		Title:  "volume bounds the depth",
		Status: Proved,
		Needs:  []string{"depth-norm"},
		Tests:  []string{"TestVolumeIsSharp"},
	},
	{
		ID: "depth-tube", Kind: Claim, Chapter: "proofs/depth.md", Opening: "(`depth-tube`)",
		Title:  "the volume about curves",
		Status: Proved,
		Needs:  []string{"depth-volume"},
		Tests:  []string{"TestVolumeIsSharp"},
	},
	{
		ID: "depth-volume-layers", Kind: Claim, Chapter: "proofs/depth.md", Opening: "(`depth-volume-layers`)",
		Title:  "how much volume layers can take away, and the depth that follows",
		Status: Proved,
		Needs:  []string{"depth-volume"},
	},
	{
		ID: "depth-line", Kind: Claim, Chapter: "proofs/depth.md", Opening: "(`depth-line`)",
		Title:  "two points need a Lipschitz constant",
		Status: Proved,
		Tests:  []string{"TestLine", "TestRamps"},
	},
	{
		ID: "depth-points", Kind: Claim, Chapter: "proofs/depth.md", Opening: "(`depth-points`)",
		Title:  "separated points need a Lipschitz constant",
		Status: Proved,
		Tests:  []string{"TestRamps"},
	},
	{
		ID: "depth-joint", Kind: Claim, Chapter: "proofs/depth.md", Opening: "(`depth-joint`)",
		Title:  "both Lipschitz constants jointly",
		Status: Proved,
		Needs:  []string{"depth-line"},
		Tests:  []string{"flowdepth.TestCondition", "TestDepths"},
	},
	{
		ID: "depth-condition", Kind: Claim, Chapter: "proofs/depth.md", Opening: "(`depth-condition`)",
		Title:  "the condition number that every flow near the target has",
		Status: Proved,
		Needs:  []string{"depth-joint", "depth-line", "depth-points", "depth-volume"},
		Tests:  []string{"flowdepth.TestCondition", "TestDepths"},
	},
	{
		ID: "depth-flow", Kind: Claim, Chapter: "proofs/depth.md", Opening: "(`depth-flow`)",
		Title:        "flows that attain the bounds",
		Status:       Proved,
		Needs:        []string{"depth-mean-root"},
		Constructors: []string{"flowproof/constructions/cube.Build", "flowproof/verify/flowdepth.Reach"},
		Tests:        []string{"TestReachRefuses", "TestBuilt"},
	},
	{
		ID: "depth-mean-root", Kind: Claim, Chapter: "proofs/depth.md", Opening: "(`depth-mean-root`)",
		Title:  "the mean of a square root as an integral",
		Status: Proved,
		Tests:  []string{"TestMeanRoot"},
	},
	{
		ID: "depth-stretch", Kind: Claim, Chapter: "proofs/depth.md", Opening: "(`depth-stretch`)",
		Title:        "maps that attain the joint bound",
		Status:       Proved,
		Needs:        []string{"depth-mean-root", "depth-joint"},
		Constructors: []string{"flowproof/constructions/cube.Stretch"},
		Tests:        []string{"TestMeanRoot"},
	},
}
