package hint

import "testing"

func TestIn(t *testing.T) {
	web := Place{Target: "web"}
	for name, tt := range map[string]struct {
		place        Place
		advice, want string
	}{
		"inside":           {Place{}, "yinit kill 7", "yinit kill 7"},
		"outside":          {web, "yinit kill -s CONT 7", "yinit kill --target web -s CONT 7"},
		"several":          {web, "yinit zombies; or yinit history --follow", "yinit zombies --target web; or yinit history --target web --follow"},
		"in parentheses":   {web, "(yinit top)", "(yinit top --target web)"},
		"in a sentence":    {web, "yinit doctor explains them", "yinit doctor --target web explains them"},
		"no command":       {web, "start it with an init: yinit -- PROGRAM", "start it with an init: yinit -- PROGRAM"},
		"another command":  {web, "yinit containers 7, yinit killer", "yinit containers 7, yinit killer"},
		"another program":  {web, "myyinit kill 7", "myyinit kill 7"},
		"root":             {Place{Target: "shop/web", Root: "/host"}, "yinit ps", "yinit ps --target shop/web --root /host"},
		"root alone":       {Place{Root: "/host"}, "yinit ps", "yinit ps"},
		"twice":            {web, web.In("yinit kill 7"), "yinit kill --target web 7"},
		"for a shell":      {Place{Target: "a b'c"}, "yinit ps", `yinit ps --target 'a b'\''c'`},
		"a name with $":    {Place{Target: "a$1${1}"}, "yinit ps", `yinit ps --target 'a$1${1}'`},
		"nothing to adapt": {web, "", ""},
	} {
		if got := tt.place.In(tt.advice); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
