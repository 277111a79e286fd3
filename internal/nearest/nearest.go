// Package nearest finds the name that a misspelling was meant to be.
package nearest

// Of returns the one of names that word is a misspelling of, the first of the nearest
// ones, or "" if none is near.
func Of(word string, names []string) (found string) {
	best := len(word)/3 + 2
	for _, n := range names {
		if d := distance(word, n); d < best {
			best, found = d, n
		}
	}
	return found
}

// distance is the number of insertions, deletions and changes of a byte that lead
// from a to b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
