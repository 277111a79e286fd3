package targets

import (
	"errors"
	"fmt"
	"math/bits"
)

func identity(r request) (*Target, error) {
	return r.moving(func(j int) int { return j }, "")
}

func reverse(r request) (*Target, error) {
	return r.moving(func(j int) int { return r.dim - 1 - j }, "")
}

// shuffle is the perfect out-shuffle of a deck of n cards: the first ceil(n/2)
// go to the even places, the others to the odd ones, in order.
func shuffle(r request) (*Target, error) {
	h := (r.dim + 1) / 2
	return r.moving(func(j int) int {
		if j < h {
			return 2 * j
		}
		return 2*(j-h) + 1
	}, "")
}

// bitReversal sends each index, of log2 n bits, to the one with its bits in the
// opposite order, as a fast Fourier transform does.
func bitReversal(r request) (*Target, error) {
	w := bits.Len(uint(r.dim)) - 1
	return r.moving(func(j int) int { return int(bits.Reverse(uint(j)) >> (bits.UintSize - w)) }, "")
}

// moving returns the permutation e_j -> e_to(j).
func (r request) moving(to func(j int) int, note string) (*Target, error) {
	perm := make([]int, r.dim)
	for j := range perm {
		perm[j] = to(j)
	}
	return fromPerm(perm, note)
}

// permutation is the list in the options, else a random even permutation: a
// uniform one, the images of 0 and 1 exchanged if it is odd.
func permutation(r request) (*Target, error) {
	if r.opt.Perm == nil {
		perm := r.rnd.shuffled(r.dim)
		if !Even(perm) {
			perm[0], perm[1] = perm[1], perm[0]
		}
		return fromPerm(perm, "")
	}
	list := make([]int64, len(r.opt.Perm))
	for i, v := range r.opt.Perm {
		list[i] = int64(v)
	}
	perm, oneBased, err := checkPermutation(list)
	if err != nil {
		return nil, err
	}
	t, err := fromPerm(perm, "")
	if err == nil {
		t.List, t.OneBased = true, oneBased
	}
	return t, err
}

// checkPermutation returns the list as a permutation of 0..n-1. A list without 0
// that has n in it is read as 1-based. It fails with a *PermutationError.
func checkPermutation(list []int64) (perm []int, oneBased bool, err error) {
	n := int64(len(list))
	zero, top := false, false
	for _, v := range list {
		zero, top = zero || v == 0, top || v == n
	}
	base := int64(0)
	if top && !zero {
		base = 1
	}
	perm = make([]int, n)
	at := make([]int, n) // 1 + where the value was seen
	for i, v := range list {
		switch {
		case v < base || n+base <= v:
			return nil, false, &PermutationError{i, fmt.Sprintf("value %d is out of range, want each of %d..%d once", v, base, n-1+base)}
		case at[v-base] != 0:
			return nil, false, &PermutationError{i, fmt.Sprintf("value %d is already at entry %d, and %d is missing; want each of %d..%d once",
				v, at[v-base]-1, missing(list, base), base, n-1+base)}
		}
		perm[i], at[v-base] = int(v-base), i+1
	}
	return perm, base == 1, nil
}

// missing returns the least of base..n-1+base that is not in the list.
func missing(list []int64, base int64) int64 {
	has := make([]bool, len(list))
	for _, v := range list {
		if k := v - base; 0 <= k && k < int64(len(has)) {
			has[k] = true
		}
	}
	for k, h := range has {
		if !h {
			return int64(k) + base
		}
	}
	return base // not reached: some value occurs twice
}

// asPermutationError returns the *PermutationError in err, if there is one.
func asPermutationError(err error) (*PermutationError, bool) {
	var p *PermutationError
	return p, errors.As(err, &p)
}
