package orientation

import "math"

// grid is a square block with its rows and columns to be multiplied by powers of
// two: entry (i, j) is near v * 2^exp, and v = 0 where there is none.
type grid struct {
	n   int
	v   []float64
	exp []int32
}

// wide is the range of exponents beyond which a matching is worth its time, and
// matchMost the size beyond which it is not.
const (
	wide      = 48
	matchMost = 1024
)

func (z *pattern) grid(b block) *grid {
	n := len(b.rows)
	g := &grid{n, make([]float64, n*n), make([]int32, n*n)}
	at := make([]int, z.cols)
	for j := range at {
		at[j] = -1
	}
	for k, j := range b.cols {
		at[j] = k
	}
	for k, i := range b.rows {
		for _, x := range z.rows[i] {
			if c := at[x.col]; c >= 0 {
				g.v[k*n+c], g.exp[k*n+c] = x.v, int32(x.exp)
			}
		}
	}
	return g
}

// scaled returns the entries times powers of two, those of a row and of a column,
// that leave none above 1 in absolute value, rounded where they underflow.
func (g *grid) scaled() []float64 {
	lo, hi := int32(math.MaxInt32), int32(math.MinInt32)
	for k, v := range g.v {
		if v != 0 {
			lo, hi = min(lo, g.exp[k]), max(hi, g.exp[k])
		}
	}
	row, col, ok := make([]int, g.n), make([]int, g.n), false
	if int(hi)-int(lo) > wide && g.n <= matchMost {
		row, col, ok = g.match(int(hi))
	}
	if !ok {
		row, col = make([]int, g.n), make([]int, g.n)
	}
	// Whatever the match said, no entry is above 1 after this.
	g.level(row, col, true)
	g.level(row, col, false)
	out := make([]float64, len(g.v))
	for k, v := range g.v {
		if v != 0 {
			out[k] = math.Ldexp(v, int(g.exp[k])+row[k/g.n]+col[k%g.n])
		}
	}
	return out
}

// level changes the exponents of the rows, or else of the columns, so that the
// largest entry of each has exponent 0.
func (g *grid) level(row, col []int, rows bool) {
	most := make([]int, g.n)
	for i := range most {
		most[i] = math.MinInt
	}
	for k, v := range g.v {
		if v != 0 {
			i, j := k/g.n, k%g.n
			e := int(g.exp[k]) + row[i] + col[j]
			if !rows {
				i = j
			}
			most[i] = max(most[i], e)
		}
	}
	to := col
	if rows {
		to = row
	}
	for i, e := range most {
		if e != math.MinInt {
			to[i] -= e
		}
	}
}

// match finds n places, one in each row and column, the product of whose entries
// is as large as can be, to a power of two, and exponents of rows and columns with
// which these entries have exponent 0 and no other a larger one. It is the
// Hungarian method by shortest augmenting paths. It fails if there are no n
// places with entries.
func (g *grid) match(hi int) (row, col []int, ok bool) {
	const none = math.MaxInt / 4
	n := g.n
	u, v := make([]int, n+1), make([]int, n+1)
	owner, way := make([]int, n+1), make([]int, n+1) // of columns; row and column 0 are not there
	least, used := make([]int, n+1), make([]bool, n+1)
	for i := 1; i <= n; i++ {
		owner[0] = i
		for j := range least {
			least[j], used[j] = none, false
		}
		at := 0
		for owner[at] != 0 {
			used[at] = true
			r, delta, next := owner[at], none, 0
			base := (r - 1) * n
			for j := 1; j <= n; j++ {
				if used[j] {
					continue
				}
				if k := base + j - 1; g.v[k] != 0 {
					if c := hi - int(g.exp[k]) - u[r] - v[j]; c < least[j] {
						least[j], way[j] = c, at
					}
				}
				if least[j] < delta {
					delta, next = least[j], j
				}
			}
			if delta == none {
				return nil, nil, false
			}
			for j := range n + 1 {
				if used[j] {
					u[owner[j]] += delta
					v[j] -= delta
				} else if least[j] < none {
					least[j] -= delta
				}
			}
			at = next
		}
		for at != 0 {
			owner[at] = owner[way[at]]
			at = way[at]
		}
	}
	for j := range n {
		v[j+1] -= hi
	}
	return u[1:], v[1:], true
}
