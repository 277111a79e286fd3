package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"flowproof/checkpoint"
	"flowproof/targets"
)

// input is a target to come.
type input struct {
	name string
	load func() (*targets.Target, error)
}

// many tells whether the command line names more targets than one, whatever the
// checkpoints hold.
func (s *source) many(files []string) bool { return s.all || len(files) > 1 }

// inputs lists the targets that -target or the files on the command line name. done
// closes what they are read from.
func (s *source) inputs(files []string, stdin io.Reader) (ins []input, done func(), err error) {
	var open []func() error
	closeAll := func() {
		for _, f := range open {
			f()
		}
	}
	defer func() {
		if err != nil {
			closeAll()
		}
	}()
	if err := s.checkInput(files); err != nil {
		return nil, nil, err
	}
	if err := s.checkConstruction(); err != nil {
		return nil, nil, err
	}
	if len(files) == 0 && targets.Known(s.target) {
		load, err := s.named()
		return []input{{s.target, s.checked(load, false)}}, closeAll, err
	}
	if len(files) == 0 {
		files = []string{s.target}
	}
	for _, path := range files {
		f, err := openInput(path, stdin)
		if err != nil && s.many(files) && !s.all { // one of many that may be read
			ins = append(ins, input{path, func() (*targets.Target, error) { return nil, err }})
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		open = append(open, f.close)
		one, err := s.targetsOf(f, len(files))
		if err != nil {
			return nil, nil, err
		}
		ins = append(ins, one...)
	}
	return ins, closeAll, nil
}

// targetOptionNames are the flags that particular named targets take.
func targetOptionNames() []string {
	return []string{"perm", "angle", "shape", "cond", "max-entry", "unscaled"}
}

// checkInput refuses flags that do not go with each other.
func (s *source) checkInput(files []string) error {
	if len(files) > 0 && s.given("target") {
		return errors.New("-target and FILE both name the target: want one of them")
	}
	isFile := len(files) > 0 || !targets.Known(s.target)
	for _, name := range targetOptionNames() {
		if isFile && s.given(name) {
			return fmt.Errorf("-%s: goes with a named target, not with a file", name)
		}
	}
	switch {
	case s.many(files) && s.key != "":
		return errors.New("-key: names one tensor of one checkpoint, and goes neither with -all nor with several files")
	case s.many(files) && s.given("d"):
		return errors.New("-d: goes with one target; many have their own dimensions")
	case !isFile && s.key != "":
		return errors.New("-key: goes with a checkpoint, as in -target model.safetensors -key NAME")
	case !isFile && s.all:
		return errors.New("-all: goes with a checkpoint, as in -target model.safetensors -all")
	}
	return nil
}

// named makes the named target.
func (s *source) named() (func() (*targets.Target, error), error) {
	opt, err := s.targetOptions()
	if err != nil {
		return nil, err
	}
	if !s.given("d") && opt.Perm == nil {
		return nil, fmt.Errorf("-d: missing, want the dimension of %s", s.target)
	}
	return func() (*targets.Target, error) { return targets.Make(s.target, s.d, s.seed, opt) }, nil
}

// opened is a file, or standard input, that is a checkpoint or one target.
type opened struct {
	name       string
	checkpoint *checkpoint.File // nil for one target
	load       func() (*targets.Target, error)
	close      func() error
}

// stdinName is what standard input is called in reports and errors.
const stdinName = "standard input"

// openInput opens a file, or standard input if the path is a dash. What the file
// holds decides whether it is a checkpoint, or for want of its marks the name.
func openInput(path string, stdin io.Reader) (*opened, error) {
	if path == "-" {
		return readInput(stdin)
	}
	head, err := headOf(path)
	if err == nil && (checkpoint.Recognised(head) || checkpointName(path)) {
		f, err := checkpoint.Open(path)
		if err != nil {
			return nil, err
		}
		return &opened{name: path, checkpoint: f, close: f.Close}, nil
	}
	if err != nil && !strings.ContainsAny(path, `./\`) && errors.Is(err, os.ErrNotExist) {
		return nil, noTarget(path)
	}
	return &opened{name: path, load: func() (*targets.Target, error) { return targets.Load(path) }, close: func() error { return nil }}, nil
}

// noTarget is the error for a word that names neither a file nor a target.
func noTarget(word string) error {
	if targets.Known(word) {
		return fmt.Errorf("%s: is a named target and no file, want a file with the matrix", word)
	}
	_, err := targets.Make(word, 2, 1, targets.Options{})
	return fmt.Errorf("%w (verify list targets shows them)", err)
}

func checkpointName(path string) bool {
	lower := strings.ToLower(path)
	for _, ext := range []string{".npz", ".safetensors", ".pt", ".pth"} {
		if strings.HasSuffix(lower, ext) {
			return true
		}
	}
	return false
}

// headOf returns the first bytes of a regular file.
func headOf(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe waits for who writes
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, checkpoint.HeadSize)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	return head[:n], nil
}

// readInput reads standard input, all of it.
func readInput(stdin io.Reader) (*opened, error) {
	data, err := io.ReadAll(io.LimitReader(stdin, targets.MaxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: cannot be read: %w", stdinName, err)
	case len(data) > targets.MaxFile:
		return nil, fmt.Errorf("%s: has more than %d bytes", stdinName, targets.MaxFile)
	}
	r := bytes.NewReader(data)
	if checkpoint.Recognised(data[:min(len(data), checkpoint.HeadSize)]) {
		f, err := checkpoint.Read(r, r.Size(), stdinName)
		if err != nil {
			return nil, err
		}
		return &opened{name: stdinName, checkpoint: f, close: f.Close}, nil
	}
	load := func() (*targets.Target, error) { return targets.Read(r, r.Size(), stdinName) }
	return &opened{name: stdinName, load: load, close: func() error { return nil }}, nil
}

// targetsOf lists the targets that are wanted of a file, one of so many.
func (s *source) targetsOf(f *opened, files int) ([]input, error) {
	many := s.all || files > 1
	if f.checkpoint == nil {
		if s.key != "" {
			return nil, fmt.Errorf("-key: %s is no checkpoint, and holds one target", f.name)
		}
		return []input{{f.name, s.checked(f.load, many)}}, nil
	}
	keys := []string{s.key}
	if s.key == "" {
		keys = nil
		for _, t := range f.checkpoint.Candidates() {
			keys = append(keys, t.Key)
		}
		if len(keys) != 1 && !s.all {
			return nil, fmt.Errorf("-key: missing, %s holds %d matrices and permutations (verify inspect shows them, -all takes all)", f.name, len(keys))
		}
	}
	var ins []input
	for _, key := range keys {
		name := key
		if files > 1 {
			name = f.name + ":" + key
		}
		ins = append(ins, input{name, s.checked(func() (*targets.Target, error) { return tensor(f.checkpoint, key) }, many)})
	}
	return ins, nil
}

// tensor reads a target of a checkpoint.
func tensor(f *checkpoint.File, key string) (*targets.Target, error) {
	t, err := f.Target(key)
	if errors.Is(err, checkpoint.ErrNoKey) {
		return nil, fmt.Errorf("-key: %w (verify inspect shows those that there are)", err)
	}
	return t, err
}

// checked reads a target as -d and -perm-as have it; of many targets, -perm-as is
// about the lists among them.
func (s *source) checked(load func() (*targets.Target, error), many bool) func() (*targets.Target, error) {
	return func() (*targets.Target, error) {
		t, err := load()
		if err != nil {
			return nil, err
		}
		if s.given("d") && s.d != t.Dim {
			return nil, fmt.Errorf("-d: %d, but %s has dimension %d", s.d, t.Name, t.Dim)
		}
		switch {
		case s.permAs != "images" && s.permAs != "index":
			return nil, fmt.Errorf("-perm-as: %q, want images or index", s.permAs)
		case s.given("perm-as") && !t.List && !many:
			return nil, fmt.Errorf("-perm-as: %s is a matrix, which says by itself what goes where; want a list of numbers", t.Name)
		case s.permAs == "index" && t.List:
			return t.Indexing()
		}
		return t, nil
	}
}
