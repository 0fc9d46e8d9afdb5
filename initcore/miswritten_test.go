package initcore

import "testing"

func TestMiswritten(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"nginx"}, ""},
		{[]string{"my.app-2_x"}, ""},
		{[]string{"größe"}, ""},
		{[]string{""}, "it is empty; is a variable that should hold the command unset?"},
		{[]string{" \t"}, "it is empty; is a variable that should hold the command unset?"},
		{[]string{"ls -la"}, `its words are joined into one; write ["ls", "-la"]`},
		{[]string{"ls -la", "/tmp"}, `its words are joined into one; write ["ls", "-la", "/tmp"]`},
		{[]string{"ls "}, `there is a space or a line break before or after the name; write "ls"`},
		{[]string{"./run.sh\r"}, `there is a space or a line break before or after the name; write "./run.sh"`},
		{[]string{"echo $HOME"}, `it is a command for the shell; write ["sh", "-c", "echo $HOME"]`},
		{[]string{"app | tee log"}, `it is a command for the shell; write ["sh", "-c", "app | tee log"]`},
		{[]string{"cd", "/srv"}, `it is a command for the shell; write ["sh", "-c", "cd /srv"]`},
		{[]string{"exec", "nginx"}, `it is a command for the shell; write ["sh", "-c", "exec nginx"]`},
		{[]string{"a&&b"}, `it is a command for the shell; write ["sh", "-c", "a&&b"]`},
		{[]string{`["nginx",`, `"-g",`, `"daemon off;"]`}, `this is a list that is not valid JSON; write ["nginx", "-g", "daemon", "off;"], with double quotes and no comma at the end`},
		{[]string{"['nginx']"}, `this is a list that is not valid JSON; write ["nginx"], with double quotes and no comma at the end`},
		{[]string{`["nginx","-g"]`}, `it is a list in one word; write its words as words of the command: ["nginx", "-g"]`},
		{[]string{"-- ls"}, `there is a space or a line break before or after the name; write "ls"`},
		{[]string{"-- ls -l"}, `its words are joined into one; write ["ls", "-l"]`},
		{[]string{"FOO=bar"}, `it sets a variable, which is the shell's task; write ["env", "FOO=bar", "PROGRAM"]`},
		{[]string{"["}, `this is a list that is not valid JSON; write ["PROGRAM"], with double quotes and no comma at the end`},
		{[]string{"FOO=bar", "cmd"}, `it sets a variable, which is the shell's task; write ["env", "FOO=bar", "cmd"]`},
		{[]string{"FOO=bar cmd", "x"}, `it sets a variable, which is the shell's task; write ["env", "FOO=bar", "cmd", "x"]`},
		{[]string{"a+b=c"}, ""},
		{[]string{`"ls"`}, "the quotes are part of the name; write it without them"},
		{[]string{`"ls" "-la"`}, `its words are joined into one, with quotes that are part of it; write ["ls", "-la"]`},
		{[]string{`'ls -la'`, "/tmp"}, `its words are joined into one, with quotes that are part of it; write ["ls", "-la", "/tmp"]`},
		{[]string{`"ls" '-la'`}, `it is a command for the shell; write ["sh", "-c", "\"ls\" '-la'"]`},
		{[]string{"&&", "x"}, `it is a part of a command for the shell; write the whole command as ["sh", "-c", "COMMAND"]`},
		{[]string{"| x"}, `it is a part of a command for the shell; write the whole command as ["sh", "-c", "COMMAND"]`},
		{[]string{"if", "x"}, `it is a part of a command for the shell; write the whole command as ["sh", "-c", "COMMAND"]`},
		{[]string{"while x; do y"}, `it is a part of a command for the shell; write the whole command as ["sh", "-c", "COMMAND"]`},
		{[]string{"then", "x"}, `it is a part of a command for the shell; write the whole command as ["sh", "-c", "COMMAND"]`},
		{[]string{"if x; then y; fi"}, `it is a command for the shell; write ["sh", "-c", "if x; then y; fi"]`},
		{[]string{"~/x"}, `it is a command for the shell; write ["sh", "-c", "~/x"]`},
		{[]string{"nginx,"}, `it ends in a comma, as in a list; write "nginx"`},
		{[]string{"--verbose"}, "it looks like an option; the options of yinit stand before --"},
		{[]string{"ls\u00a0"}, `there is a space or a line break before or after the name; write "ls"`},
		{[]string{"ls\u200b"}, "it contains the character U+200B, which looks like another one or like none; type the name again"},
		{[]string{"my–app"}, "it contains the character U+2013, which looks like another one or like none; type the name again"},
	} {
		if got := miswritten(c.args); got != c.want {
			t.Errorf("miswritten(%q) = %q, want %q", c.args, got, c.want)
		}
	}
}

func TestUnreadListInShell(t *testing.T) {
	const advice = `this is a list that is not valid JSON; write ["nginx", "-g"], with double quotes and no comma at the end`
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"/bin/sh", "-c", "[nginx, -g]"}, advice},
		{[]string{"/bin/sh", "-c", " ['nginx', '-g']"}, advice},
		{[]string{"/bin/sh", "-c", "[ -f x ] || exit 3"}, ""},
		{[]string{"bash", "-c", "[[ -f x ]]"}, ""},
		{[]string{"sh", "-c", "exit 2"}, ""},
		{[]string{"sh", "x"}, ""},
	} {
		if got := unreadListInShell(c.args); got != c.want {
			t.Errorf("unreadListInShell(%q) = %q, want %q", c.args, got, c.want)
		}
	}
}

func TestQuotedName(t *testing.T) {
	for word, want := range map[string]string{"ls": "ls", "größe": "größe", "ls ": `"ls "`, "": `""`, "a\nb": `"a\nb"`, `"ls"`: `"\"ls\""`, "ls\u200b": `"ls\u200b"`, "nginx,": `"nginx,"`, "ls|cat": `"ls|cat"`, "ls;id": `"ls;id"`, "/opt/my-app_1.2+x:y@z": "/opt/my-app_1.2+x:y@z"} {
		if got := quotedName(word); got != want {
			t.Errorf("quotedName(%q) = %s, want %s", word, got, want)
		}
	}
}
