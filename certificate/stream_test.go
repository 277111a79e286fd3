package certificate_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/iotest"
	"weak"

	"flowproof/certificate"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/verify/engine"
)

// A layer is handed over before anything after it is read.
func TestLayersComeAsTheyAreRead(t *testing.T) {
	for _, s := range samples() {
		data, want := write(t, s.c), 0
		for at := range data {
			if !bytes.HasPrefix(data[at:], []byte("\nlayer ")) && !bytes.HasPrefix(data[at:], []byte("\ntarget ")) {
				continue
			}
			var layers []coupling.Layer
			r := io.MultiReader(bytes.NewReader(data[:at+1]), iotest.ErrReader(errDisk))
			_, err := certificate.Check(r, certificate.DefaultLimits(), engine.New, func(l coupling.Layer) { layers = append(layers, l) })
			if !errors.Is(err, errDisk) || len(layers) != want {
				t.Errorf("%s, up to byte %d: %d layers, want %d; %v", s.name, at, len(layers), want, err)
			}
			want++
		}
		if want != len(s.c.Flow.Layers())+1 {
			t.Errorf("%s: %d places to stop at", s.name, want)
		}
	}
}

// Nobody keeps the layers that were multiplied already.
func TestLayersAreForgotten(t *testing.T) {
	data := write(t, exact("six layers", denseFlow(64)))
	var weights []weak.Pointer[exactmath.Floats]
	_, err := certificate.Check(bytes.NewReader(data), certificate.DefaultLimits(), engine.New, func(l coupling.Layer) {
		w, ok := l.Weight().(*exactmath.Floats)
		if !ok {
			t.Fatalf("a weight is a %T", l.Weight())
		}
		weights = append(weights, weak.Make(w))
		runtime.GC()
		for k, w := range weights[:len(weights)-1] {
			if w.Value() != nil {
				t.Errorf("layer %d is kept when layer %d is read", k+1, len(weights))
			}
		}
	})
	if err != nil || len(weights) != 6 {
		t.Errorf("%d layers, %v", len(weights), err)
	}
}
