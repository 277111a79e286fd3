package training

import (
	"math"
	"sync"
)

// exp is the exponential: for float32 within 3 units in the last place, 0 below
// -87.3 and about 2.4e38 above 88.37; for float64 that of package math.
func exp[T Float](x T) T {
	switch v := any(x).(type) {
	case float32:
		return T(exp32(v))
	default:
		return T(math.Exp(float64(x)))
	}
}

// exp32 takes 2^k exp(r), |r| <= log(2)/2, with Taylor's polynomial of degree 7.
func exp32(x float32) float32 {
	const (
		log2e = 1.44269504088896340735992468100189214
		high  = 0.693359375 // few bits: k*high is exact
		low   = -2.12194440054690582e-4
		round = 3 << 22
	)
	if x != x {
		return x
	}
	x = min(x, 88.37) // 2^127.49: k fits
	if x < -87.3 {
		return 0
	}
	k := float32(x*log2e) + round
	k -= round
	r := x - float32(k*high)
	r -= float32(k * low)
	p := float32(1.0 / 5040)
	p = float32(p*r) + 1.0/720
	p = float32(p*r) + 1.0/120
	p = float32(p*r) + 1.0/24
	p = float32(p*r) + 1.0/6
	p = float32(p*r) + 0.5
	p = float32(p*r) + 1
	p = float32(p*r) + 1
	return float32(p * math.Float32frombits(uint32(int32(k)+127)<<23))
}

// tanh is within 2e-7 of the hyperbolic tangent in float32; in float64 that of
// package math.
func tanh[T Float](x T) T {
	switch v := any(x).(type) {
	case float32:
		return T(1 - 2/(1+exp32(2*max(-20, min(20, v)))))
	default:
		return T(math.Tanh(float64(x)))
	}
}

// rowsInParallel calls do for each row, on several threads where each row has
// work enough. Rows must not depend on each other.
func rowsInParallel(rows, work, threads int, do func(i int)) {
	const worthwhile = 1 << 15
	threads = min(threads, rows, rows*work/worthwhile+1)
	if threads <= 1 {
		for i := range rows {
			do(i)
		}
		return
	}
	var group sync.WaitGroup
	for t := range threads {
		group.Go(func() {
			for i := rows * t / threads; i < rows*(t+1)/threads; i++ {
				do(i)
			}
		})
	}
	group.Wait()
}
