module github.com/gopawl/pawl/test/identity

go 1.25.0
