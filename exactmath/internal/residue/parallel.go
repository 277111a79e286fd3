package residue

import (
	"sync"
	"sync/atomic"
)

// Parallel calls f(thread, task) for the tasks 0..tasks-1 on that many threads.
func Parallel(threads, tasks int, f func(thread, task int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	work := func(thread int) {
		for k := int(next.Add(1)) - 1; k < tasks; k = int(next.Add(1)) - 1 {
			f(thread, k)
		}
	}
	for t := 1; t < min(threads, tasks); t++ {
		wg.Go(func() { work(t) })
	}
	work(0)
	wg.Wait()
}
