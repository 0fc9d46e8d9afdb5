package history

import "testing"

func TestOriginOf(t *testing.T) {
	for name, tt := range map[string]struct {
		code, pid int
		want      SignalOrigin
	}{
		"kill(2) from outside the PID namespace": {0, 0, OriginOutside},
		"kill(2) of a process":                   {0, 37, OriginProcess},
		"tgkill(2)":                              {-6, 37, OriginProcess},
		"tgkill(2) from outside":                 {-6, 0, OriginOutside},
		"terminal, setitimer(2)":                 {0x80, 0, OriginKernel},
		"POLL_IN, whose pid is si_band":          {1, -1, OriginKernel},
		"CLD_EXITED":                             {1, 37, OriginKernel},
		"sigqueue(3)":                            {-1, 37, OriginClaimed},
		"rt_sigqueueinfo(2) that writes pid 0":   {-1, 0, OriginClaimed},
		"SI_TIMER, and the init has no timer":    {-2, 37, OriginClaimed},
		"SI_MESGQ":                               {-3, 37, OriginClaimed},
		"SI_SIGIO":                               {-5, 37, OriginClaimed},
		"an undefined code":                      {-60, 1, OriginClaimed},
		"os/signal":                              {0, -1, OriginUnknown},
	} {
		if got := OriginOf(tt.code, tt.pid); got != tt.want {
			t.Errorf("%s: OriginOf(%d, %d) = %v, want %v", name, tt.code, tt.pid, got, tt.want)
		}
		if got := (Record{Kind: KindSignal, Code: tt.code, PID: tt.pid}).Origin(); got != tt.want {
			t.Errorf("%s: Origin() of a record = %v, want %v", name, got, tt.want)
		}
	}
}
