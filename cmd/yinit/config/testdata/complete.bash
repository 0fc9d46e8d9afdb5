# complete.bash SCRIPT LINE: what bash would offer for the end of LINE. bash takes
# the words apart at blanks, = and :, see COMP_WORDBREAKS in bash(1).
source "$1" || exit
COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDS=()
for word in $2; do
	while [[ $word =~ ^([^=:]*)([=:])(.*)$ ]]; do
		[[ ${BASH_REMATCH[1]} ]] && COMP_WORDS+=("${BASH_REMATCH[1]}")
		COMP_WORDS+=("${BASH_REMATCH[2]}")
		word=${BASH_REMATCH[3]}
	done
	[[ $word ]] && COMP_WORDS+=("$word")
done
[[ $2 == *' ' ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_yinit
for word in "${COMPREPLY[@]}"; do
	printf '%s\n' "$word"
done
