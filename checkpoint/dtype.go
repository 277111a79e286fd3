package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// element decodes one kind of number from little-endian bytes.
type element struct {
	width   int
	integer bool
	decode  func([]byte) float64
}

// elements maps the names that safetensors and PyTorch storages use.
var elements = map[string]element{
	"F64": {8, false, func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }},
	"F32": {4, false, func(b []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))) }},
	"F16": {2, false, func(b []byte) float64 { return half(binary.LittleEndian.Uint16(b)) }},
	"BF16": {2, false, func(b []byte) float64 {
		return float64(math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16))
	}},
	"I64": {8, true, func(b []byte) float64 { return float64(int64(binary.LittleEndian.Uint64(b))) }},
	"I32": {4, true, func(b []byte) float64 { return float64(int32(binary.LittleEndian.Uint32(b))) }},
	"I16": {2, true, func(b []byte) float64 { return float64(int16(binary.LittleEndian.Uint16(b))) }},
	"I8":  {1, true, func(b []byte) float64 { return float64(int8(b[0])) }},
	"U8":  {1, true, func(b []byte) float64 { return float64(b[0]) }},

	"BOOL": {width: 1}, // its numbers are not read
}

// integerType reports whether entries of the named type are integers.
func integerType(dtype string) bool {
	if e, ok := elements[dtype]; ok {
		return e.integer
	}
	t := strings.TrimLeft(dtype, "<>=|")
	return strings.HasPrefix(t, "i") || strings.HasPrefix(t, "u") // NumPy
}

// half decodes an IEEE half-precision number.
func half(h uint16) float64 {
	sign := 1.0
	if h>>15 == 1 {
		sign = -1
	}
	exp, frac := int(h>>10)&31, float64(h&1023)
	switch exp {
	case 0:
		return sign * math.Ldexp(frac, -24)
	case 31:
		if frac != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+frac, exp-25)
}

// decode reads all entries. An integer beyond 2^53 is refused: float64 does not
// hold it.
func decode(raw []byte, e element) (*array, error) {
	a := &array{data: make([]float64, len(raw)/e.width), integer: e.integer}
	for k := range a.data {
		v := e.decode(raw[k*e.width:])
		if e.integer && math.Abs(v) > 1<<53 {
			return nil, fmt.Errorf("entry %d is %g, want integers up to 2^53", k, v)
		}
		a.data[k] = v
	}
	return a, nil
}
