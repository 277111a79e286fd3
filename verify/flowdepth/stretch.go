package flowdepth

import (
	"math/big"

	"flowproof/exactmath/ball"
)

// Stretch is the map F(x) = (h(x_1), .., h(x_j), low x_(j+1), .., low x_d), h odd, of slope
// Lip up to the modulus Kink and of slope Low beyond, 0 < Low <= Lip:
//
//	Low |x - y| <= |F(x) - F(y)| <= Lip |x - y|.
//
// It is a composition of n maps of the same form with the slopes Lip^(1/n) and
// Low^(1/n), whose kinks are images of its own.
type Stretch struct {
	Low, Lip ball.Ball
	Kink     *big.Rat
}

// MapReach returns upper bounds of W_1 and W_2 between the image of gamma under m and a
// cube (depth-stretch), from the coupling with Radius sgn z. The j coordinates of the
// cube are the first ones, whichever they are called.
func (e *Eval) MapReach(m Stretch, cube Cube) (w1, w2 *big.Rat, err error) {
	if err := cube.check(cube.Dim); err != nil {
		return nil, nil, err
	}
	if m.Kink == nil || m.Kink.Sign() <= 0 {
		return nil, nil, &ArgumentError{"kink", text(m.Kink), "a positive number"}
	}
	kink, radius := e.Rat(m.Kink), e.Rat(cube.Radius)
	// |h(z)| = Low |z| + (Lip - Low) kink beyond the kink.
	inner := Piece{From: e.Int(0), To: kink, Scale: m.Lip, Offset: e.Neg(radius)}
	outer := Piece{From: kink, Endless: true, Scale: m.Low, Offset: e.Sub(e.Mul(e.Sub(m.Lip, m.Low), kink), radius)}
	j := len(cube.Signs)
	groups := []Group{{Count: j, Pieces: []Piece{inner, outer}}, e.normalGroup(cube.Dim-j, m.Low, e.Int(0))}
	w1, w2 = upper(e.MeanRoot(groups)), upper(e.Root(e.MeanSquare(groups)))
	return w1, w2, e.Err()
}
