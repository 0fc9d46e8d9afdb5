package main

import (
	"encoding/json"
	"testing"
)

func TestJSONLine(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"plain <&> ü", `{"a":"plain <&> ü"}`},
		{"\x1b[31m\n", `{"a":"\u001b[31m\n"}`},
		{"\u009b1m\u202e\u007f", `{"a":"\u009b1m\u202e\u007f"}`},
		{"\xff", `{"a":"\ufffd"}`},
	} {
		got := jsonLine(map[string]string{"a": tt.in})
		if got != tt.want {
			t.Errorf("jsonLine(%q) = %s, want %s", tt.in, got, tt.want)
		}
		var back map[string]string
		if err := json.Unmarshal([]byte(got), &back); err != nil || tt.in != "\xff" && back["a"] != tt.in {
			t.Errorf("jsonLine(%q) comes back as %q, %v", tt.in, back["a"], err)
		}
	}
}
