package config

import (
	"errors"
	"fmt"

	"github.com/pelletier/go-toml/v2/unstable"

	"yinit/initcore"
)

// configError is an error with its position in the file.
type configError struct {
	file         string
	line, column int
	text         string
}

func (e *configError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.file, e.line, e.column, e.text)
}

// places has the position of the value of each key of a program and, under "", the
// position of the program itself.
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

// withPosition adds the position in the file to an error about a program.
func (s *Settings) withPosition(err error) error {
	if e, ok := errors.AsType[*initcore.ProgramError](err); ok && e.Index < len(s.places) {
		return s.places[e.Index].fail(s.config, e.Key, e.Text)
	}
	return err
}
