package initcore

import (
	"reflect"
	"strings"
	"testing"
)

const passwdText = `root:x:0:0:root:/root:/bin/sh
# a comment

short:x:7
noid:x:abc:5::/home/noid:/bin/sh
huge:x:4294967295:5::/home/huge:/bin/sh
wide:x:4294967296:5::/home/wide:/bin/sh
negative:x:-1:5::/home/negative:/bin/sh
app:x:1000:1001:App,,,:/home/app:/bin/sh
noshell:x:1002:1002::/srv
lonely:x:1003:50::/:/bin/false
1000:x:2000:2000::/home/digits:/bin/sh
:x:3000:3000::/home/empty:/bin/sh
app:x:4000:4000::/home/second:/bin/sh`

const groupText = `root:x:0:
staff:x:50:app,other
app:x:1001:app
bad
badid:x:abc:app
docker:x:998:other,app
apple:x:997:apple
huge:x:4294967295:app
tail:x:996:app`

func TestLookupUser(t *testing.T) {
	for name, tt := range map[string]struct {
		spec string
		want *Credential
		err  string // part of the error
	}{
		"by name, with its groups":       {"app", &Credential{UID: 1000, GID: 1001, Groups: []uint32{1001, 50, 998, 996}, Home: "/home/app"}, ""},
		"by number, first in the file":   {"1000", &Credential{UID: 1000, GID: 1001, Groups: []uint32{1001, 50, 998, 996}, Home: "/home/app"}, ""},
		"root":                           {"root", &Credential{UID: 0, GID: 0, Groups: []uint32{0}, Home: "/root"}, ""},
		"0":                              {"0", &Credential{UID: 0, GID: 0, Groups: []uint32{0}, Home: "/root"}, ""},
		"no shell field":                 {"noshell", &Credential{UID: 1002, GID: 1002, Groups: []uint32{1002}, Home: "/srv"}, ""},
		"own group without an own entry": {"lonely", &Credential{UID: 1003, GID: 50, Groups: []uint32{50}, Home: "/"}, ""},
		"name:group":                     {"app:staff", &Credential{UID: 1000, GID: 50, Groups: []uint32{50}, Home: "/home/app", From: FromSpec}, ""},
		"name:gid":                       {"app:12", &Credential{UID: 1000, GID: 12, Groups: []uint32{12}, Home: "/home/app", From: FromSpec}, ""},
		"uid:gid":                        {"7777:8888", &Credential{UID: 7777, GID: 8888, Groups: []uint32{8888}, Home: "/", From: FromSpec}, ""},
		"uid:group":                      {"7777:docker", &Credential{UID: 7777, GID: 998, Groups: []uint32{998}, Home: "/", From: FromSpec}, ""},
		"uid without an entry":           {"7777", &Credential{UID: 7777, GID: 0, Groups: []uint32{0}, Home: "/", From: Assumed}, ""},
		"largest uid":                    {"4294967294", &Credential{UID: 4294967294, Groups: []uint32{0}, Home: "/", From: Assumed}, ""},
		"uid that means unchanged":       {"4294967295", nil, "\"4294967295\" is not a valid id"},
		"uid too large":                  {"4294967297", nil, "neither a user"},
		"gid too large":                  {"app:4294967295", nil, "is not a valid id"},
		"negative":                       {"-5", nil, "neither a user"},
		"unknown name":                   {"nobody-here", nil, "neither a user"},
		"unknown group":                  {"app:nogroup-here", nil, "neither a group"},
		"line too short":                 {"short", nil, "neither a user"},
		"entry with a uid that is none":  {"noid", nil, "/etc/passwd: the entry of noid"},
		"entry with a uid out of range":  {"wide", nil, "/etc/passwd: the entry of wide"},
		"entry with a negative uid":      {"negative", nil, "the entry of negative"},
		"nothing":                        {"", nil, "is not a user"},
		"no user":                        {":staff", nil, "is not a user"},
		"no group":                       {"app:", nil, "is not a user"},
		"only a colon":                   {":", nil, "is not a user"},
		"two colons":                     {"app:staff:x", nil, "neither a group"},
		"the name of the nameless entry": {"3000", &Credential{UID: 3000, Groups: []uint32{0}, Home: "/", From: Assumed}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := lookupUser(tt.spec, []byte(passwdText), []byte(groupText))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("lookupUser(%q) = %+v, %v; want an error with %q", tt.spec, got, err, tt.err)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("lookupUser(%q) = %+v, %v; want %+v", tt.spec, got, err, tt.want)
			}
		})
	}
}

func TestLookupUserWithoutFiles(t *testing.T) {
	got, err := lookupUser("12:34", nil, nil)
	want := &Credential{UID: 12, GID: 34, Groups: []uint32{34}, Home: "/", From: FromSpec}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("lookupUser(12:34) = %+v, %v; want %+v", got, err, want)
	}
	if got, err := lookupUser("root", nil, nil); err == nil {
		t.Errorf("lookupUser(root) = %+v, want an error: there is no such entry", got)
	}
}
