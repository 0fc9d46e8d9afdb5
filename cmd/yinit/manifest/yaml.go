// Package manifest finds in files of Kubernetes and Compose what will go wrong at a stop: shell
// forms, a missing init, times that do not fit. It owns the reading of these files. It follows
// only what it needs, and leaves what it does not know to others.
package manifest

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// A value is a part of a YAML document. A nil value has nothing.
type value struct {
	line   int
	text   string            // of a scalar
	scalar bool              // it is a scalar, and not null
	quoted bool              // it is a string in quotes, which stands for no number
	list   []*value          // of a sequence
	fields map[string]*value // of a mapping
	keys   []string          // of a mapping, in the order of the file
}

// get follows keys of mappings; nil: there is nothing.
func (v *value) get(keys ...string) *value {
	for _, key := range keys {
		if v == nil {
			return nil
		}
		v = v.fields[key]
	}
	return v
}

// str returns the text of a scalar; "" for anything else.
func (v *value) str() string {
	if v == nil {
		return ""
	}
	return v.text
}

// words returns the scalars of a sequence.
func (v *value) words() []string {
	if v == nil {
		return nil
	}
	words := make([]string, len(v.list))
	for i, w := range v.list {
		words[i] = w.str()
	}
	return words
}

// parse returns the documents of a file. The error has the line.
func parse(b []byte) (docs []*value, err error) {
	defer func() {
		if r := recover(); r != nil { // the parser may panic on input that it does not expect
			docs, err = nil, fmt.Errorf("cannot be parsed: %v", r)
		}
	}()
	if len(b) > mostBytes {
		return nil, fmt.Errorf("is larger than %d MB; split it", mostBytes>>20)
	}
	tokens := lexer.Tokenize(string(b))
	if err := tooMuch(tokens); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, fmt.Errorf("%s", firstLine(err.Error()))
	}
	for _, doc := range file.Docs {
		c := converter{anchors: map[string]*value{}}
		v := c.value(doc.Body)
		if c.merged > mostMerged {
			return nil, fmt.Errorf("[%d:1] has too many merge keys (<<)", v.line)
		}
		if v != nil {
			docs = append(docs, v)
		}
	}
	return docs, nil
}

// firstLine returns the first line of a message of the parser: below it is a part of the file.
func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// A converter makes values of nodes. An alias stands for the same value as its anchor, so a
// file cannot grow without end.
type converter struct {
	anchors map[string]*value
	merged  int // fields that << added, or may have
}

// value converts a node; nil: it is null or unknown.
func (c *converter) value(n ast.Node) *value {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return nil
	case *ast.AnchorNode:
		v := c.value(n.Value)
		c.anchors[name(n.Name)] = v // after its value, so that there is no circle
		return v
	case *ast.AliasNode:
		return c.anchors[name(n.Value)]
	case *ast.TagNode:
		return c.value(n.Value)
	case *ast.MappingNode:
		return c.mapping(n.GetToken().Position.Line, n.Values)
	case *ast.MappingValueNode:
		return c.mapping(n.GetToken().Position.Line, []*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		v := &value{line: n.GetToken().Position.Line}
		for _, x := range n.Values {
			v.list = append(v.list, c.value(x))
		}
		return v
	case *ast.LiteralNode:
		return &value{line: n.GetToken().Position.Line, text: n.Value.Value, scalar: true}
	case *ast.StringNode:
		quoted := n.GetToken().Type == token.DoubleQuoteType || n.GetToken().Type == token.SingleQuoteType
		return &value{line: n.GetToken().Position.Line, text: n.Value, scalar: true, quoted: quoted}
	case ast.ScalarNode:
		return &value{line: n.GetToken().Position.Line, text: n.GetToken().Value, scalar: true}
	}
	return nil
}

// mapping converts a mapping. A key of the mapping itself comes before those that << merges.
func (c *converter) mapping(line int, pairs []*ast.MappingValueNode) *value {
	v := &value{line: line, fields: make(map[string]*value, len(pairs))}
	var merged []*value
	for i, p := range pairs {
		if i == 0 {
			v.line = p.Key.GetToken().Position.Line
		}
		x := c.value(p.Value)
		if p.Key.IsMergeKey() {
			merged = append(merged, x)
			continue
		}
		key := p.Key.GetToken().Value
		if _, ok := v.fields[key]; !ok {
			v.keys = append(v.keys, key)
		}
		v.fields[key] = x
	}
	for _, m := range merged {
		c.merge(v, m)
		if m != nil {
			for _, each := range m.list {
				c.merge(v, each)
			}
		}
	}
	return v
}

// merge adds the fields of m that v lacks. It stops at a file that only grows.
func (c *converter) merge(v, m *value) {
	if m == nil {
		return
	}
	if c.merged += 1 + len(m.keys); c.merged > mostMerged {
		return
	}
	for _, key := range m.keys {
		if _, ok := v.fields[key]; !ok {
			v.keys = append(v.keys, key)
			v.fields[key] = m.fields[key]
		}
	}
}

// name returns the name of an anchor.
func name(n ast.Node) string {
	if n == nil {
		return ""
	}
	return n.GetToken().Value
}
