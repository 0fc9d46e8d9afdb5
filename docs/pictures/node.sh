#!/bin/sh
# Starts a Docker engine and containers that are good and bad in different ways, and shows
# yinit top. make.py runs it in namespaces of its own, so that the engine of the machine is not
# touched, and nothing of the machine is to be seen:
#
#     unshare --mount --uts --net --pid --fork --kill-child --mount-proc yinit -- docs/pictures/node.sh YINIT
#
# When top has ended, it removes the containers; the rest ends with the namespaces.
set -e
yinit=$1
hostname node-1
mount -t tmpfs none /run
mount -t tmpfs none /var/lib/docker # where its files are looked for
mkdir -p /run/image/bin
cp "$yinit" /run/image/yinit
cp "$(command -v busybox)" /run/image/bin/busybox
for name in sh sleep httpd tail; do ln -s busybox "/run/image/bin/$name"; done

export DOCKER_HOST=unix:///run/docker.sock
echo '{}' >/run/daemon.json # in place of the one of the machine
dockerd --config-file /run/daemon.json --host "$DOCKER_HOST" --bridge none --iptables=false \
	--ip6tables=false --storage-driver vfs >/run/log 2>&1 &
engine=$!
until [ -S /run/docker.sock ]; do sleep 0.1; done
tar -C /run/image -c . | docker import - shop >/dev/null

container() { # NAME OPTION... -- COMMAND...
	name=shop-$1
	shift
	docker run --detach --name "$name" --network none "$@" >/dev/null
}

# A shell that forwards no signal.
container web shop sh -c 'httpd -f -p 8080; echo "httpd has ended"'
# A PID 1 without a handler for SIGTERM.
container cache --pids-limit 100 shop sleep infinity
# A PID 1 that is no init, and gets orphans.
container jobs --pids-limit 100 shop sh -c 'while :; do (sleep 0.1 &); sleep 3; done & exec tail -f /dev/null'
# A handler that may take its time, and an old docker exec.
container db --pids-limit 100 --stop-timeout 30 shop sh -c 'trap "exit 0" TERM; while :; do sleep 60 & wait; done'
docker exec --detach shop-db sleep infinity
# A program that ignores SIGTERM, under an init.
container mail --pids-limit 100 shop /yinit -- sh -c 'trap "" TERM; while :; do sleep 60; done'
# Near its limit of processes.
container queue --pids-limit 24 shop /yinit -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep infinity & done; wait'
# Nothing wrong.
container api --pids-limit 100 shop /yinit -- httpd -f -p 8080

"$yinit" top || true
docker rm --force $(docker ps --all --quiet) >/dev/null # They leave control groups otherwise.
kill $engine
wait $engine
