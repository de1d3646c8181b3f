// Command pawl rolls out what a Deployment's manifest asks for, watches it and takes it back, on a
// cluster embedded in a file or on a real one.
package main

import (
	"os"

	"github.com/gopawl/pawl/examples/pawl/internal/cli"
)

func main() { os.Exit(cli.Main()) }
