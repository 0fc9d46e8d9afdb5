package config

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

	"yinit/initcore"
)

// configFile reads the file at path into s. Its errors tell file, line and
// column.
func configFile(path string, s *Settings) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s: %w; give a file that can be read", s.from["config"], err)
	}
	return parseConfig(path, b, s)
}

func parseConfig(path string, b []byte, s *Settings) error {
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
	settings *Settings
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

// initOption sets an option of the init by its long name with _ for -.
func (c *configReader) initOption(name string, at, value *unstable.Node) error {
	o := find(initOptions, func(o *Option) bool { return o.key() == name })
	if o == nil || name == "" {
		var names []string
		for i := range initOptions {
			if key := initOptions[i].key(); key != "" {
				names = append(names, key)
			}
		}
		return c.unknown(name, at, append(names, "program"))
	}
	words, err := c.scalars(value, nil)
	if err != nil {
		return err
	}
	if o.Arg == "" && value.Kind != unstable.Bool && !o.Repeat {
		return c.fail(value, "%s: true or false is needed here", name)
	}
	if len(words) != 1 && !o.Repeat {
		return c.fail(value, "%s: one value is needed here, not a list", name)
	}
	for _, w := range words {
		from := c.fail(w, "%s", name).Error()
		if err := c.settings.apply(o, string(w.Data), from); err != nil {
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
		return nil, c.fail(n, "unexpected value of type %s", strings.ToLower(n.Kind.String()))
	}
}

func (c *configReader) programKey(name string, at, value *unstable.Node) error {
	if len(c.settings.Programs) == 0 {
		return c.fail(at, "programs are written as [[program]]")
	}
	i := slices.IndexFunc(programKeys, func(k programKey) bool { return k.name == name })
	if i < 0 {
		var known []string
		for _, k := range programKeys {
			known = append(known, k.name)
		}
		return c.unknown(name, at, known)
	}
	places := c.settings.places
	places[len(places)-1][name] = c.position(value)
	return programKeys[i].set(c, c.program(), value)
}

func (c *configReader) program() *initcore.Program {
	return &c.settings.Programs[len(c.settings.Programs)-1]
}
