package main

import "time"

// A presence finds out whether anybody is still at the other end of a terminal that has
// not hung up. If the client of docker exec is killed, nothing closes the terminal, and
// there is no signal. This was measured with Docker 20.10:
//
//   - If the client has gone, the engine takes all that is written, at once and without
//     end, and nobody answers the queries of the terminal.
//   - If the client is stopped, or its terminal is, the engine takes a little more than a
//     mebibyte, and then each write waits until the client goes on.
//   - A terminal that nobody reads takes as much as its buffer holds, 64 KiB or less. With
//     containerd's own client, which read from a pipe, the pipe comes on top of that.
//
// So presence asks a terminal that has been silent for a while. If it has answered before
// and does not now, presence fills it with bytes that terminals ignore, and sees which of
// the three cases it is. A terminal that is only stopped is left alone for as long as that
// takes. Time counts only while this process runs and may read from the terminal.
type presence struct {
	answers bool          // the terminal has answered a query
	asked   int           // queries since something came last
	silent  time.Duration // since something came last, see tick
	nextAsk time.Duration // the value of silent at which to ask again
	filled  bool          // it has been filled since something came last
	calm    time.Duration // since the terminal has taken all of that
	stuck   time.Duration // since a write made progress
	last    int64         // sight.taken at the last tick
	base    int64         // sight.taken when something came last
}

// sight is what can be seen of a terminal.
type sight struct {
	elapsed  time.Duration // since the last tick
	heard    bool          // something has come since then: a key, an answer
	answered bool          // there was an answer of the terminal
	away     bool          // this process is in the background, and may not read from it
	writing  bool          // a write is in progress
	taken    int64         // bytes that the terminal has taken so far
}

// A move is what to do about the terminal.
type move uint8

const (
	doWait   move = iota
	doAsk         // write a query
	doFill        // write deepFill bytes that terminals ignore
	doFillUp      // write shallowFill of them
	doLeave       // nobody is there
)

const (
	presenceTick = 2 * time.Second
	askAfter     = 10 * time.Second // of silence
	askEvery     = 5 * time.Second
	mostAsked    = 3                // queries to a terminal that has never answered
	fillAfter    = 25 * time.Second // of silence
	calmFor      = 12 * time.Second // without an answer, although all was taken
	stuckFor     = 24 * time.Second // without progress

	// What an engine keeps for a client that is stopped is more than deepBuffer; what it
	// keeps for no client at all is less, or there is no end to it.
	deepBuffer  = 512 << 10
	deepFill    = 4 << 20
	shallowFill = 160 << 10
)

// tick decides what to do. It is called every presenceTick.
func (p *presence) tick(s sight) move {
	elapsed := min(s.elapsed, 2*presenceTick) // this process was stopped, or the machine
	if s.heard || s.away {
		*p = presence{answers: p.answers || s.answered, nextAsk: askAfter, last: s.taken, base: s.taken}
		return doWait
	}
	p.silent += elapsed
	moved := s.taken != p.last
	p.last = s.taken
	switch {
	case !s.writing:
		p.stuck = 0
		if p.filled {
			p.calm += elapsed
		}
	case moved:
		p.stuck, p.calm = 0, 0
	default:
		p.stuck, p.calm = p.stuck+elapsed, 0
	}
	return p.decide(s)
}

func (p *presence) decide(s sight) move {
	switch {
	case p.stuck >= stuckFor && s.taken-p.base < deepBuffer:
		return doLeave
	case s.writing:
		return doWait
	case p.answers && p.calm >= calmFor:
		return doLeave
	case !p.filled && p.silent >= fillAfter:
		p.filled = true
		if p.answers {
			return doFill
		}
		return doFillUp
	case p.silent >= p.nextAsk && (p.answers || p.asked < mostAsked):
		p.nextAsk = p.silent + askEvery
		p.asked++
		return doAsk
	}
	return doWait
}
