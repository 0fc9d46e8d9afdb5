package filter

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

func parseInteger(s string) (float64, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number; write one such as 37", s)
	}
	return float64(n), nil
}

// parseDuration parses a duration as top shows it (3d04h) or as [time.ParseDuration]
// does, in nanoseconds. A number without a unit is in seconds.
func parseDuration(s string) (float64, error) {
	wrong := fmt.Errorf("%q is not a time; write a number with a unit, such as 5s, 1h30m or 2d", s)
	if n, ok := parseDecimal(s); ok {
		return n * float64(time.Second), nil
	}
	days, rest, ok := strings.Cut(strings.ToLower(s), "d")
	if !ok {
		days, rest = "0", days
	}
	n, ok := parseDecimal(days)
	if !ok {
		return 0, wrong
	}
	sum := n * 24 * float64(time.Hour)
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 {
			return 0, wrong
		}
		sum += float64(d)
	}
	return sum, nil
}

// parseSize parses an amount of memory as top shows it (1.5G), or with a longer unit
// (1.5GiB, 1.5 GB), in bytes.
func parseSize(s string) (float64, error) {
	digits := strings.TrimRight(strings.ToUpper(s), "BI")
	factor := 1.0
	if at := len(digits) - 1; at >= 0 {
		if power := strings.IndexByte("KMGTP", digits[at]); power >= 0 {
			digits, factor = digits[:at], math.Pow(1024, float64(power+1))
		}
	}
	n, ok := parseDecimal(strings.TrimRight(digits, " "))
	if !ok {
		return 0, fmt.Errorf("%q is not an amount; write a number with a unit, such as 64K, 100M or 1.5G", s)
	}
	return n * factor, nil
}

func parsePercent(s string) (float64, error) {
	n, ok := parseDecimal(strings.TrimSuffix(s, "%"))
	if !ok {
		return 0, fmt.Errorf("%q is not a percentage; write a number such as 50", s)
	}
	return n, nil
}

// parseDecimal parses digits with at most one point. It accepts neither signs nor
// exponents, nor the infinite.
func parseDecimal(s string) (float64, bool) {
	if strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}
