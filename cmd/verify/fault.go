package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
)

// stackVariable is the environment variable that, if not empty, makes a fault of
// the program print where it happened.
const stackVariable = "FLOWPROOF_STACK"

// faultError is a panic, made an error: the program is wrong, not its input.
type faultError struct {
	value any
	stack []byte
}

func (e *faultError) Error() string {
	return fmt.Sprintf("this is a fault of the program, not of the input: %v (%s=1 shows where)", e.value, stackVariable)
}

// guarded calls f and returns its error, or a *faultError if it panics.
func guarded(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &faultError{v, debug.Stack()}
		}
	}()
	return f()
}

// stackOf returns where a fault happened, if err is one and it was asked for.
func stackOf(err error) string {
	var f *faultError
	if errors.As(err, &f) && os.Getenv(stackVariable) != "" {
		return string(f.stack)
	}
	return ""
}
