package targets

import (
	"fmt"
	"testing"
)

func BenchmarkMake(b *testing.B) {
	for _, c := range []struct {
		name string
		d    int
	}{
		{"random-orthogonal", 256}, {"random-orthogonal", 1024}, {"random-orthogonal", 2048},
		{"gaussian", 1024}, {"dct", 1024}, {"permutation", 100_000},
	} {
		b.Run(fmt.Sprintf("%s/%d", c.name, c.d), func(b *testing.B) {
			for b.Loop() {
				mustMake(b, c.name, c.d, 1, Options{})
			}
		})
	}
}

func BenchmarkNormal(b *testing.B) {
	s := newSampler("bench", 1)
	for b.Loop() {
		s.normal()
	}
}
