package targets_test

import (
	"fmt"

	"flowproof/targets"
)

func ExampleMake() {
	t, err := targets.Make("shuffle", 6, 0, targets.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.Perm, "even:", targets.Even(t.Perm))
	_, err = targets.Make("hadamrad", 8, 0, targets.Options{})
	fmt.Println(err)
	// Output:
	// [0 2 4 1 3 5] even: false
	// unknown target "hadamrad": did you mean "hadamard"?
}

func ExamplePad() {
	t, _ := targets.Make("reverse", 2, 0, targets.Options{})
	p, _ := targets.Pad(t)
	for i := range p.Dim {
		fmt.Println(p.Matrix.At(i, 0).RatString(), p.Matrix.At(i, 1).RatString(), p.Matrix.At(i, 2).RatString())
	}
	// Output:
	// 0 1 0
	// 1 0 0
	// 0 0 -1
}

func ExampleLoad() {
	t, err := targets.Load("../testdata/targets/numpy/permutation-int64.npy")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.Dim, t.Perm, t.Note)
	_, err = targets.Load("../testdata/targets/numpy/bad-nan.npy")
	fmt.Println(err)
	// Output:
	// 7 [1 4 0 3 6 2 5] NumPy <i8, permutation
	// ../testdata/targets/numpy/bad-nan.npy: entry [2, 3]: is NaN, want a finite number
}
