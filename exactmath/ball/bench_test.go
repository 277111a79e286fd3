package ball

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/ALTree/bigfloat"
)

func BenchmarkExp(b *testing.B) {
	for _, prec := range []uint{53, 128, 256, 512, 1024, 2048, 4096} {
		s := big.NewRat(1, 3)
		b.Run(fmt.Sprintf("ball/%d", prec), func(b *testing.B) {
			for b.Loop() {
				if _, err := ExpRat(s, prec); err != nil {
					b.Fatal(err)
				}
			}
		})
		x := new(big.Float).SetPrec(prec).SetRat(s)
		b.Run(fmt.Sprintf("bigfloat/%d", prec), func(b *testing.B) {
			for b.Loop() {
				bigfloat.Exp(x)
			}
		})
	}
}

func BenchmarkLog(b *testing.B) {
	for _, prec := range []uint{53, 128, 256, 512, 1024, 2048, 4096} {
		x, err := FromRat(big.NewRat(1, 3), prec)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("ball/%d", prec), func(b *testing.B) {
			for b.Loop() {
				if _, err := x.Log(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("bigfloat/%d", prec), func(b *testing.B) {
			for b.Loop() {
				bigfloat.Log(&x.mid)
			}
		})
	}
}

func BenchmarkArithmetic(b *testing.B) {
	for _, prec := range []uint{53, 256, 2048} {
		x, _ := FromRat(big.NewRat(1, 3), prec)
		y, _ := FromRat(big.NewRat(5, 7), prec)
		for name, f := range map[string]func(x, y Ball) (Ball, error){"Add": Ball.Add, "Mul": Ball.Mul, "Quo": Ball.Quo} {
			b.Run(fmt.Sprintf("%s/%d", name, prec), func(b *testing.B) {
				for b.Loop() {
					if _, err := f(x, y); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// bigfloat.Exp halves its argument, 64 bits more each time, until math.Exp is
// finite; Exp refuses at once.
func BenchmarkHugeExp(b *testing.B) {
	x := newBall(53)
	x.mid.Set(pow2(1000))
	b.Run("ball", func(b *testing.B) {
		for b.Loop() {
			if _, err := x.Exp(); err == nil {
				b.Fatal("exp(2^1000) has a ball")
			}
		}
	})
	b.Run("bigfloat", func(b *testing.B) {
		for b.Loop() {
			bigfloat.Exp(&x.mid)
		}
	})
}
