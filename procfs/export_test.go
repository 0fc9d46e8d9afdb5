package procfs

// SparesListings reports whether s lists /proc only when something was started.
func (s *Scanner) SparesListings() bool { return s.kept.arrivals.fd >= 0 }
