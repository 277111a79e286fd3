package experiment

import (
	"context"
	"sync"
)

// job is a run of so many steps. It tells say how many are done, and ends with the
// error that say returns, if it returns one.
type job[R any] struct {
	steps int
	run   func(say func(step int) error) (*R, error)
}

// inOrder runs jobs, several at a time. It calls done with the results in the order
// of the jobs, as soon as those before are there, and say with the number of steps
// that all have taken and have still to take. It stops at the first error, or when
// ctx ends.
func inOrder[R any](ctx context.Context, jobs []job[R], workers int, done func(k int, r *R) error, say func(steps, all int)) error {
	all := 0
	for _, j := range jobs {
		all += j.steps
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	steps, next, emitted := 0, 0, 0
	ready := make([]*R, len(jobs))
	take := func() int {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1
	}
	finish := func(k int, r *R, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			cancel(err)
		}
		ready[k] = r
		for ; emitted < len(jobs) && ready[emitted] != nil && ctx.Err() == nil; emitted++ {
			if err := done(emitted, ready[emitted]); err != nil {
				cancel(err)
			}
		}
	}
	work := func() {
		for k := take(); k < len(jobs) && ctx.Err() == nil; k = take() {
			before := 0
			advance := func(step int) {
				mu.Lock()
				defer mu.Unlock()
				steps += step - before
				before = step
				say(steps, all)
			}
			r, err := jobs[k].run(func(step int) error {
				advance(step)
				return context.Cause(ctx)
			})
			advance(jobs[k].steps)
			finish(k, r, err)
		}
	}
	var group sync.WaitGroup
	for range max(1, min(workers, len(jobs))) {
		group.Go(work)
	}
	group.Wait()
	return context.Cause(ctx)
}
