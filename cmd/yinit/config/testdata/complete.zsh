# complete.zsh SCRIPT LINE FILE: writes what zsh offers for the end of LINE to FILE.
# A second, interactive zsh on a terminal completes.
zmodload zsh/zpty
export YINIT_FILE=$3 YINIT_SCRIPT=$1
zpty z zsh -f -i
zpty -w z 'PROMPT= ; source testdata/setup.zsh; print ready''now'
while zpty -r z line; do
	[[ $line == *readynow* ]] && break
done
zpty -w -n z "$2"$'\t'
while zpty -r z line; do :; done
