package config

import (
	"errors"
	"fmt"

	"github.com/pelletier/go-toml/v2/unstable"

	"yinit/initcore"
)

// configError is an error with its place in the file.
type configError struct {
	file         string
	line, column int
	text         string
}

func (e *configError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.file, e.line, e.column, e.text)
}

// places are where the keys of a program are given their values, and under ""
// where the program begins.
type places map[string]unstable.Position

func (p places) fail(file, key, text string) error {
	at, ok := p[key]
	if !ok {
		at = p[""]
	}
	if key != "" {
		text = key + ": " + text
	}
	return &configError{file, at.Line, at.Column, text}
}

// placed adds to an error about a program where the file says so.
func (s *Settings) placed(err error) error {
	if e, ok := errors.AsType[*initcore.ProgramError](err); ok && e.Index < len(s.places) {
		return s.places[e.Index].fail(s.config, e.Key, e.Text)
	}
	return err
}
