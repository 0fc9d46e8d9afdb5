package procfs

import "fmt"

// String gives b in the largest binary unit that leaves a number of at least 1,
// as people write memory limits: "512 MiB", "1.5 GiB".
func (b Bytes) String() string {
	for _, u := range []struct {
		size Bytes
		name string
	}{{GiB, "GiB"}, {MiB, "MiB"}, {KiB, "KiB"}} {
		if b < u.size {
			continue
		}
		if b%u.size == 0 {
			return fmt.Sprintf("%d %s", b/u.size, u.name)
		}
		return fmt.Sprintf("%.1f %s", float64(b)/float64(u.size), u.name)
	}
	return fmt.Sprintf("%d B", uint64(b))
}
