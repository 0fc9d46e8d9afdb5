package early

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestOrder: real-time signals arrive in order and complete, also those that the Go runtime
// would unblock in all its threads, and more of them than fit into the ring.
func TestOrder(t *testing.T) {
	needsHandler(t)
	t.Run(Entry.String(), func(t *testing.T) {
		c := play(t, "awake")
		for sig := rtMin; sig <= 64; sig++ {
			count := 1000
			if sig < rtMin+4 || sig == 64 {
				count = 10000
			}
			arriveInOrder(t, c, sig, count)
		}
		c.rest()
	})
}

func arriveInOrder(t *testing.T, c *child, sig, count int) {
	t.Helper()
	go func() {
		for i := range count {
			info := Info{Signal: int32(sig), Code: -1, PID: int32(os.Getpid()), Value: uint64(i)}
			for errors.Is(queue(c.pid(), info), unix.EAGAIN) { // RLIMIT_SIGPENDING
				time.Sleep(time.Millisecond)
			}
		}
	}()
	wrong := 0
	for i := range count {
		if got := parse(t, c.line()); int(got.Signal) != sig || got.Value != uint64(i) {
			if wrong++; wrong == 1 {
				t.Errorf("signal %d, value %d: %+v", sig, i, got)
			}
		}
	}
	if wrong > 0 {
		t.Errorf("signal %d: %d of %d arrived in another order", sig, wrong, count)
	}
}

// TestQueueWaits: unread real-time signals stay in the kernel's queue, and SIGTERM overtakes
// them. None is lost.
func TestQueueWaits(t *testing.T) {
	needsHandler(t)
	t.Run(Entry.String(), func(t *testing.T) {
		const many = realTimeRoom + 100
		c := play(t, "asleep")
		for i := range many {
			check(t, queue(c.pid(), Info{Signal: rtMin, Code: -1, PID: int32(os.Getpid()), Value: uint64(i)}))
		}
		// While a handler runs, SIGTERM is blocked, too.
		const term = 1 << (unix.SIGTERM - 1)
		for end := time.Now().Add(time.Minute); statusField(t, strconv.Itoa(c.pid()), "SigBlk")&(realTime|term) != realTime; {
			if time.Now().After(end) {
				t.Fatal("the main thread does not block real-time signals")
			}
		}
		check(t, unix.Kill(c.pid(), unix.SIGTERM))
		_, err := io.WriteString(c.in, "wake up\n")
		check(t, err)
		before, value := 0, uint64(0)
		for i := range many + 1 {
			switch got := parse(t, c.line()); {
			case got.Signal == int32(unix.SIGTERM):
				before = i
			case got.Signal != rtMin || got.Value != value:
				t.Fatalf("%+v, want the value %d", got, value)
			default:
				value++
			}
		}
		if before != realTimeRoom {
			t.Errorf("%d signals came before SIGTERM, want %d", before, realTimeRoom)
		}
		c.rest()
	})
}

// TestThreadsBlock: no thread but the main one may receive a real-time signal, and none has
// a fault signal blocked, which would end the process at a fault. While the runtime creates a
// thread, both threads block every signal, so the test waits for the masks to settle.
func TestThreadsBlock(t *testing.T) {
	needsHandler(t)
	t.Run(Entry.String(), func(t *testing.T) {
		c := play(t, "awake")
		wrong := wrongMasks(t, c.pid())
		for end := time.Now().Add(time.Minute); wrong != nil && time.Now().Before(end); wrong = wrongMasks(t, c.pid()) {
			time.Sleep(time.Millisecond)
		}
		for _, w := range wrong {
			t.Error(w)
		}
		c.rest()
	})
}

// wrongMasks says what is wrong with the signal masks of the threads of a process.
func wrongMasks(t *testing.T, pid int) (wrong []string) {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	check(t, err)
	if len(tasks) < 2 {
		t.Fatalf("%d threads, want several", len(tasks))
	}
	for _, task := range tasks {
		set, err := readStatusField(fmt.Sprintf("%d/task/%s", pid, task.Name()), "SigBlk")
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // the thread has ended
		}
		check(t, err)
		if task.Name() == strconv.Itoa(pid) {
			if set != 0 {
				wrong = append(wrong, fmt.Sprintf("the main thread blocks %v, want none", numbers(set)))
			}
			continue
		}
		if left := realTime &^ set; left != 0 {
			wrong = append(wrong, fmt.Sprintf("thread %s does not block %v", task.Name(), numbers(left)))
		}
		if both := (synchronous &^ (1<<(unix.SIGABRT-1) | 1<<(unix.SIGSYS-1))) & set; both != 0 {
			wrong = append(wrong, fmt.Sprintf("thread %s blocks %v", task.Name(), numbers(both)))
		}
	}
	return wrong
}
