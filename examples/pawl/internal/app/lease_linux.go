package app

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"sync"
)

// place names what process numbers are counted in: this boot of this machine, and the container.
// Hosts of the same name are told apart by it. "" is unknown.
var place = sync.OnceValue(func() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(append(boot, namespace...))
	return hex.EncodeToString(sum[:4])
})
