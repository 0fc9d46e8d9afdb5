package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
	"golang.org/x/sys/unix"

	"yinit/initcore"
	"yinit/procfs"
)

// configFile reads the file at path into s. Its errors tell file, line and
// column.
func configFile(path string, s *settings) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s: %w; give a file that can be read", s.from["config"], err)
	}
	return parseConfig(path, b, s)
}

func parseConfig(path string, b []byte, s *settings) error {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")) // a byte order mark, as editors on Windows write
	// The rules of TOML first: duplicate keys, tables defined twice ...
	if err := toml.Unmarshal(b, &map[string]any{}); err != nil {
		if e, ok := errors.AsType[*toml.DecodeError](err); ok {
			line, column := e.Position()
			return &configError{path, line, column, strings.TrimPrefix(e.Error(), "toml: ")}
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	c := &configReader{file: path, settings: s}
	c.parser.Reset(b)
	for c.parser.NextExpression() {
		if err := c.expression(c.parser.Expression()); err != nil {
			return err
		}
	}
	if err := c.parser.Error(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(s.Programs) == 0 {
		return fmt.Errorf("%s: it lists no program; add a [[program]] with a command", path)
	}
	for i := range s.Programs {
		if len(s.Programs[i].Args) == 0 {
			return s.places[i].fail(path, "", "this program has no command; add command = [\"...\"]")
		}
	}
	return nil
}

// configReader goes through a file whose form is right.
type configReader struct {
	parser   unstable.Parser
	file     string
	settings *settings
	table    []string       // the one that keys belong to
	value    unstable.Range // where the value begins that is being read
}

func (c *configReader) fail(at *unstable.Node, format string, args ...any) error {
	p := c.position(at)
	return &configError{c.file, p.Line, p.Column, fmt.Sprintf(format, args...)}
}

func (c *configReader) position(n *unstable.Node) unstable.Position {
	raw := n.Raw
	if raw.Length == 0 && len(n.Data) > 0 { // some values hold their bytes instead
		raw = c.parser.Range(n.Data)
	}
	if raw.Length == 0 { // and arrays hold nothing
		raw = c.value
	}
	return c.parser.Shape(raw).Start
}

// valueOf is where the value of a key begins.
func (c *configReader) valueOf(key *unstable.Node) unstable.Range {
	end := key.Raw.Offset + key.Raw.Length
	rest := c.parser.Data()[end:]
	return unstable.Range{Offset: end + uint32(len(rest)-len(bytes.TrimLeft(rest, " \t="))), Length: 1}
}

func (c *configReader) expression(n *unstable.Node) error {
	key, first, last := keyOf(n)
	switch n.Kind {
	case unstable.ArrayTable:
		if len(key) != 1 || key[0] != "program" {
			return c.fail(first, "unknown table [[%s]]; did you mean [[program]]?", strings.Join(key, "."))
		}
		c.table = key
		began := c.parser.Shape(first.Raw).Start
		began.Column = 1
		c.settings.places = append(c.settings.places, places{"": began})
		c.settings.Programs = append(c.settings.Programs, initcore.Program{})
		return nil
	case unstable.Table:
		if len(key) == 2 && key[0] == "program" && key[1] == "env" && len(c.settings.places) > 0 {
			c.table = key
			return nil
		}
		return c.fail(first, "unknown table [%s]; programs are written as [[program]]", strings.Join(key, "."))
	case unstable.KeyValue:
		c.value = c.valueOf(last)
		return c.assign(append(slices.Clone(c.table), key...), first, n.Value())
	default:
		return nil // a comment
	}
}

func keyOf(n *unstable.Node) (key []string, first, last *unstable.Node) {
	for it := n.Key(); it.Next(); {
		if first == nil {
			first = it.Node()
		}
		last = it.Node()
		key = append(key, string(last.Data))
	}
	return key, first, last
}

func (c *configReader) assign(key []string, at, value *unstable.Node) error {
	switch {
	case key[0] == "program" && len(c.table) == 0:
		return c.fail(at, "programs are written as [[program]], each with its keys below")
	case len(key) == 1:
		return c.initOption(key[0], at, value)
	case len(key) == 2 && key[0] == "program":
		return c.programKey(key[1], at, value)
	case len(key) == 3 && key[0] == "program" && key[1] == "env":
		return c.environment(key[2], at, value)
	}
	return c.fail(at, "unknown key %q", strings.Join(key, "."))
}

// notInFile are the options that mean nothing in the file.
var notInFile = []string{"config", "run-dir", "pause", "single-child", "help", "version", "license"}

// initOption sets an option of the init by its long name with _ for -.
func (c *configReader) initOption(name string, at, value *unstable.Node) error {
	o := find(func(o *option) bool {
		return strings.ReplaceAll(o.long, "-", "_") == name && !slices.Contains(notInFile, o.long)
	})
	if o == nil {
		var names []string
		for _, o := range options {
			if !slices.Contains(notInFile, o.long) {
				names = append(names, strings.ReplaceAll(o.long, "-", "_"))
			}
		}
		return c.unknown(name, at, append(names, "program"))
	}
	words, err := c.scalars(value, nil)
	if err != nil {
		return err
	}
	if o.arg == "" && value.Kind != unstable.Bool && o.long != "verbose" {
		return c.fail(value, "%s: it is either true or false", name)
	}
	if len(words) != 1 && !o.again {
		return c.fail(value, "%s: it takes one value", name)
	}
	for _, w := range words {
		from := c.fail(w, "%s", name).Error()
		if err := o.apply(c.settings, string(w.Data), from); err != nil {
			return err
		}
	}
	return nil
}

func (c *configReader) unknown(name string, at *unstable.Node, known []string) error {
	if near := nearest(name, known); near != "" {
		return c.fail(at, "unknown key %q; did you mean %q?", name, near)
	}
	sort.Strings(known)
	return c.fail(at, "unknown key %q; known are %s", name, strings.Join(known, ", "))
}

// scalars adds a value to words, or those of an array. Their bytes are what the
// command line would have.
func (c *configReader) scalars(n *unstable.Node, words []*unstable.Node) (_ []*unstable.Node, err error) {
	switch n.Kind {
	case unstable.String, unstable.Bool, unstable.Integer, unstable.Float:
		return append(words, n), nil
	case unstable.Array:
		for it := n.Children(); it.Next(); {
			if words, err = c.scalars(it.Node(), words); err != nil {
				return nil, err
			}
		}
		return words, nil
	default:
		return nil, c.fail(n, "a value of this type (%s) has no place here", strings.ToLower(n.Kind.String()))
	}
}

// programKeys are the keys of a [[program]].
var programKeys = map[string]func(*configReader, *initcore.Program, *unstable.Node) error{
	"name": func(c *configReader, p *initcore.Program, n *unstable.Node) (err error) {
		p.Name, err = c.text(n)
		return err
	},
	"command": (*configReader).command,
	"stop_signal": func(c *configReader, p *initcore.Program, n *unstable.Node) error {
		name, err := c.word(n)
		if err != nil {
			return err
		}
		sig, err := procfs.ParseSignal(name)
		if err != nil {
			return c.fail(n, "stop_signal: %v", err)
		}
		if p.StopSignal = unix.Signal(sig); p.StopSignal == unix.SIGCHLD || p.StopSignal == unix.SIGSTOP {
			return c.fail(n, "stop_signal: %s ends no program", procfs.SignalName(sig))
		}
		return nil
	},
	"oneshot": func(c *configReader, p *initcore.Program, n *unstable.Node) (err error) {
		p.Oneshot, err = c.bool(n)
		return err
	},
	"prefix": func(c *configReader, p *initcore.Program, n *unstable.Node) (err error) {
		p.Prefix, err = c.bool(n)
		return err
	},
	"dir": func(c *configReader, p *initcore.Program, n *unstable.Node) (err error) {
		p.Dir, err = c.text(n)
		return err
	},
	"user": func(c *configReader, p *initcore.Program, n *unstable.Node) error {
		spec, err := c.word(n)
		if err != nil {
			return err
		}
		if p.User, err = initcore.LookupUser(spec); err != nil {
			return c.fail(n, "user: %v", err)
		}
		return nil
	},
	"on_exit": func(c *configReader, p *initcore.Program, n *unstable.Node) error {
		word, err := c.text(n)
		if err != nil {
			return err
		}
		on, ok := map[string]initcore.OnExit{"shutdown": initcore.Shutdown, "ignore": initcore.Ignore, "restart": initcore.Restart}[word]
		if !ok {
			return c.fail(n, "on_exit: %q is none of shutdown, ignore, restart", word)
		}
		p.OnExit = on
		return nil
	},
	"restart_delay": func(c *configReader, p *initcore.Program, n *unstable.Node) error {
		word, err := c.word(n)
		if err != nil {
			return err
		}
		if p.RestartDelay, err = parseDuration(word); err != nil {
			return c.fail(n, "restart_delay: %v", err)
		}
		if p.RestartDelay == 0 {
			return c.fail(n, "restart_delay: it must be more than 0")
		}
		return nil
	},
	"env": func(c *configReader, _ *initcore.Program, n *unstable.Node) error {
		if n.Kind != unstable.InlineTable {
			return c.fail(n, "env: it is a table, like { NAME = \"value\" }")
		}
		for it := n.Children(); it.Next(); {
			key, at, last := keyOf(it.Node())
			c.value = c.valueOf(last)
			if err := c.environment(strings.Join(key, "."), at, it.Node().Value()); err != nil {
				return err
			}
		}
		return nil
	},
}

func (c *configReader) programKey(name string, at, value *unstable.Node) error {
	if len(c.settings.Programs) == 0 {
		return c.fail(at, "programs are written as [[program]]")
	}
	set, ok := programKeys[name]
	if !ok {
		known := []string{}
		for k := range programKeys {
			known = append(known, k)
		}
		return c.unknown(name, at, known)
	}
	places := c.settings.places
	places[len(places)-1][name] = c.position(value)
	return set(c, c.program(), value)
}

func (c *configReader) program() *initcore.Program {
	return &c.settings.Programs[len(c.settings.Programs)-1]
}

// command is a list of words. A string would need a shell to take it apart.
func (c *configReader) command(p *initcore.Program, n *unstable.Node) error {
	if n.Kind != unstable.Array {
		return c.fail(n, "command: it is a list of words, like [\"nginx\", \"-g\", \"daemon off;\"]; for a shell write [\"sh\", \"-c\", \"...\"]")
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

func (c *configReader) environment(name string, at, value *unstable.Node) error {
	text, err := c.text(value)
	if err != nil {
		return err
	}
	if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(text, "\x00") {
		return c.fail(at, "env: %q cannot be an environment variable", name)
	}
	p := c.program()
	p.Env = append(p.Env, name+"="+text)
	return nil
}

func (c *configReader) text(n *unstable.Node) (string, error) {
	if n.Kind != unstable.String {
		return "", c.fail(n, "a string is needed here, in quotes, not %s", article(n.Kind))
	}
	return string(n.Data), nil
}

// word is a text that may be written as a number.
func (c *configReader) word(n *unstable.Node) (string, error) {
	if n.Kind == unstable.Integer || n.Kind == unstable.Float {
		return string(n.Data), nil
	}
	return c.text(n)
}

func (c *configReader) bool(n *unstable.Node) (bool, error) {
	if n.Kind != unstable.Bool {
		return false, c.fail(n, "true or false is needed here, not %s", article(n.Kind))
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
