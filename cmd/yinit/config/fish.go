package config

import (
	"cmp"
	"strings"
)

const fishHead = `# fish completion for yinit: yinit completion fish | source

# Prints the command on the line, "--" if a program follows, or nothing.
function __yinit_role
	set -l words (commandline -opc)
	set -e words[1]
	set -l skip no
	for word in $words
		if test $skip = yes
			set skip no
		else if test "$word" = --
			echo -- --
			return
		else if string match -q -- '-*' $word
			contains -- $word $__yinit_with_value; and set skip yes
		else
			contains -- $word $__yinit_commands; and echo $word; or echo -- --
			return
		end
	end
end

function __yinit_is
	set -l role (__yinit_role)
	test "$role" = "$argv[1]"
end

function __yinit_pids
	# One grep -s, which ignores processes that end in the meantime.
	command grep -Hs '' /proc/*/comm | string replace -rf '^/proc/(\d+)/comm:' '$1'\t
end

function __yinit_containers
	set -l words (commandline -opc)
	command $words[1] containers --names 2>/dev/null
end

# Offers words after the complete part of the current word, as in 1,2 and FROM:TO.
function __yinit_more
	set -l head (commandline -ct | string replace -r '^--[^=]*=' '' | string match -r "^.*$argv[1]")
	test -n "$head"; or set head ''
	printf '%s\n' $head$argv[2..-1]
end

# Completes the arguments of the program as if the program were called alone.
function __yinit_program
	set -l words (commandline -opc) (commandline -ct)
	set -l skip no
	for i in (seq 2 (count $words))
		set -l word $words[$i]
		if test $skip = yes
			set skip no
		else if test "$word" = --
			set i (math $i + 1)
			break
		else if string match -q -- '-*' $word
			contains -- $word $__yinit_with_value; and set skip yes
		else
			break
		end
	end
	complete -C (string join ' ' -- (string escape -- $words[$i..-2]) $words[-1])
end
`

func fishCompletion() string {
	var s script
	s.WriteString(fishHead)
	s.line("\nset -g __yinit_commands %s", commandNames())
	s.line("set -g __yinit_with_value %s", strings.Join(allWords(initOptions, hasValue), " "))
	s.line("set -g __yinit_signals %s", signalNames())
	s.line("\ncomplete -c yinit -e\ncomplete -c yinit -f")
	s.line("complete -c yinit -n '__yinit_is \"\"' -a '(__fish_complete_command)'")
	s.line("complete -c yinit -n '__yinit_is --' -a '(__yinit_program)'")
	for i := range commands {
		c := &commands[i]
		s.line("complete -c yinit -n '__yinit_is \"\"' -a %s -d %s", c.Name, fishQuote(c.Text))
	}
	s.fishOptions(`""`, initOptions)
	for i := range commands {
		c := &commands[i]
		if values := fishValues(c.Value, c.Choices); c.Operands != "" && values != "" {
			s.line("complete -c yinit -n '__yinit_is %s'%s", c.Name, values)
		}
		s.fishOptions(c.Name, c.Options)
	}
	return s.String()
}

func (s *script) fishOptions(role string, table []Option) {
	for i := range table {
		o := &table[i]
		s.WriteString("complete -c yinit -n '__yinit_is " + role + "' -l " + o.Long)
		if o.Short != "" {
			s.WriteString(" -s " + o.Short)
		}
		if o.Arg != "" {
			s.WriteString(" -r" + cmp.Or(fishValues(o.Value, o.Choices), " -f"))
		}
		s.line(" -d %s", fishQuote(o.Text))
	}
}

// fishValues returns the arguments of fish's complete for a kind of value.
func fishValues(v Value, choices string) string {
	switch v {
	case Signal:
		return " -xa '$__yinit_signals'"
	case Rewrite:
		return " -xa '(__yinit_more : $__yinit_signals)'"
	case PID:
		return " -xa '(__yinit_pids)'"
	case Container:
		return " -xa '(__yinit_containers; __yinit_pids)'"
	case Choice:
		return " -xa '" + choices + "'"
	case List:
		return " -xa '(__yinit_more , " + choices + ")'"
	case User:
		return " -xa '(__fish_complete_users)'"
	case File:
		return " -F"
	case Dir:
		return " -xa '(__fish_complete_directories)'"
	case Program:
		return " -xa '(__fish_complete_command)'"
	}
	return ""
}

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
