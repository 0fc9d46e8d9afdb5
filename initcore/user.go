package initcore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"yinit/procfs/passwd"
)

// The files of passwd(5) and group(5).
const (
	passwdFile = "/etc/passwd"
	groupFile  = "/etc/group"
)

// LookupUser resolves USER[:GROUP], where each is a name or a number, with /etc/passwd
// and /etc/group. A number need not have an entry there. Without GROUP the credential
// has the user's primary group and all groups that the user is a member of; the group of
// a user without an entry is 0.
func LookupUser(spec string) (*Credential, error) {
	users, err := readOptional(passwdFile)
	if err != nil {
		return nil, err
	}
	groups, err := readOptional(groupFile)
	if err != nil {
		return nil, err
	}
	return lookupUser(spec, users, groups)
}

func readOptional(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

func lookupUser(spec string, users, groups []byte) (*Credential, error) {
	user, groupName, hasGroup := strings.Cut(spec, ":")
	if user == "" || hasGroup && groupName == "" {
		return nil, fmt.Errorf("%q is not a user; write NAME, UID, NAME:GROUP or UID:GID", spec)
	}
	c := &Credential{Home: "/"}
	name := ""
	if f := entry(users, user, 6); f != nil {
		uid, err1 := id(f[2])
		gid, err2 := id(f[3])
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("%s: the entry of %s: %w", passwdFile, user, err)
		}
		name, c.UID, c.GID, c.Home = f[0], uid, gid, f[5]
	} else {
		uid, err := id(user)
		if err != nil {
			return nil, fmt.Errorf("%q is neither a user in %s nor a number", user, passwdFile)
		}
		c.UID, c.From = uid, Assumed
	}
	if !hasGroup {
		c.Groups = groupsOf(groups, name, c.GID)
		return c, nil
	}
	gid, err := lookupGroup(groupName, groups)
	c.GID, c.Groups, c.From = gid, []uint32{gid}, FromSpec
	return c, err
}

func lookupGroup(name string, group []byte) (uint32, error) {
	if f := entry(group, name, 3); f != nil {
		return id(f[2])
	}
	gid, err := id(name)
	if err != nil {
		return 0, fmt.Errorf("%q is neither a group in %s nor a number", name, groupFile)
	}
	return gid, nil
}

// entry returns the fields of the first line whose name or number is key.
func entry(file []byte, key string, fields int) []string {
	for f := range passwd.Entries(file, fields) {
		if f[0] == key || f[2] == key {
			return f
		}
	}
	return nil
}

// groupsOf returns own, and the groups that name is a member of.
func groupsOf(group []byte, name string, own uint32) []uint32 {
	list := []uint32{own}
	if name == "" {
		return list
	}
	for f := range passwd.Entries(group, 4) {
		for member := range strings.SplitSeq(f[3], ",") {
			if gid, err := id(f[2]); member == name && err == nil && gid != own {
				list = append(list, gid)
			}
		}
	}
	return list
}

// id parses a uid or gid. The largest number is invalid: to the kernel it means
// "unchanged", see setresuid(2).
func id(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == 1<<32-1 {
		return 0, fmt.Errorf("%q is not a valid id", s)
	}
	return uint32(n), nil
}
