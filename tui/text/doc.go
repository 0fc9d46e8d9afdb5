// Package text formats what yinit shows to the user: foreign text in ASCII, text cut
// and wrapped to the cells of a terminal, ages, amounts, how a process ended, and
// sets of signals.
//
// [yinit/procfs.Printable], which makes foreign text safe, and
// [yinit/procfs.Span], which formats durations, are in procfs because the init needs
// them too and must not import this package.
package text
