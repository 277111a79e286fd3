//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package atomicfile

import (
	"os"
	"syscall"
)

func endings() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

// Without locks nothing tells a leftover from a file that is being written.

func lock(*os.File) bool      { return true }
func abandoned(*os.File) bool { return false }
