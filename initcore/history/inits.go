package history

// inits are programs that reap whatever comes to them as PID 1, by their names.
var inits = map[string]bool{
	"yinit": true, "tini": true, "tini-static": true, "docker-init": true, "podman-init": true, "catatonit": true, "dumb-init": true,
	"systemd": true, "init": true, "s6-svscan": true, "runit": true, "runsvdir": true, "my_init": true, "pause": true,
}

// KnownInit reports whether a program of this name reaps orphans as PID 1. A name
// proves nothing, so it is used for advice alone.
func KnownInit(comm string) bool { return inits[comm] }

// takesPlaceOf reports whether yinit is often installed under this name.
func takesPlaceOf(comm string) bool {
	switch comm {
	case "yinit", "tini", "docker-init", "podman-init", "catatonit", "dumb-init", "init", "systemd":
		return true
	}
	return false
}
