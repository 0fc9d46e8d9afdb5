package facts

import (
	"fmt"
	"strings"
	"time"

	"yinit/initcore/history"
	"yinit/procfs/explain"
	"yinit/procfs/fatal"
)

// accountedError is how far the time of a record of process accounting may be off.
const accountedError = time.Second

// suspects names the processes that may have sent the signal that ended the process:
// kill(1) and its like, and yinit kill, that ran when it died.
func (x *ending) suspects() (all []string) {
	var unsure []string
	for i := range x.records {
		o := &x.records[i]
		if o.Kind != history.KindExit || o.Run != x.r.Run || o == x.r || !x.ranThen(o) {
			continue
		}
		who := explain.Who(o.PID, "("+explain.Cut(o.Name())+")")
		switch words := strings.Fields(o.Cmdline); {
		case o.Inspector && len(words) > 1 && words[1] == "kill":
			all = append(all, "perhaps by "+who+", which ran at that time")
		case o.Inspector && o.Cmdline == "":
			unsure = append(unsure, fmt.Sprintf("perhaps by %s, which ran at that time, if that was yinit kill", who))
		case !o.Inspector && fatal.SendsSignals(o.Comm) && fatal.MayName(words, x.r.PID):
			all = append(all, "perhaps by "+who+", which ran at that time")
		}
	}
	if len(all) == 0 {
		return unsure
	}
	return all
}

// ranThen reports whether the process of an exit record may have run when this one died,
// or just before.
func (x *ending) ranThen(o *history.Record) bool {
	end, before, after := o.Died(), soon, soon
	if o.Accounted || x.r.Accounted {
		before, after = before+accountedError, after+accountedError
	}
	if end.Before(x.died.Add(-before)) {
		return false
	}
	// timeout(1) ends with its child, pkill may wait: it has begun before.
	return !end.Add(-o.Runtime).After(x.died.Add(after-soon)) && !end.After(x.died.Add(after))
}
