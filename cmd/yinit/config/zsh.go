package config

import "strings"

const zshHead = `#compdef yinit
# zsh completion for yinit: source <(yinit completion zsh), or as the file _yinit in
# a directory of $fpath.
compdef _yinit yinit

_yinit_pids() {
	local -a pids
	local dir comm
	for dir in /proc/<->(N/); do
		comm=
		{ read -r comm <$dir/comm } 2>/dev/null # the process may end at any time
		pids+=("${dir:t}:$comm")
	done
	_describe -t processes process pids
}

_yinit_containers() {
	local -a names=(${(f)"$(${_yinit_self:-yinit} containers --names 2>/dev/null)"})
	_alternative 'processes:process:_yinit_pids' 'containers:container:compadd -a names'
}

_yinit_rewrite() {
	local -a signals=($_yinit_signals)
	if compset -P 1 '*:'; then
		compadd "$@" -a signals
	else
		compadd "$@" -q -S : -a signals
	fi
}

_yinit_first() {
	_alternative 'commands:command:_yinit_commands' 'programs:program:_yinit_programs'
}

_yinit_programs() {
	_command_names -e # without zsh's builtins
}
`

// zshBody skips the options of the init itself, because _arguments does not report
// whether there was a --, after which the next word is a program, not a command.
const zshBody = `
_yinit() {
	local -i at=2
	local program= _yinit_self=$words[1]
	while (( at < CURRENT )); do
		case $words[at] in
		--) at+=1; program=yes; break ;;
		-*) (( ${_yinit_with_value[(Ie)$words[at]]} )) && at+=1; at+=1 ;;
		*) break ;;
		esac
	done
	if (( at < CURRENT )); then
		words=("${(@)words[at,-1]}")
		(( CURRENT -= at - 1 ))
		if [[ -z $program ]] && (( ${_yinit_names[(Ie)$words[1]]} )); then
			_yinit_command_$words[1]
		else
			_normal
		fi
	elif [[ -n $program ]]; then
		_yinit_programs
	else
		_yinit_init
	fi
}

# If zsh has loaded this file to complete a word, complete it now.
if [[ $funcstack[1] == _yinit ]]; then
	_yinit "$@"
fi
`

func zshCompletion() string {
	var s script
	s.WriteString(zshHead)
	s.line("\ntypeset -ga _yinit_signals=(%s)", signalNames())
	s.line("typeset -ga _yinit_names=(%s)", commandNames())
	s.line("typeset -ga _yinit_with_value=(%s)", strings.Join(allWords(initOptions, hasValue), " "))
	s.line("\n_yinit_commands() {\n\tlocal -a list=(")
	for i := range commands {
		s.line("\t\t%s", quote(commands[i].Name+":"+commands[i].Text))
	}
	s.line("\t)\n\t_describe -t commands command list\n}")
	s.zshArguments("_yinit_init", initOptions, "'1: :_yinit_first'")
	for i := range commands {
		c := &commands[i]
		operands := ""
		switch action := zshAction(c.Value, c.Choices); {
		case c.Runs:
			operands = "-A '-*' " + quote("*::program:_normal")
		case c.Operands != "" && c.Many:
			operands = quote("*:" + c.Operands + ":" + action)
		case c.Operands != "":
			operands = quote("1:" + c.Operands + ":" + action)
		}
		s.zshArguments("_yinit_command_"+c.Name, c.Options, operands)
	}
	s.WriteString(zshBody)
	return s.String()
}

// zshArguments writes a zsh function that completes options and operands.
func (s *script) zshArguments(name string, table []Option, operands string) {
	s.line("\n%s() {\n\t_arguments -s -S \\", name)
	for i := range table {
		s.zshOption(&table[i])
	}
	s.line("\t\t%s\n}", operands)
}

func (s *script) zshOption(o *Option) {
	before := ""
	switch {
	case o.Repeat:
		before = "*"
	case o.Short != "":
		before = "(-" + o.Short + " --" + o.Long + ")"
	}
	after := "[" + zshText(o.Text) + "]"
	long, short := "--"+o.Long, "-"+o.Short
	if o.Arg != "" {
		after += ":" + zshText(o.Arg) + ":" + zshAction(o.Value, o.Choices)
		long, short = long+"=", short+"+"
	}
	if o.Short != "" {
		s.line("\t\t%s \\", quote(before+short+after))
	}
	s.line("\t\t%s \\", quote(before+long+after))
}

func zshText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `:`, `\:`).Replace(s)
}

// zshAction returns the action of _arguments for a kind of value.
func zshAction(v Value, choices string) string {
	switch v {
	case Signal:
		return "compadd -a _yinit_signals"
	case Rewrite:
		return "_yinit_rewrite"
	case PID:
		return "_yinit_pids"
	case Container:
		return "_yinit_containers"
	case Choice:
		return "(" + choices + ")"
	case List:
		return "_values -s , kind " + choices
	case User:
		return "_users"
	case File:
		return "_files"
	case Dir:
		return "_files -/"
	}
	return " "
}
