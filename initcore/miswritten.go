package initcore

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// miswritten returns what is probably wrong with the way in which the command was
// written, and how to write it, if no file has the name args[0]; "" if that is unknown.
// Names are quoted, so the text has no characters that control a terminal.
func miswritten(args []string) string {
	word := args[0]
	words := fields(word)
	switch first := first(words); {
	case len(words) == 0:
		return "it is empty; is a variable that should hold the command unset?"
	case strings.HasPrefix(first, "["):
		return unreadList(args)
	case isAssignment(first):
		return assignment(word, args[1:])
	case isQuoted(word) && len(words) > 1:
		return "its words are joined into one, with quotes that are part of it; write " + list(append(unquoted(words), args[1:]...)...)
	case isQuoted(word):
		return "the quotes are part of the name; write it without them"
	}
	if advice := forShell(args, words); advice != "" {
		return advice
	}
	return misnamed(args, words)
}

// forShell is [miswritten] for what only a shell understands. words are those of args[0].
func forShell(args, words []string) string {
	switch word, first := args[0], words[0]; {
	case isPiece(args):
		return "it is a part of a command for the shell; write the whole command as " + list("sh", "-c", "COMMAND")
	case isShellWord(first), strings.HasPrefix(word, "~"), len(words) > 1 && strings.ContainsAny(word, shellCharacters), strings.ContainsAny(first, "|&;<>$`()"):
		return "it is a command for the shell; write " + list("sh", "-c", strings.Join(args, " "))
	}
	return ""
}

// misnamed is [miswritten] for a name that is not quite that of the program.
func misnamed(args, words []string) string {
	switch word, first := args[0], words[0]; {
	case len(words) > 1:
		return "its words are joined into one; write " + list(append(words, args[1:]...)...)
	case word != first:
		return fmt.Sprintf("there is a space or a line break before or after the name; write %q", first)
	case strings.HasSuffix(word, ","):
		return fmt.Sprintf("it ends in a comma, as in a list; write %q", strings.TrimRight(word, ","))
	case strings.HasPrefix(word, "-"):
		return "it looks like an option; the options of yinit stand before --"
	}
	for _, r := range args[0] {
		if r == unicode.ReplacementChar || r > unicode.MaxASCII && !unicode.IsLetter(r) {
			return fmt.Sprintf("it contains the character %U, which looks like another one or like none; type the name again", r)
		}
	}
	return ""
}

// unquoted returns the words without the quotes around them.
func unquoted(words []string) []string {
	plain := make([]string, 0, len(words))
	for _, word := range words {
		if word = strings.Trim(word, `"'`); word != "" {
			plain = append(plain, word)
		}
	}
	return plain
}

// isPiece reports whether the words are a piece of a shell command that cannot stand
// alone: they begin with an operator, or do not end what they begin.
func isPiece(args []string) bool {
	words := strings.Fields(strings.ReplaceAll(strings.Join(args, " "), ";", " ; "))
	switch word := first(words); word {
	case "then", "do", "else", "elif", "fi", "done", "esac", "}":
		return true
	default:
		end, opens := map[string]string{"if": "fi", "for": "done", "while": "done", "until": "done", "case": "esac", "{": "}"}[word]
		return opens && !slices.Contains(words, end) || word != "" && strings.ContainsRune("&|;)", rune(word[0]))
	}
}

// fields returns the words of one that is not a name, without a -- before them.
func fields(word string) []string {
	words := strings.Fields(word)
	if len(words) > 1 && words[0] == "--" {
		return words[1:]
	}
	return words
}

// shellCharacters have a meaning in the shell only.
const shellCharacters = "|&;<>$`(){}*~\"'"

// first returns the first word, "" if there is none.
func first(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// unreadList is about a list in a Dockerfile or a manifest that is not valid JSON. The
// builder takes such a line for a shell command, or for words.
func unreadList(args []string) string {
	if words := wholeList(args); words != nil {
		return "it is a list in one word; write its words as words of the command: " + list(words...)
	}
	parts := strings.FieldsFunc(strings.Join(args, " "), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("[],'\"‘’“”", r)
	})
	if len(parts) == 0 {
		parts = []string{"PROGRAM"}
	}
	return "this is a list that is not valid JSON; write " + list(parts...) + ", with double quotes and no comma at the end"
}

// wholeList returns the words of a list that is valid JSON and came as one word, as from
// a variable or a shell script; nil if it is none.
func wholeList(args []string) (words []string) {
	if len(args) != 1 || json.Unmarshal([]byte(args[0]), &words) != nil || len(words) == 0 {
		return nil
	}
	return words
}

// list returns the words as a list in JSON, as a Dockerfile has it.
func list(words ...string) string {
	var b strings.Builder
	for i, word := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(word)) // the same as in JSON for all but rare characters
	}
	return "[" + b.String() + "]"
}

// isAssignment reports whether the word is NAME=value, which a shell takes for an
// environment variable.
func isAssignment(word string) bool {
	name, _, found := strings.Cut(word, "=")
	if !found || name == "" || name[0] >= '0' && name[0] <= '9' {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	})
}

func assignment(word string, rest []string) string {
	words := append([]string{"env"}, strings.Fields(word)...)
	if len(words) == 2 && len(rest) == 0 {
		rest = []string{"PROGRAM"}
	}
	return "it sets a variable, which is the shell's task; write " + list(append(words, rest...)...)
}

// isQuoted reports whether the word is between quotes of one kind.
func isQuoted(word string) bool {
	n := len(word)
	return n > 1 && word[0] == word[n-1] && (word[0] == '"' || word[0] == '\'')
}

// isShellWord reports whether a word that no file has as its name is one of the shell's
// reserved words or built-in commands, see sh(1).
func isShellWord(word string) bool {
	return slices.Contains([]string{
		"!", ".", ":", "{", "(", "alias", "bg", "cd", "case", "command", "eval", "exec", "exit", "export", "fg", "for", "if", "pushd",
		"read", "readonly", "set", "shift", "source", "trap", "type", "ulimit", "umask", "unset", "until", "wait", "while",
	}, word)
}

// quotedName returns a word as it is, or between quotes if it has characters that do not
// show where it begins and ends.
func quotedName(word string) string {
	plain := !strings.ContainsFunc(word, func(r rune) bool {
		return !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune(shellCharacters+`\,`, r)
	})
	if plain && word != "" {
		return word
	}
	return strconv.Quote(word)
}

// unreadListInShell is for a program that is a shell and ran a list that was not valid
// JSON, as Docker makes it of CMD [nginx, -g]; "" for any other program.
func unreadListInShell(args []string) string {
	if len(args) != 3 || args[1] != "-c" || !strings.HasPrefix(strings.TrimSpace(args[2]), "[") {
		return ""
	}
	if strings.HasPrefix(strings.TrimSpace(args[2]), "[ ") || strings.HasPrefix(strings.TrimSpace(args[2]), "[[") {
		return "" // the command test(1), or bash's own
	}
	return unreadList(args[2:])
}
