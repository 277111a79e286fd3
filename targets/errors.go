package targets

import (
	"errors"
	"fmt"
)

// ErrUnknown is wrapped by the error for a name that no target has.
var ErrUnknown = errors.New("unknown target")

// UnknownError names a target that does not exist, and the nearest that does.
type UnknownError struct {
	Name    string
	Nearest string // empty if none is near
}

func (e *UnknownError) Error() string {
	if e.Nearest == "" {
		return fmt.Sprintf("unknown target %q: want one of the named targets, or the path of a .npy, .mtx, .csv or .txt file", e.Name)
	}
	return fmt.Sprintf("unknown target %q: did you mean %q?", e.Name, e.Nearest)
}

// Unwrap returns ErrUnknown.
func (e *UnknownError) Unwrap() error { return ErrUnknown }

// DimensionError reports a dimension in which a target does not exist, or for
// which there is not enough memory.
type DimensionError struct {
	Target string // name or path
	Dim    int
	Want   string
}

func (e *DimensionError) Error() string {
	return fmt.Sprintf("%s: dimension %d, want %s", e.Target, e.Dim, e.Want)
}

// OptionError reports an option that a target does not have, or a value that it
// does not take.
type OptionError struct {
	Target string
	Option string // the name in Info.Options
	Reason string
}

func (e *OptionError) Error() string {
	return fmt.Sprintf("%s: option %s %s", e.Target, e.Option, e.Reason)
}

// FileError reports a file that holds no target.
type FileError struct {
	Path   string
	Where  string // the row, column or entry; empty if it is the whole file
	Reason string // what is wrong, and what would be right
	Err    error  // the cause, where there is one to inspect; else nil
}

func (e *FileError) Error() string {
	s := e.Reason
	if e.Where != "" {
		s = e.Where + ": " + s
	}
	if e.Path != "" {
		s = e.Path + ": " + s
	}
	return s
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// PermutationError reports a list that is not a permutation.
type PermutationError struct {
	Entry  int // 0-based index of the first entry at fault
	Reason string
}

func (e *PermutationError) Error() string {
	return fmt.Sprintf("entry %d of the permutation (counted from 0): %s", e.Entry, e.Reason)
}
