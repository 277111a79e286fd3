package polish

// Fewer is how often something may be done in n coordinates that may be done the
// given number of times in up to 64.
func Fewer(times, n int) int { return max(1, min(times, times*64/n)) }

// RefineBudget is the number of iterations that auto and Polish allow Refine.
func RefineBudget(n int) int { return Fewer(8000, n) }

// Quick is the largest dimension in which Polish takes a second or two.
const Quick = 24
