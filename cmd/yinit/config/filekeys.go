package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
	"golang.org/x/sys/unix"

	"yinit/initcore"
	"yinit/procfs"
)

// programKey is a key of a [[program]].
type programKey struct {
	name string
	set  func(*configReader, *initcore.Program, *unstable.Node) error
}

var programKeys = []programKey{
	{"name", func(c *configReader, p *initcore.Program, n *unstable.Node) (err error) {
		p.Name, err = c.text(n)
		return err
	}},
	{"command", (*configReader).command},
	{"stop_signal", func(c *configReader, p *initcore.Program, n *unstable.Node) error {
		name, err := c.word(n)
		if err != nil {
			return err
		}
		sig, err := procfs.ParseSignal(name)
		if err != nil {
			return c.fail(n, "stop_signal: %v", err)
		}
		if p.StopSignal = unix.Signal(sig); p.StopSignal == unix.SIGCHLD || p.StopSignal == unix.SIGSTOP {
			return c.fail(n, "stop_signal: %s cannot end a program", procfs.SignalName(sig))
		}
		return nil
	}},
	{"oneshot", func(c *configReader, p *initcore.Program, n *unstable.Node) (err error) {
		p.Oneshot, err = c.bool(n)
		return err
	}},
	{"prefix", func(c *configReader, p *initcore.Program, n *unstable.Node) (err error) {
		p.Prefix, err = c.bool(n)
		return err
	}},
	{"dir", func(c *configReader, p *initcore.Program, n *unstable.Node) (err error) {
		p.Dir, err = c.text(n)
		return err
	}},
	{"user", func(c *configReader, p *initcore.Program, n *unstable.Node) error {
		spec, err := c.word(n)
		if err != nil {
			return err
		}
		if p.User, err = initcore.LookupUser(spec); err != nil {
			return c.fail(n, "user: %v", err)
		}
		return nil
	}},
	{"on_exit", func(c *configReader, p *initcore.Program, n *unstable.Node) error {
		word, err := c.text(n)
		if err != nil {
			return err
		}
		switch word {
		case "shutdown":
			p.OnExit = initcore.Shutdown
		case "ignore":
			p.OnExit = initcore.Ignore
		case "restart":
			p.OnExit = initcore.Restart
		default:
			return c.fail(n, "on_exit: %q is not one of shutdown, ignore, restart", word)
		}
		return nil
	}},
	{"restart_delay", func(c *configReader, p *initcore.Program, n *unstable.Node) error {
		word, err := c.word(n)
		if err != nil {
			return err
		}
		if p.RestartDelay, err = ParseDuration(word); err != nil {
			return c.fail(n, "restart_delay: %v", err)
		}
		if p.RestartDelay == 0 {
			return c.fail(n, "restart_delay: must be more than 0")
		}
		return nil
	}},
	{"restart_limit", func(c *configReader, p *initcore.Program, n *unstable.Node) error {
		word, err := c.word(n)
		if err != nil {
			return err
		}
		if p.RestartLimit, err = strconv.Atoi(word); err != nil || p.RestartLimit < 1 {
			return c.fail(n, "restart_limit: %q is not a number of restarts; write 1 or more", word)
		}
		return nil
	}},
	{"stop_after", (*configReader).stopAfter},
	{"env", func(c *configReader, _ *initcore.Program, n *unstable.Node) error {
		if n.Kind != unstable.InlineTable {
			return c.fail(n, "env: must be a table, like { NAME = \"value\" }")
		}
		for it := n.Children(); it.Next(); {
			key, at, last := keyOf(it.Node())
			c.value = c.valueOf(last)
			if err := c.environment(strings.Join(key, "."), at, it.Node().Value()); err != nil {
				return err
			}
		}
		return nil
	}},
}

// command reads the list of words. A string would need a shell to split it.
func (c *configReader) command(p *initcore.Program, n *unstable.Node) error {
	if n.Kind != unstable.Array {
		return c.fail(n, "command: must be a list of words, like [\"nginx\", \"-g\", \"daemon off;\"]; for a shell write [\"sh\", \"-c\", \"...\"]")
	}
	p.Args = nil
	for it := n.Children(); it.Next(); {
		word, err := c.text(it.Node())
		if err != nil {
			return err
		}
		p.Args = append(p.Args, word)
	}
	if len(p.Args) == 0 || p.Args[0] == "" {
		return c.fail(n, "command: it is empty; give the name of a program")
	}
	return nil
}

// stopAfter reads the name of a program, or a list of names.
func (c *configReader) stopAfter(p *initcore.Program, n *unstable.Node) error {
	words, err := c.scalars(n, nil)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return c.fail(n, "stop_after: the list is empty; give the name of a program")
	}
	for _, word := range words {
		name, err := c.text(word)
		if err != nil {
			return err
		}
		p.StopAfter = append(p.StopAfter, name)
	}
	return nil
}

func (c *configReader) environment(name string, at, value *unstable.Node) error {
	text, err := c.text(value)
	if err != nil {
		return err
	}
	if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(text, "\x00") {
		return c.fail(at, "env: %q cannot be an environment variable", name)
	}
	p := c.program()
	if slices.ContainsFunc(p.Env, func(v string) bool { return strings.HasPrefix(v, name+"=") }) {
		return c.fail(at, "%s is already defined", name)
	}
	p.Env = append(p.Env, name+"="+text)
	return nil
}

func (c *configReader) text(n *unstable.Node) (string, error) {
	if n.Kind != unstable.String {
		return "", c.fail(n, "must be a string in quotes, not %s", article(n.Kind))
	}
	return string(n.Data), nil
}

// word returns a value that may be written as a string or a number.
func (c *configReader) word(n *unstable.Node) (string, error) {
	if n.Kind == unstable.Integer || n.Kind == unstable.Float {
		return string(n.Data), nil
	}
	return c.text(n)
}

func (c *configReader) bool(n *unstable.Node) (bool, error) {
	if n.Kind != unstable.Bool {
		return false, c.fail(n, "must be true or false, not %s", article(n.Kind))
	}
	return string(n.Data) == "true", nil
}

func article(k unstable.Kind) string {
	switch k {
	case unstable.Integer:
		return "an integer"
	case unstable.Array:
		return "an array"
	case unstable.InlineTable:
		return "a table"
	default:
		return "a " + strings.ToLower(k.String())
	}
}
