# What the zsh on the terminal runs first.
autoload -Uz compinit
compinit -u -C -d $YINIT_SCRIPT.dump # of the first one
source $YINIT_SCRIPT
bindkey '^I' complete-word
unsetopt auto_list # which asks before it shows many
zstyle ':completion:*' insert-tab false
compadd() {
	if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
		builtin compadd "$@" # only asks
		return
	fi
	local -a yinit_hits
	builtin compadd -A yinit_hits "$@"
	(( $#yinit_hits )) && print -rl -- $yinit_hits >>$YINIT_FILE
	builtin compadd "$@"
}
leave() { exit 0 }
comppostfuncs=(leave)
