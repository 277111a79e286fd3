package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestBindCertificate: a certificate is about the matrix of a file, or of another one.
func TestBindCertificate(t *testing.T) {
	distanceCert, err := filepath.Abs("../../testdata/certificates/distance/square.cert")
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := filepath.Abs("../../testdata/checkpoints/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"turn.csv": "0,-1\n1,0\n", "other.csv": "0,-1\n1,1e-300\n", "same.txt": "0 -1\n1 0\n", "list.txt": "1\n2\n0\n", "swap.csv": "0,1\n1,0\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range []string{"turn.csv -o turn.cert", "list.txt -o images.cert", "list.txt -perm-as index -o index.cert",
		checkpoint + " -key flow.lu -o lu.cert", "swap.csv -det flip -o flip.cert", "swap.csv -det flip=1 -o flip1.cert", "swap.csv -det pad -o pad.cert"} {
		if code, _, errs := call(strings.Fields(args)...); code != exitOK {
			t.Fatal(errs)
		}
	}
	for args, want := range map[string]int{
		"-target turn.csv turn.cert": exitOK, "-target same.txt turn.cert": exitOK, "turn.cert -target other.csv": exitNot,
		"-target list.txt images.cert": exitOK, "-target list.txt index.cert": exitNot,
		"-target list.txt -perm-as index index.cert": exitOK, "-target list.txt -perm-as index images.cert": exitNot,
		"-target list.txt index.cert images.cert": exitNot, "-key x turn.cert": exitUsage, "-target none.csv turn.cert": exitUsage,
		"-target " + checkpoint + " -key flow.lu lu.cert": exitOK, "-target " + checkpoint + " -key flow.lu turn.cert": exitNot,
		"-target " + checkpoint + " lu.cert": exitUsage,
		"-target swap.csv flip.cert":         exitNot, "-target swap.csv pad.cert": exitNot, "-target swap.csv -det flip flip.cert": exitOK,
		"-target swap.csv -det pad pad.cert": exitOK, "-target swap.csv -det flip=1 flip1.cert": exitOK, "-target swap.csv -det flip flip1.cert": exitNot,
		"-target swap.csv -det pad flip.cert": exitNot, "-target turn.csv -det flip turn.cert": exitOK, "-det pad turn.cert": exitUsage,
		"-target swap.csv -det over flip.cert": exitUsage, "-target reverse turn.cert": exitUsage,
	} {
		code, out, errs := call(append([]string{"check"}, strings.Fields(args)...)...)
		if code != want || (code == exitNot) != strings.Contains(out, "another target") || (code == exitUsage) != (errs != "") {
			t.Errorf("check %s: exit %d, want %d\n%s%s", args, code, want, out, errs)
		}
	}
	_, out, _ := call("check", "-target", "swap.csv", "flip.cert")
	if !strings.Contains(out, "made with -det flip or -det pad") {
		t.Error(out)
	}
	_, built, _ := call("turn.csv", "-json")
	_, again, _ := call("check", "-json", "turn.cert")
	sha := regexp.MustCompile(`"target_sha256": "[0-9a-f]{64}"`)
	if a := sha.FindString(built); a == "" || a != sha.FindString(again) {
		t.Errorf("the report has %q, the certificate %q", a, sha.FindString(again))
	}
	code, _, errs := call("check", "-target", "reverse", "turn.cert")
	if code != exitUsage || !strings.Contains(errs, "reverse: is a named target and no file") {
		t.Error(errs)
	}
	code, out, errs = call("check", "-target", "turn.csv", "turn.cert", distanceCert)
	if code != exitUsage || !strings.Contains(errs, distanceCert+" is about a Wasserstein distance") || !strings.HasPrefix(out, "accepted turn.cert") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	_, out, _ = call("check", "-target", "turn.csv", "turn.cert", "turn.cert", "flip.cert", "none.cert", "pad.cert")
	if !strings.HasSuffix(out, "\n5 certificates: 3 accepted, 1 rejected, 0 undecided, 1 not read\n") {
		t.Error(out)
	}
	_, out, _ = call("check", "turn.cert", "turn.cert")
	if !strings.HasSuffix(out, "\n2 certificates: 2 accepted, 0 rejected, 0 undecided, 0 not read\n") {
		t.Error(out)
	}
}

// TestStandardInput: text and a checkpoint, both through a pipe.
func TestStandardInput(t *testing.T) {
	model, err := os.ReadFile("../../testdata/checkpoints/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, input, want string }{
		{"-", "0.6,-0.8\n0.8,0.6\n", "standard input, n = 2"},
		{"-target -", "0.6,-0.8\n0.8,0.6\n", "standard input, n = 2"},
		{"- -key flow.lu", string(model), "standard input:flow.lu, n = 4"},
	} {
		var out, errs bytes.Buffer
		if code := run(strings.Fields(c.args), strings.NewReader(c.input), &out, &errs); code != exitOK || !strings.HasPrefix(out.String(), c.want) {
			t.Errorf("%s: exit %d\n%s%s", c.args, code, out.String(), errs.String())
		}
	}
}

// TestManyOutputs: one run writes every format, each with the options that it takes.
func TestManyOutputs(t *testing.T) {
	t.Chdir(t.TempDir())
	var args []string
	for _, ext := range extensions() {
		args = append(args, "-o", "flow"+ext)
	}
	for _, command := range []string{"build", "export"} {
		code, out, errs := call(append([]string{command, "-d", "4", "-dtype", "float32", "-inverse"}, args...)...)
		if code != exitOK || errs != "" || !strings.Contains(out, "flow.onnx: onnx, float32, the inverse") || !strings.Contains(out, "flow.npz: npz") {
			t.Errorf("%s: exit %d\n%s%s", command, code, out, errs)
		}
		for _, ext := range extensions() {
			if err := os.Remove("flow" + ext); err != nil {
				t.Error(err)
			}
		}
	}
}
