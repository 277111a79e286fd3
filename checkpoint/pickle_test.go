package checkpoint

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
)

// TestPicklesAreCut: each pickle of a stream, and where the next one starts.
func TestPicklesAreCut(t *testing.T) {
	p := newPickles(strings.NewReader("\x80\x02K.." + "\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00\x8c\x01.." + "ca\nb\n." + "rest"))
	at := int64(0)
	for _, c := range []struct {
		size int64
		want string
	}{{5, "\x80\x02K.."}, {15, "\x80\x04\x8c\x01.."}, {6, "X\x01\x00\x00\x00aX\x01\x00\x00\x00b\x86Q."}} {
		raw, err := p.next(100)
		at += c.size
		if err != nil || string(raw) != c.want || p.at != at {
			t.Errorf("%q up to %d, %v; want %q up to %d", raw, p.at, err, c.want, at)
		}
	}
	if raw, err := p.next(100); err == nil {
		t.Errorf("%q, want an error", raw)
	}
}

// TestPickleBombs: short pickles that ask for much memory, or for much work if
// each of their instructions were paid for at its length. All are refused, or
// decoded as the few values that they are, in little memory.
func TestPickleBombs(t *testing.T) {
	const million = 1 << 20
	long := "X\x00\x00\x10\x00" + strings.Repeat("k", million) + "q\x00" // memo 0
	entries := "(" + strings.Repeat("K\x01N", million/4) + "u"
	for name, c := range map[string]struct{ pickle, want string }{
		"text":          {"X\xff\xff\xff\xff.", "more than"},
		"long text":     {"\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.", "more than"},
		"wide text":     {"\x8d\x00\x00\x00\x00\x00\x01\x00\x00.", "more than"},
		"bytes":         {"B\xff\xff\xff\x7f.", "more than"},
		"text cut":      {"X\x00\x00\x00\x03.", "truncated"},
		"frame":         {"\x95\xff\xff\xff\xff\xff\xff\xff\x7f.", "stack is empty"}, // frames are not looked at
		"integer":       {"\x8b\xff\xff\xff\x7f.", "unknown instruction"},
		"digits":        {"L" + strings.Repeat("9", million) + "L\n.", "line of more"},
		"marks":         {strings.Repeat("(", 4*million) + ".", "MiB"},
		"dictionaries":  {strings.Repeat("}", 4*million) + ".", "MiB"},
		"nones":         {strings.Repeat("N", 8*million) + ".", "MiB"},
		"contains self": {"]q\x00(h\x00h\x00h\x00h\x00h\x00h\x00h\x00h\x00e.", "contains itself"},
		"own key":       {"}(]q\x01h\x01aNu.", "no tensors"},
		"own name":      {"]q\x01h\x01aU\x01x\x93.", "malformed"},
		"doubled key":   {"}U\x01x" + strings.Repeat("2\x86", 60) + "Ns.", "no tensors"},
		"long keys":     {"}" + long + "0(" + strings.Repeat("h\x00N", 1000) + "u.", "key of more"},
		"many keys":     {"]q\x00(" + strings.Repeat("N", 400000) + "e0}U\xff" + strings.Repeat("n", 255) + "h\x00s.", "bytes of keys"},
		"attributes":    {dict + ")R}q\x00" + entries + "0" + strings.Repeat("h\x00b", million/2) + ".", "no tensors"},
		"pairs":         {dict + "q\x01](" + strings.Repeat("](NNe", 1000) + "eq\x02\x85R0" + strings.Repeat("h\x01h\x02\x85R0", million/8) + "}.", "no tensors"},
		"long error":    {dict + long + "\x85R.", "malformed"},
		"foreign error": {long + ")\x81.", "NEWOBJ"},
		"long name":     {long + "h\x00\x93.", "it names kkk"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := func() error {
			raw, err := newPickles(bytes.NewReader([]byte("\x80\x02" + c.pickle))).next(maxPickle)
			if err != nil {
				return err
			}
			root, err := unpickle(raw, noStorages)
			if err != nil {
				return err
			}
			_, err = dictionaryFile(root)
			return err
		}()
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 300 {
			t.Errorf("%s: %.400v, want %q", name, err, c.want)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 2*maxMemory {
			t.Errorf("%s: %d MiB", name, took>>20)
		}
	}
}

// TestOrderedDict reads a dictionary as Python 2 and as Python 3 pickle it.
func TestOrderedDict(t *testing.T) {
	for name, pickle := range map[string]string{
		"Python 2": dict + "](](U\x01aK\x01e](U\x01bK\x02ee\x85R.",
		"Python 3": dict + ")R(U\x01aK\x01U\x01bK\x02u}U\x09_metadataNsb.",
	} {
		raw, err := newPickles(strings.NewReader("\x80\x02" + pickle)).next(maxPickle)
		if err != nil {
			t.Fatal(err)
		}
		v, err := unpickle(raw, noStorages)
		if err != nil {
			t.Fatal(err)
		}
		d, ok := v.(*dictionary)
		if !ok || d.Len() != 2 || d.MustGet("a") != 1 || d.MustGet("b") != 2 {
			t.Errorf("%s: %v", name, v)
		}
	}
	for _, args := range []string{"N\x85", "]N\x86", "]Na\x85", "]]aq\x00\x85"} {
		raw, err := newPickles(strings.NewReader("\x80\x02" + dict + args + "R.")).next(maxPickle)
		if err == nil {
			_, err = unpickle(raw, noStorages)
		}
		if err == nil || !strings.Contains(err.Error(), "malformed") {
			t.Errorf("OrderedDict %q: %v", args, err)
		}
	}
}
