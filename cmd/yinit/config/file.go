package config

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"yinit/initcore"
)

// configFile reads the file at path into s. Errors name the file, line and column.
func configFile(path string, s *Settings) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s: %w; give a readable file", s.from["config"], err)
	}
	return parseConfig(path, b, s)
}

func parseConfig(path string, b []byte, s *Settings) error {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")) // a byte order mark, as editors on Windows write
	c := &configReader{file: path, settings: s, defined: map[string]bool{}}
	c.parser.Reset(slices.Clip(b))
	for c.parser.NextExpression() {
		if err := c.expression(c.parser.Expression()); err != nil {
			return err
		}
	}
	if err := c.parser.Error(); err != nil {
		return c.syntaxError(err)
	}
	if len(s.Programs) == 0 {
		return fmt.Errorf("%s: no program is listed; add a [[program]] with a command", path)
	}
	for i := range s.Programs {
		if len(s.Programs[i].Args) == 0 {
			return s.places[i].fail(path, "", "the program has no command; add command = [\"...\"]")
		}
	}
	return nil
}

// configReader reads a TOML file from its syntax tree: the decoder of go-toml is larger than
// the parser, and forgets where a value was. The reader checks what the decoder would: that no
// key is defined twice.
type configReader struct {
	parser   unstable.Parser
	file     string
	settings *Settings
	table    []string        // the current table
	value    unstable.Range  // the start of the current value
	defined  map[string]bool // keys and tables so far; of a program, those of the current one
}

// syntaxError adds the position to an error of the parser.
func (c *configReader) syntaxError(err error) error {
	at := unstable.Range{Offset: uint32(len(c.parser.Data()))}
	// The highlight is a part of the file, so its capacity says where it begins.
	if e, ok := errors.AsType[*unstable.ParserError](err); ok && cap(e.Highlight) <= int(at.Offset) {
		at.Offset -= uint32(cap(e.Highlight))
	}
	p := c.parser.Shape(at).Start
	return &configError{c.file, p.Line, p.Column, err.Error()}
}

// define notes a key or a table, which may be defined once. Neither may be a part of another
// one, but for the keys below the header of their table.
func (c *configReader) define(key []string, at *unstable.Node) error {
	const separator = "\x00"
	name := strings.Join(key, separator)
	twice := false
	for n := len(c.table) + 1; n <= len(key); n++ {
		twice = twice || c.defined[strings.Join(key[:n], separator)]
	}
	for other := range c.defined {
		twice = twice || strings.HasPrefix(other, name+separator)
	}
	if twice {
		return c.fail(at, "%s is already defined", key[len(key)-1])
	}
	c.defined[name] = true
	return nil
}

func (c *configReader) fail(at *unstable.Node, format string, args ...any) error {
	p := c.position(at)
	return &configError{c.file, p.Line, p.Column, fmt.Sprintf(format, args...)}
}

func (c *configReader) position(n *unstable.Node) unstable.Position {
	raw := n.Raw
	if raw.Length == 0 && len(n.Data) > 0 { // some values have Data instead
		raw = c.parser.Range(n.Data)
	}
	if raw.Length == 0 { // arrays have neither
		raw = c.value
	}
	return c.parser.Shape(raw).Start
}

// valueOf returns the start of the value of a key.
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
		maps.DeleteFunc(c.defined, func(name string, _ bool) bool { return strings.HasPrefix(name, "program\x00") })
		began := c.parser.Shape(first.Raw).Start
		began.Column = 1
		c.settings.places = append(c.settings.places, places{"": began})
		c.settings.Programs = append(c.settings.Programs, initcore.Program{})
		return nil
	case unstable.Table:
		if len(key) == 2 && key[0] == "program" && key[1] == "env" && len(c.settings.places) > 0 {
			c.table = nil
			err := c.define(key, first)
			c.table = key
			return err
		}
		return c.fail(first, "unknown table [%s]; write each program as [[program]]", strings.Join(key, "."))
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
	if err := c.define(key, at); err != nil {
		return err
	}
	switch {
	case key[0] == "program" && len(c.table) == 0:
		return c.fail(at, "write each program as [[program]] with its keys below it")
	case len(key) == 1:
		return c.initOption(key[0], at, value)
	case len(key) == 2 && key[0] == "program":
		return c.programKey(key[1], at, value)
	case len(key) == 3 && key[0] == "program" && key[1] == "env":
		return c.environment(key[2], at, value)
	}
	return c.fail(at, "unknown key %q", strings.Join(key, "."))
}

// initOption sets an option of the init. The key is its long name with _ for -.
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
		return c.fail(value, "%s: must be true or false", name)
	}
	if len(words) != 1 && !o.Repeat {
		return c.fail(value, "%s: must be one value, not a list", name)
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
	return c.fail(at, "unknown key %q; the keys are %s", name, strings.Join(known, ", "))
}

// scalars appends a value, or the elements of an array, to words. The bytes of each
// are the same as on the command line.
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
		return c.fail(at, "write each program as [[program]]")
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
