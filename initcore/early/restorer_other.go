//go:build !amd64

package early

const restorerFlag = 0
