# soak.sh SECONDS RATE SEED: starts RATE processes a second, of many kinds in random order,
# and then writes how many it has started, itself included, and the kernel's last pid.
#
# started is exact: each kind says how many processes it is, and none starts another one
# later than at its beginning.
end=$1 rate=$2 x=$3 started=1 burst=40
ulimit -c 0
read -r now _ </proc/uptime
begun=${now%.*}

random() { # sets r to a number below $1
	x=$(((x * 1103515245 + 12345) & 0x7fffffff))
	r=$(((x >> 12) % $1))
}

act() {
	random 60
	case $r in
	[0-9]) /bin/true; started=$((started + 1)) ;;
	1[0-4]) sh -c 'exit 3'; started=$((started + 1)) ;;
	1[5-7]) sh -c 'kill -SEGV $$'; started=$((started + 1)) ;;
	1[89]) sh -c 'kill -KILL $$'; started=$((started + 1)) ;;
	2[0-4]) /bin/echo x | /bin/cat | /usr/bin/wc -l >/dev/null; started=$((started + 3)) ;;
	2[5-9]) random 10; sleep "0.$r" & started=$((started + 1)) ;;
	3[0-2]) random 20; sleep "$r" & started=$((started + 1)) ;;
	3[3-7]) random 10; (sleep "0.$r" &) ; started=$((started + 2)) ;;  # an orphan
	3[89]) sh -c 'setsid sh -c "sleep 3 & exec sleep 2" & exit 0'; started=$((started + 3)) ;; # a daemon
	4[0-2]) sh -c '/bin/true & sh -c "exit 4" & exec sleep 2' & started=$((started + 3)) ;;     # zombies
	4[3-6]) sh -c '(exit 5); sh -c "exit 6"; exit 7'; started=$((started + 3)) ;;
	4[7-9]) sh -c 'kill -ABRT $$' & started=$((started + 1)) ;;
	5[01]) (exec sh -c 'trap "" CHLD; /bin/true & exec sleep 0.2' &); started=$((started + 3)) ;; # the kernel reaps
	52) i=0; while [ $((i = i + 1)) -le $burst ]; do /bin/true & done; started=$((started + burst)) ;;
	*) (exit "$r"); started=$((started + 1)) ;;
	esac
}

while read -r now _ </proc/uptime; now=$((${now%.*} - begun)); [ $now -lt "$end" ]; do
	if [ $started -gt $((rate * (now + 1))) ]; then
		sleep 0.1
		started=$((started + 1))
	else
		act
	fi
done 2>/dev/null
sleep 1 # what was started before has its pid by then
read -r _ _ _ _ last </proc/loadavg
echo $((started + 1)) $$ "$last"
