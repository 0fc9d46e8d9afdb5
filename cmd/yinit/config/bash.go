package config

import "strings"

// bashHead has the functions that complete one value. The kinds are those of bashKind.
const bashHead = `# bash completion for yinit: source <(yinit completion bash)

# Prints the process ids of this PID namespace.
_yinit_pids() {
	local dir
	for dir in /proc/[0-9]*; do
		printf '%s\n' "${dir#/proc/}"
	done
}

# Prints the names and IDs of the containers of this machine.
_yinit_containers() {
	"${COMP_WORDS[0]}" containers --names 2>/dev/null
}

# _yinit_programs WORD: prints the commands that begin with WORD, without the keywords,
# aliases and functions of the shell.
_yinit_programs() {
	local word skip=$'\n'$(compgen -A function -ak -- "$1")$'\n'
	for word in $(compgen -c -- "$1"); do
		[[ $skip == *$'\n'"$word"$'\n'* ]] || printf '%s\n' "$word"
	done
}

# _yinit_value KIND CHOICES WORD: sets COMPREPLY to the values that begin with WORD.
_yinit_value() {
	local word=$3 head=
	case $1 in
	signal) COMPREPLY=($(compgen -W "$_yinit_signals" -- "$word")) ;;
	rewrite)
		[[ $word == *:* ]] && head=${word%%:*}:
		COMPREPLY=($(compgen -P "$head" -W "$_yinit_signals" -- "${word#"$head"}")) ;;
	pid) COMPREPLY=($(compgen -W "$(_yinit_pids)" -- "$word")) ;;
	container) COMPREPLY=($(compgen -W "$(_yinit_containers) $(_yinit_pids)" -- "$word")) ;;
	choice) COMPREPLY=($(compgen -W "$2" -- "$word")) ;;
	list)
		[[ $word == *,* ]] && head=${word%,*},
		COMPREPLY=($(compgen -P "$head" -W "$2" -- "${word##*,}")) ;;
	user) COMPREPLY=($(compgen -u -- "$word")) ;;
	program) COMPREPLY=($(_yinit_programs "$word")) ;;
	file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	dir) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
	esac
}
`

// bashBody finds out what the word to complete is: an option, its value, a command
// or an operand. bash splits words at = and : (COMP_WORDBREAKS), so bashBody joins
// them first, and at the end cuts off the part that bash regards as earlier words.
const bashBody = `
_yinit() {
	local -a words=()
	local piece last= cur table=yinit kind choices i n=0
	COMPREPLY=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		piece=${COMP_WORDS[i]}
		if ((n > 1)) && [[ $piece == [=:] || $last == [=:] ]]; then
			words[n-1]+=$piece
		else
			words[n++]=$piece
		fi
		last=$piece
	done
	cur=${words[n-1]}
	local program=
	for ((i = 1; i < n - 1; i++)); do
		case $table:${words[i]} in
		yinit:--) i=$((i + 1)) program=yes; break ;;
		*:--)
			[[ " $_yinit_runs " == *" $table "* ]] || return
			i=$((i + 1)) program=yes; break ;;
		yinit:-*) [[ " $_yinit_with_value " == *" ${words[i]} "* ]] && i=$((i + 1)) ;;
		yinit:*)
			[[ " $_yinit_commands " == *" ${words[i]} "* ]] || { program=yes; break; }
			table=${words[i]} ;;
		*:-*) _yinit_option "$table" "${words[i]}" && [[ $kind ]] && i=$((i + 1)) ;;
		*) [[ " $_yinit_runs " == *" $table "* ]] && { program=yes; break; } ;;
		esac
	done
	if [[ $program ]]; then
		if declare -F _command_offset >/dev/null; then
			_command_offset "$i"
		elif ((i == n - 1)); then
			COMPREPLY=($(_yinit_programs "$cur"))
		else
			_yinit_value file '' "$cur"
		fi
		return
	fi
	if ((n > 2)) && _yinit_option "$table" "${words[n-2]}" && [[ $kind ]]; then
		_yinit_value "$kind" "$choices" "$cur"
	elif [[ $cur == --*=* ]]; then
		_yinit_option "$table" "${cur%%=*}"
		_yinit_value "$kind" "$choices" "${cur#*=}"
		COMPREPLY=("${COMPREPLY[@]/#/${cur%%=*}=}")
	elif [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$(_yinit_options "$table")" -- "$cur"))
	elif [[ $table == yinit ]]; then
		COMPREPLY=($(compgen -W "$_yinit_commands" -- "$cur"))
		# A program is offered once its name has begun, or the commands would drown.
		[[ $cur ]] && COMPREPLY+=($(_yinit_programs "$cur"))
	else
		_yinit_operand "$table"
		_yinit_value "$kind" "$choices" "$cur"
	fi
	local cut=${cur%"$piece"}
	[[ $piece == [=:] ]] && cut=$cur
	[[ $cut && ${#COMPREPLY[@]} -gt 0 ]] && COMPREPLY=("${COMPREPLY[@]#"$cut"}")
	return 0
}
complete -F _yinit yinit
`

// bashKind returns the kind of a value for _yinit_value, "none" if the value cannot be
// completed.
func bashKind(v Value) string {
	switch v {
	case Signal:
		return "signal"
	case Rewrite:
		return "rewrite"
	case PID:
		return "pid"
	case Container:
		return "container"
	case Choice:
		return "choice"
	case List:
		return "list"
	case User:
		return "user"
	case File:
		return "file"
	case Dir:
		return "dir"
	case Program:
		return "program"
	}
	return "none"
}

func bashCompletion() string {
	var s script
	s.WriteString(bashHead)
	s.line("\n_yinit_signals='%s'", signalNames())
	s.line("_yinit_commands='%s'", commandNames())
	s.line("_yinit_runs='%s'", strings.Join(runNames(), " "))
	s.line("_yinit_with_value='%s'", strings.Join(allWords(initOptions, hasValue), " "))
	s.line("\n# _yinit_options TABLE: prints the options of the init or of a command.")
	s.line("_yinit_options() {\n\tcase $1 in")
	s.line("\tyinit) echo '%s' ;;", strings.Join(allWords(initOptions, anyOption), " "))
	for i := range commands {
		s.line("\t%s) echo '%s' ;;", commands[i].Name, strings.Join(allWords(commands[i].Options, anyOption), " "))
	}
	s.line("\tesac\n}\n\n# _yinit_option TABLE WORD: sets kind and choices for the value of an option.")
	s.line("_yinit_option() {\n\tkind= choices=\n\tcase $1:$2 in")
	s.bashValues("yinit", initOptions)
	for i := range commands {
		s.bashValues(commands[i].Name, commands[i].Options)
	}
	s.line("\tesac\n}\n\n# _yinit_operand COMMAND: sets kind and choices for the operands of a command.")
	s.line("_yinit_operand() {\n\tkind= choices=\n\tcase $1 in")
	for i := range commands {
		if c := &commands[i]; c.Operands != "" {
			s.line("\t%s) kind=%s choices='%s' ;;", c.Name, bashKind(c.Value), c.Choices)
		}
	}
	s.line("\tesac\n}")
	s.WriteString(bashBody)
	return s.String()
}

func (s *script) bashValues(table string, options []Option) {
	for i := range options {
		if o := &options[i]; hasValue(o) {
			pattern := table + ":" + strings.Join(words(o), "|"+table+":")
			s.line("\t%s) kind=%s choices='%s' ;;", pattern, bashKind(o.Value), o.Choices)
		}
	}
}
