package suite

import "flag"

// Parallel lets so many tests of a package run at a time, for they mostly wait. Call it before [Main]. The
// flag -parallel comes first.
func Parallel(n string) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if given {
		return
	}
	if err := flag.Set("test.parallel", n); err != nil {
		panic(err) // not a number
	}
}
