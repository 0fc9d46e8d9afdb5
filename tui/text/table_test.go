package text

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	columns := []Column{{Title: "PID", Right: true, Rank: 9}, {Title: "USER", Rank: 1}, {Title: "COMMAND"}}
	rows := [][]Cell{
		{{Text: "1"}, {Text: "root"}, {Text: "init"}},
		{{Text: "1234", Style: Bad}, {Text: "somebody"}, {Text: "a command of some length"}},
	}
	for _, tt := range []struct {
		name  string
		width int
		want  string
	}{
		{"not cut", 0, " PID USER     COMMAND\n   1 root     init\n\x1b[1;31m1234\x1b[m somebody a command of some length"},
		{"cut", 36, " PID USER     COMMAND\n   1 root     init\n\x1b[1;31m1234\x1b[m somebody a command of some len…"},
		{"without the least important column", 32, " PID COMMAND\n   1 init\n\x1b[1;31m1234\x1b[m a command of some length"},
		{"the last column alone", 7, "COMMAND\ninit\na comm…"},
	} {
		if got := strings.Join(Table(columns, rows, tt.width, More), "\n"); got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}
