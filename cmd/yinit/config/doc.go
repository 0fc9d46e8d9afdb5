// Package config turns what a user says into what yinit does: the command line,
// the environment, the TOML file and the directory of programs become an
// [initcore.Config], and the words after a command become that command's options.
//
// One table describes every option: [InitOptions] for the init, [Commands] for
// the commands. The parser, the help, the completion scripts, the man page
// yinit(1) and the tables in README.md are made from it.
//
// The parser is our own, about 120 lines in getopt.go. PID 1 runs the
// initialisers of everything that is linked, and the words after the program's
// name belong to the program, which rules out the usual libraries:
// github.com/spf13/pflag links net, github.com/alecthomas/kong links regexp,
// encoding/json and os/user, github.com/jessevdk/go-flags walks structs by
// reflection at each start and completes in bash only, and
// github.com/pborman/getopt has neither completion nor a man page.
//
// Nothing in this package runs before main: the tables are data that the
// compiler lays out.
package config
