package manifest

import (
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// The parser takes time and memory by the square of these numbers, and a file may come from
// anybody. Files of Kubernetes and Compose are far below the limits.
const (
	mostBytes  = 16 << 20
	mostNested = 100    // flow sequences and mappings in each other
	mostOnLine = 100    // block entries, keys, anchors and tags that begin on one line
	mostKeys   = 4000   // of one mapping
	mostMerged = 100000 // fields that the merge keys << of a document add
)

// A limiter goes through the tokens of a file before they are parsed.
type limiter struct {
	flows  []int       // the keys of the flow sequences and mappings that are open
	blocks map[int]int // the keys of the block mappings that are open, by their column
	line   int
	onLine int
	before *token.Token
}

// tooMuch returns an error if the tokens are too many or too deep for the parser.
func tooMuch(tokens token.Tokens) error {
	l := limiter{blocks: map[int]int{}}
	for _, t := range tokens {
		if what := l.next(t); what != "" {
			return fmt.Errorf("[%d:%d] %s", t.Position.Line, t.Position.Column, what)
		}
		l.before = t
	}
	return nil
}

// next takes a token, and returns what there is too much of.
func (l *limiter) next(t *token.Token) string {
	if t.Position.Line != l.line {
		l.line, l.onLine = t.Position.Line, 0
	}
	keys := 0
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		l.flows = append(l.flows, 0)
	case token.SequenceEndType, token.MappingEndType:
		l.flows = l.flows[:max(0, len(l.flows)-1)]
	case token.MappingValueType:
		keys = l.key(t)
	case token.DocumentHeaderType, token.DocumentEndType:
		l.flows = l.flows[:0]
		clear(l.blocks)
	case token.SequenceEntryType:
		l.onLine++
		l.close(t.Position.Column)
	case token.MappingKeyType, token.AnchorType, token.TagType, token.AliasType:
		if len(l.flows) == 0 {
			l.onLine++
		}
	}
	switch {
	case len(l.flows) > mostNested:
		return "is nested too deep"
	case l.onLine > mostOnLine:
		return "has too much on one line"
	case keys > mostKeys:
		return "is a mapping with too many keys"
	}
	return ""
}

// key counts a key, and returns the number of keys of its mapping.
func (l *limiter) key(t *token.Token) int {
	if n := len(l.flows); n > 0 {
		l.flows[n-1]++
		return l.flows[n-1]
	}
	l.onLine++
	column := t.Position.Column
	if l.before != nil && l.before.Position.Line == t.Position.Line {
		column = l.before.Position.Column
	}
	l.close(column)
	l.blocks[column]++
	return l.blocks[column]
}

// close forgets the block mappings that are indented further than an entry.
func (l *limiter) close(column int) {
	for c := range l.blocks {
		if c > column {
			delete(l.blocks, c)
		}
	}
}
