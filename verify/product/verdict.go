package product

// Verdict is the outcome of comparing a product with a target.
type Verdict string

// The verdicts.
const (
	// Exact: the product equals the target as a matrix of rational numbers.
	Exact Verdict = "exact"
	// Residual: it does not, and the largest difference is known exactly.
	Residual Verdict = "residual"
	// Enclosed: some scale is given as exp(s), and a rigorous upper bound of the
	// largest difference is known.
	Enclosed Verdict = "enclosed"
)
