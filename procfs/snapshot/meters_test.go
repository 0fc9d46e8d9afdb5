package snapshot

import "testing"

func TestUnread(t *testing.T) {
	for _, test := range []struct {
		hidden, malformed int
		want              string
	}{
		{0, 0, ""},
		{1, 0, "1 process is hidden from this user"},
		{3, 0, "3 processes are hidden from this user"},
		{0, 2, "the stat of 2 could not be parsed"},
		{3, 1, "3 processes are hidden from this user; the stat of 1 could not be parsed"},
	} {
		if got := unread(test.hidden, test.malformed); got != test.want {
			t.Errorf("unread(%d, %d) = %q, want %q", test.hidden, test.malformed, got, test.want)
		}
	}
}
