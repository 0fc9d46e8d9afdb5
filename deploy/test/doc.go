// Package test checks what is in deploy with the types of Kubernetes and the parsers of Prometheus,
// and runs the exporter beside Docker and a real Prometheus. It is a module of its own, so that
// yinit does not depend on these. make fleet runs it.
package test
