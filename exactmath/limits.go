package exactmath

import (
	"errors"
	"math"
	"math/big"
)

// Limits is what a computation may still take.
type Limits struct {
	Memory int64           // bytes
	Work   int64           // multiplications of 64-bit words
	Done   <-chan struct{} // closed: stop; nil: go on
}

// ErrStopped is returned by a computation whose Limits.Done was closed.
var ErrStopped = errors.New("stopped before it was done")

// Unlimited returns no limits.
func Unlimited() Limits { return Limits{Memory: math.MaxInt64, Work: math.MaxInt64} }

// Spend takes memory and work, neither of them negative, from what is left. It
// fails with ErrTooLarge if there is not so much, and with ErrStopped.
func (l *Limits) Spend(memory, work int64) error {
	select {
	case <-l.Done:
		return ErrStopped
	default:
	}
	if memory > l.Memory || work > l.Work {
		return ErrTooLarge
	}
	l.Memory, l.Work = l.Memory-memory, l.Work-work
	return nil
}

// Words returns how many 64-bit words hold |x|, 1 at least.
func Words(x *big.Int) int64 { return int64(x.BitLen()/64) + 1 }
