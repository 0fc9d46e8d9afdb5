package history

// KnownInit reports whether comm is the name of a program that reaps orphans as
// PID 1. A name proves nothing, so use it for advice only.
func KnownInit(comm string) bool {
	switch comm {
	case "tini-static", "s6-svscan", "runit", "runsvdir", "my_init", "pause":
		return true
	}
	return takesPlaceOf(comm)
}

// takesPlaceOf reports whether comm is a name under which yinit is often installed,
// in place of another init.
func takesPlaceOf(comm string) bool {
	switch comm {
	case "yinit", "tini", "docker-init", "podman-init", "catatonit", "dumb-init", "init", "systemd":
		return true
	}
	return false
}
