// Package config reads the configuration of yinit. For the init it turns the command
// line, the environment, the TOML file and the directory of programs into an
// [initcore.Config]. For a command it parses that command's options.
//
// One table describes every option: [InitOptions] for the init, [Commands] for the
// commands. The parser, the help, the completion scripts, the man page yinit(1) and
// the tables in docs/options.md are generated from it.
//
// The parser, about 120 lines in getopt.go, is our own. PID 1 runs the initialisers of
// all linked packages, and the words after the name of the program belong to the
// program. That rules out the usual libraries:
// github.com/spf13/pflag links net, github.com/alecthomas/kong links regexp,
// encoding/json and os/user, github.com/jessevdk/go-flags walks structs by
// reflection at each start and completes in bash only, and
// github.com/pborman/getopt has neither completion nor a man page.
//
// Nothing in this package runs before main: the compiler lays out the tables as data.
package config
