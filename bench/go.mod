module yinit/bench

go 1.26.0

require (
	golang.org/x/sys v0.49.0
	yinit v0.0.0
)

replace yinit => ../
