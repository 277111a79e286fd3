package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"flowproof/internal/printable"
)

const (
	oddTargets     = "../../testdata/targets/odd/"
	oddCheckpoints = "../../testdata/checkpoints/odd/"
)

// TestRefusedFiles: the whole text that a user gets.
func TestRefusedFiles(t *testing.T) {
	for args, want := range map[string]string{
		"-target " + oddTargets + "npy-dup-descr.npy":                 oddTargets + "npy-dup-descr.npy: has the key descr twice in its NumPy header, so that two arrays could be meant",
		"-target " + oddCheckpoints + "npz-dup.npz":                   oddCheckpoints + `npz-dup.npz: has two members with the name "a.npy", so that two arrays could be meant`,
		"-target " + oddCheckpoints + "npz-crc.npz":                   oddCheckpoints + "npz-crc.npz: a: has a wrong checksum (CRC-32): the file is damaged, or was saved without checksums",
		"-target " + oddCheckpoints + "header-of-4GB.npz":             oddCheckpoints + "header-of-4GB.npz: a: declares a NumPy header of 4294967295 bytes, want 10000 or less",
		"inspect " + oddCheckpoints + "npz-header-length.npz":         oddCheckpoints + "npz-header-length.npz: a: declares a NumPy header of 4294967295 bytes, want 10000 or less",
		"-target " + oddCheckpoints + "dup-key.safetensors":           oddCheckpoints + `dup-key.safetensors: has a bad safetensors header: it has the key "w" twice, so that two tensors could be meant`,
		"-target " + oddCheckpoints + "fp8-beside.safetensors -key q": oddCheckpoints + `fp8-beside.safetensors: q: has type "F8_E4M3", want floats of 16 to 64 bits, integers or Booleans`,
	} {
		var code int
		var out, errs string
		bytes := allocated(func() { code, out, errs = call(strings.Fields(args)...) })
		if code != exitUsage || out != "" || errs != "verify: "+want+"\n" {
			t.Errorf("verify %s: exit %d, %s%q, want %q", args, code, out, errs, want)
		}
		if bytes > 1<<20 {
			t.Errorf("verify %s: %d bytes", args, bytes)
		}
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestListIsBounded: large matrices are listed by their shape alone.
func TestListIsBounded(t *testing.T) {
	var out string
	bytes := allocated(func() { _, out, _ = call("inspect", oddCheckpoints+"bc4.pt") })
	if strings.Count(out, "[1000 1000]  F64   matrix  ?    ?") != 4 || bytes > 1<<20 {
		t.Errorf("%d bytes\n%s", bytes, out)
	}
	_, out, _ = call("inspect", oddCheckpoints+"fp8-beside.safetensors")
	if !strings.Contains(out, "w    [2 2]  F32      matrix  positive  1\n") || !strings.Contains(out, `q    [2 2]  F8_E4M3  unreadable: has type "F8_E4M3"`) {
		t.Errorf("%s", out)
	}
	// A singular matrix whose entries span the range of float64 takes minutes.
	const n = 160
	header := fmt.Sprintf(`{"w":{"dtype":"F64","shape":[%d,%d],"data_offsets":[0,%d]}}`, n, n, 8*n*n)
	wide := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	for k := range n * n {
		i, j := k/n, max(k%n, 1)
		v := math.Ldexp(1+float64(i*j%7), (i*i+3*j*j*i)%2000-1000)
		wide = binary.LittleEndian.AppendUint64(wide, math.Float64bits(v))
	}
	path := filepath.Join(t.TempDir(), "wide.safetensors")
	if err := os.WriteFile(path, wide, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, out, _ := call("inspect", path); !strings.Contains(out, "matrix  ?    ?") || !strings.Contains(out, tooMuchWork) {
		t.Errorf("%s", out)
	}
	work := int64(listWork)
	l := listing{Shape: []int{listDim, listDim, 1, 1}}
	count := 0
	for l.affordable(&work) {
		count++
	}
	if l.Shape[0]++; count != listWork/(listDim*listDim*listDim) || l.affordable(&work) {
		t.Errorf("%d matrices of dimension %d", count, listDim)
	}
}

// TestNamesForgeNothing: a name in a file, or of one, is one line of what can be
// seen, wherever it is printed.
func TestNamesForgeNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	const evil = "a\nb  [2 2]  F64\x1b[2J\u009b1m\u202egpj\u200b\u2066\ufeff\t\U000e0041\x7f"
	key, _ := json.Marshal(evil)
	header := fmt.Sprintf(`{%s:{"dtype":"F64","shape":[2,2],"data_offsets":[0,32]}}`, key)
	data := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	for _, v := range []float64{0, -1, 1, 0} {
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
	}
	path := strings.ReplaceAll(evil, "\x1b", "\x1b\x9b") // and a byte that is no UTF-8
	for name, content := range map[string]string{
		path + ".safetensors": string(data), path + ".csv": "0,-1\n1,0\n", path + ".bad.csv": "1,2\n",
	} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const row = "a\\u000ab  [2 2]  F64\\u001b"
	for _, c := range []struct {
		args  []string
		lines int // that have the name in them
	}{
		{[]string{"inspect", path + ".safetensors"}, 1},
		{[]string{"-target", path + ".safetensors", "-all"}, 1},
		{[]string{"-target", path + ".safetensors"}, 1},
		{[]string{"-target", path + ".safetensors", "-key", "none"}, 1},
		{[]string{"-target", path + ".csv", "-o", path + ".cert"}, 1},
		{[]string{"-target", path + ".csv", "-d", "3"}, 1},
		{[]string{"-target", path + ".bad.csv"}, 1},
		{[]string{path + ".csv", path + ".bad.csv"}, 2},
		{[]string{"check", path + ".cert"}, 1},
		{[]string{"check", path + ".csv"}, 1},
		{[]string{"check", path + ".none"}, 1},
		{[]string{"export", "-target", path + ".csv", "-o", path + ".npz"}, 1},
		{[]string{"-target", path + ".csv", "-image", path + ".png"}, 1},
		{[]string{"-d", "4", "-o", path + "/x.npz"}, 1},
		{[]string{"inspect", path + ".safetensors", "-json"}, -1},
		{[]string{"-json", path + ".csv"}, -1},
	} {
		_, out, errs := call(c.args...)
		both := out + errs
		for _, r := range both {
			if r != '\n' && (unicode.Is(unicode.C, r) || r == '\ufffd') {
				t.Errorf("%q: %U in %q", c.args, r, both)
			}
		}
		if n := strings.Count(both, row); c.lines >= 0 && n < c.lines {
			t.Errorf("%q: the name is there %d times, want %d\n%s", c.args, n, c.lines, both)
		}
		for _, line := range strings.Split(both, "\n") {
			if strings.HasPrefix(line, "b  [2 2]") {
				t.Errorf("%q: a forged row\n%s", c.args, both)
			}
		}
	}
}

// TestSpinnerIsClean: the line on the terminal, too.
func TestSpinnerIsClean(t *testing.T) {
	s := &spinner{what: make(chan string, 1)}
	s.say("checking a\n\x1b[2J\u202e")
	if got, want := <-s.what, "checking "+printable.Line("a\n\x1b[2J\u202e"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestOutputFiles: -o leaves alone what is no file, before any work is done, and
// keeps links and modes.
func TestOutputFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := syscall.Mkfifo("pipe.npz", 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real.npz", "link.npz"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("real.npz", []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"-d", "4"}, {"export", "-d", "4"}} {
		code, _, errs := call(append(command, "-o", "pipe.npz")...)
		if code != exitUsage || errs != "verify: -o: pipe.npz: is a named pipe, want the name of a file\n" {
			t.Errorf("%v: exit %d, %s", command, code, errs)
		}
		if code, _, errs := call(append(command, "-o", "link.npz")...); code != exitOK {
			t.Errorf("%v: exit %d, %s", command, code, errs)
		}
	}
	link, err1 := os.Lstat("link.npz")
	file, err2 := os.Lstat("real.npz")
	if err1 != nil || err2 != nil || link.Mode()&os.ModeSymlink == 0 || file.Mode().Perm() != 0o600 || file.Size() < 100 {
		t.Errorf("%v, %v, %v, %v", link, err1, file, err2)
	}
	long := strings.Repeat("n", 251) + ".npz"
	if code, _, errs := call("-d", "4", "-o", long); code != exitOK {
		t.Errorf("exit %d, %s", code, errs)
	}
	if left, err := filepath.Glob(".*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
