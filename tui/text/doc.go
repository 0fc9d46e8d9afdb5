// Package text has the words and the measures of what yinit shows to people:
// foreign text in ASCII, text cut and wrapped by the cells of a terminal, ages,
// amounts, how a process ended, and sets of signals.
//
// Making foreign text safe is [yinit/procfs.Printable], and the time that
// something took is [yinit/procfs.Span]: the init, which must not import this
// package, needs them too.
package text
