package procfs

import (
	"fmt"
	"slices"
	"time"
)

const (
	// newsFor is for how long after a listing of all processes a pid that it has not found is
	// taken for none.
	newsFor = 20 * time.Millisecond
	// againRounds is the number of listings after which a process that is not in the namespace
	// is looked at again: another one may have got its pid.
	againRounds = 32
)

// outside returns the place of a process of the namespace in the proc filesystem. That of one
// that is not there has a pid that no process has.
func (s *Space) outside(p place) place {
	if p.pid == 0 {
		return p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	host, ok := s.hosts[p.pid]
	if !ok && time.Since(s.listed) > newsFor {
		s.list()
		host, ok = s.hosts[p.pid]
	}
	if !ok {
		return place{pid: -1, name: p.name}
	}
	inner := p.pid
	p.pid = host
	if p.tid == 0 {
		return p
	}
	if p.tid == inner {
		p.tid = host
		return p
	}
	tid, ok := s.known[host].tids[p.tid]
	if !ok {
		s.readThreads(s.known[host])
		if tid, ok = s.known[host].tids[p.tid]; !ok {
			tid = -1
		}
	}
	p.tid = tid
	return p
}

// readThreads finds out which threads a member has.
func (s *Space) readThreads(m *member) {
	tids, err := s.base.Threads(m.id.PID)
	if err != nil {
		return
	}
	old := map[int]int{} // inside by outside
	for inner, host := range m.tids {
		old[host] = inner
	}
	m.tids = make(map[int]int, len(tids))
	for _, host := range tids {
		inner, ok := old[host]
		if host == m.id.PID {
			inner, ok = m.pid, true
		}
		if !ok {
			n, err := s.numbersAt(place{pid: m.id.PID, tid: host, name: "status"})
			if err != nil || s.at(n.pids) == 0 {
				continue // It has ended.
			}
			inner = s.at(n.pids)
		}
		m.tids[inner] = host
	}
}

// threads returns the threads of a process, as they are numbered inside.
func (s *Space) threads(pid int) ([]int, error) {
	s.outside(place{pid: pid})
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.known[s.hosts[pid]]
	if m == nil {
		return nil, ErrGone
	}
	if _, err := s.base.Threads(m.id.PID); err != nil {
		return nil, err
	}
	s.readThreads(m)
	tids := make([]int, 0, len(m.tids))
	for tid := range m.tids {
		tids = append(tids, tid)
	}
	slices.Sort(tids)
	return tids, nil
}

// list finds all members anew. The lock is held.
func (s *Space) list() {
	scanner := NewScanner(s.base)
	pids, err := scanner.PIDs(nil)
	_ = scanner.Close()
	if err == nil {
		s.sift(pids)
	}
	s.listed = time.Now()
}

// sift returns those of all pids outside that are in the namespace, in the same order. It forgets
// the others. The lock is held.
func (s *Space) sift(pids []int) []int {
	s.round++
	there := make(map[int]bool, len(pids))
	for _, host := range pids {
		there[host] = true
	}
	for host, m := range s.known {
		if !there[host] {
			s.forget(host, m)
		}
	}
	var in []int
	for _, host := range pids {
		m, known := s.known[host]
		if !known || m == nil && (s.round+host)%againRounds == 0 {
			m = s.note(host)
		}
		if m != nil {
			in = append(in, host)
		}
	}
	s.listed = time.Now()
	return in
}

// among is sift with the lock.
func (s *Space) among(pids []int) []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sift(pids)
}

// appendInner appends the pids inside of those of all processes that are in the namespace, lowest
// first.
func (s *Space) appendInner(dst, pids []int) []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	start := len(dst)
	for _, host := range s.sift(pids) {
		dst = append(dst, s.known[host].pid)
	}
	slices.Sort(dst[start:])
	return dst
}

// note examines a process outside, and remembers the result.
func (s *Space) note(host int) *member {
	m := s.examine(host)
	s.known[host] = m
	if m != nil {
		s.hosts[m.pid] = host
	}
	return m
}

func (s *Space) forget(host int, m *member) {
	delete(s.known, host)
	delete(s.hidden, host)
	if m != nil && s.hosts[m.pid] == host {
		delete(s.hosts, m.pid)
	}
}

// of returns the member that is a process outside; nil: it is none. start is its start time, so
// that a process with a pid that another one had is not taken for that.
func (s *Space) of(host int, start Ticks) *member {
	m, known := s.known[host]
	if known && m != nil && m.id.Start != start {
		s.forget(host, m)
		known = false
	}
	if !known {
		m = s.note(host)
	}
	if m == nil || m.id.Start != start {
		return nil
	}
	return m
}

// has reports whether a process outside is in the namespace.
func (s *Space) has(host int, start Ticks) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m, known := s.known[host]; known && m == nil {
		delete(s.known, host) // It is asked because the process is new.
	}
	return s.of(host, start) != nil
}

// inner returns the pid inside of a process outside; 0: it is not in the namespace, as the kernel
// shows it to a reader inside. The lock is held.
func (s *Space) inner(host int) int {
	if host <= 0 {
		return 0
	}
	m, known := s.known[host]
	if !known {
		m = s.note(host)
	}
	if m == nil {
		return 0
	}
	return m.pid
}

// Inner is inner for the threads, too.
func (s *Space) innerThread(tid int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if pid := s.inner(tid); pid != 0 || tid <= 0 {
		return pid
	}
	n, err := s.numbersOf(tid) // /proc has threads, too, although it does not list them
	delete(s.known, tid)
	if err != nil {
		return 0
	}
	return s.at(n.pids)
}

// translate turns the numbers of a stat from outside into those inside. It reports false if the
// process is not in the namespace.
func (s *Space) translate(st *Stat) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.of(st.PID, st.Start)
	if m == nil {
		return false
	}
	if m.group.outside != st.PGRP || m.session.outside != st.Session {
		n, err := s.numbersOf(st.PID)
		if err != nil || s.at(n.pids) != m.pid {
			return false
		}
		m.group, m.session = pair{st.PGRP, s.at(n.groups)}, pair{st.Session, s.at(n.sessions)}
	}
	terminal := st.TPGID
	switch {
	case terminal <= 0:
	case terminal == m.group.outside:
		terminal = m.group.inside
	default:
		terminal = s.inner(terminal)
	}
	st.PID, st.PPID, st.PGRP, st.Session, st.TPGID = m.pid, s.inner(st.PPID), m.group.inside, m.session.inside, terminal
	return true
}

// translateAt is translate for the stat that was read at a place.
func (s *Space) translateAt(at place, st *Stat) error {
	if at.tid != 0 {
		st.PID, st.PPID, st.PGRP, st.Session, st.TPGID = at.tid, 0, 0, 0, 0 // Nobody asks that of a thread.
		return nil
	}
	if !s.translate(st) || st.PID != at.pid {
		return ErrGone
	}
	return nil
}

// translateStatus turns the numbers of a status from outside into those inside.
func (s *Space) translateStatus(at place, st *Status) error {
	if len(st.NSpid) < s.depth {
		return ErrGone
	}
	pid := s.at(st.NSpid)
	if want := max(at.tid, at.pid); at.tid == 0 && pid != at.pid || at.tid != 0 && pid != at.tid {
		return fmt.Errorf("%d has the pid of %d: %w", pid, want, ErrGone)
	}
	tracer := s.innerThread(st.TracerPID)
	s.mu.Lock()
	defer s.mu.Unlock()
	st.PID, st.PPID, st.TracerPID = pid, s.inner(st.PPID), tracer
	if st.Tgid = at.pid; at.tid == 0 {
		st.Tgid = pid
	}
	st.NSpid = st.NSpid[:copy(st.NSpid, st.NSpid[s.depth-1:])]
	return nil
}

// hiddenCount returns the number of processes that may be in the namespace, but which this user
// may not read.
func (s *Space) hiddenCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.hidden)
}

// moved reports whether the process outside that had this pid inside has ended, and another one
// may have it now.
func (s *Space) moved(pid int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	host, ok := s.hosts[pid]
	if !ok {
		return false
	}
	m := s.known[host]
	if stat, err := s.base.Stat(host); err == nil && stat.ID() == m.id {
		return false // It is there, and lacks the file.
	}
	s.forget(host, m)
	return true
}
