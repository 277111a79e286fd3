package constructions

import (
	"context"
	"errors"
	"testing"

	"flowproof/coupling"
)

// Ended early, auto returns the best flow by then, or the context's error.
func TestAutoCancelled(t *testing.T) {
	x := made(t, "gaussian", 40).Matrix
	part, err := coupling.Half(40)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	heard := 0
	b, err := Build("auto", x, part, Options{MaxDepth: 8, Context: ctx, Best: func(b *Built) {
		heard++
		cancel()
	}})
	if err != nil || heard != 1 || b.Construction != "eight" || b.Search.Starts != 0 {
		t.Errorf("%+v, %v, told of %d flows; want eight and one", b, err, heard)
	}
	if _, err := Build("auto", x, part, Options{Context: ctx}); !errors.Is(err, context.Canceled) {
		t.Errorf("no flow by then: %v", err)
	}
}

// More effort gives a better flow, and says what it took.
func TestEffort(t *testing.T) {
	x := made(t, "gaussian", 40).Matrix
	part, err := coupling.Half(40)
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	for _, name := range []string{"quick", "normal"} {
		e, err := ParseEffort(name)
		if err != nil || e.String() != name {
			t.Fatalf("%s: %v, %v", name, e, err)
		}
		done := 0.0
		b, err := Build("auto", x, part, Options{Effort: e, Progress: func(d float64) {
			if d < done || d > 1 {
				t.Errorf("%s: %g done after %g", name, d, done)
			}
			done = d
		}})
		if err != nil {
			t.Fatal(err)
		}
		if b.Search.Effort != e || b.Search.Starts < 1 || b.Search.Iterations <= last || done != 1 {
			t.Errorf("%s: %+v, %g done", name, b.Search, done)
		}
		last = b.Search.Iterations
	}
	if _, err := ParseEffort("fast"); err == nil {
		t.Error("fast is taken for an effort")
	}
}
