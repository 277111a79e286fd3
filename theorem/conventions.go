package theorem

// conventions is PROOFS.md.
var conventions = []Statement{
	{
		ID: "additive-condition", Kind: Lemma, Number: "Lemma 0.1", Chapter: "PROOFS.md",
		Title:  "the condition number of an additive layer",
		Status: Proved,
	},
	{
		ID: "lower-limit", Kind: Lemma, Number: "Lemma 0.2", Chapter: "PROOFS.md",
		Title:  "the product of the conditions is at least cond M and powers of det M",
		Status: Proved,
	},
}
