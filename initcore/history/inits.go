package history

// KnownInit reports whether a program of this name reaps orphans as PID 1. A name
// proves nothing, so it is used for advice alone.
func KnownInit(comm string) bool {
	switch comm {
	case "tini-static", "s6-svscan", "runit", "runsvdir", "my_init", "pause":
		return true
	}
	return takesPlaceOf(comm)
}

// takesPlaceOf reports whether yinit is often installed under this name, instead of
// the init that has it.
func takesPlaceOf(comm string) bool {
	switch comm {
	case "yinit", "tini", "docker-init", "podman-init", "catatonit", "dumb-init", "init", "systemd":
		return true
	}
	return false
}
