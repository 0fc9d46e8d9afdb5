//go:build !race && !msan && !asan && !early_osignal

#include "textflag.h"

#define SYS_write 1
#define SYS_open 2
#define SYS_close 3
#define SYS_rt_sigaction 13
#define SYS_rt_sigprocmask 14
#define SYS_getpid 39
#define SYS_clone 56
#define SYS_exit 60
#define SYS_fcntl 72
#define SYS_futex 202
#define SYS_exit_group 231
#define SYS_prlimit64 302

#define F_GETFD 1
#define EBADF 9
#define EINVAL 22
#define RLIMIT_NPROC 6
#define RLIMIT_NOFILE 7
#define RLIMIT_AS 9
#define SIGCHLD 17
#define SIGURG 23
#define SIGRTMIN 32
#define SIG_IGN 1
#define SI_TKILL -6
#define O_CLOEXEC 0x80000
#define INFO_SIZE 32
#define UC_SIGMASK 296 // in struct ucontext
#define CLONE_A_THREAD 0x50f00 // VM, FS, FILES, SIGHAND, THREAD and SYSVSEM
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1

// func entry()
// The first instruction of the process. All registers are free; the stack
// holds argc, argv, the environment and the auxiliary vector.
TEXT ·entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVQ	$1, ·entered(SB)
	// The runtime gives every thread that it starts the mask that it finds here,
	// less those signals that it insists on. So most signals come to the main
	// thread alone, once Take unblocks them there, and in their order.
	MOVL	$2, DI // SIG_SETMASK
	LEAQ	·held(SB), SI
	LEAQ	·mask(SB), DX
	MOVL	$8, R10
	MOVL	$SYS_rt_sigprocmask, AX
	SYSCALL
	XORL	R8, R8
stdio:
	MOVL	R8, DI
	MOVL	$F_GETFD, SI
	MOVL	$SYS_fcntl, AX
	SYSCALL
	CMPQ	AX, $-EBADF
	JNE	open
	BTSQ	R8, ·closed(SB)
open:
	INCL	R8
	CMPL	R8, $3
	JLT	stdio

	CALL	·record(SB)
	// From here on the runtime calls hook where it would install a handler.
	LEAQ	_cgo_sigaction(SB), AX
	MOVQ	AX, ·hookAt(SB)
	MOVQ	0(AX), CX
	MOVQ	CX, ·hookWas(SB)
	LEAQ	·hook(SB), CX
	MOVQ	CX, 0(AX)
	// The runtime reads GOMAXPROCS from its environment. Where it is not there, it
	// is put before the first of them: argc and argv move down by two words, and
	// the variable comes twice, so that the stack stays aligned.
	MOVQ	0(SP), CX
	LEAQ	16(SP)(CX*8), DI
	MOVQ	·procs(SB), R8
	MOVQ	0(R8), R9
variable:
	MOVQ	0(DI), SI
	ADDQ	$8, DI
	TESTQ	SI, SI
	JEQ	narrow
	CMPQ	0(SI), R9 // "GOMAXPRO"; above the last string are 8 more bytes
	JNE	variable
	MOVL	8(SI), AX
	XORL	8(R8), AX
	SHLL	$8, AX // "CS=", whatever follows
	JEQ	go
	JMP	variable
narrow:
	MOVL	$1, ·narrowed(SB)
	MOVQ	SP, SI
	SUBQ	$16, SP
	MOVQ	SP, DI
	ADDQ	$2, CX
	CLD
	REP
	MOVSQ
	MOVQ	R8, 0(DI)
	MOVQ	R8, 8(DI)
go:
	CALL	·space(SB)
	CALL	·threads(SB)
	JMP	_rt0_amd64_linux(SB)

// func space()
// The runtime reserves address space that it does not use, and fails with a dump
// of its stacks where RLIMIT_AS does not let it.
TEXT ·space(SB), NOSPLIT|NOFRAME, $0
	XORL	DI, DI
	MOVL	$RLIMIT_AS, SI
	XORL	DX, DX
	LEAQ	·as(SB), R10
	MOVL	$SYS_prlimit64, AX
	SYSCALL
	MOVQ	·as+0(SB), AX
	MOVQ	·as+8(SB), DX
	CMPQ	AX, $-1
	JEQ	unlimited
	LEAQ	·noSpace(SB), SI
	CMPQ	DX, ·spaceLeast(SB)
	JCS	little
	CMPQ	DX, ·spaceAmple(SB)
	JCC	raise
	// Between the two the runtime fails with some sizes, but not with this one.
	MOVQ	·spaceLeast(SB), DX
raise:
	MOVQ	DX, ·asHere+0(SB)
	MOVQ	·as+8(SB), DX
	MOVQ	DX, ·asHere+8(SB)
	XORL	DI, DI
	MOVL	$RLIMIT_AS, SI
	LEAQ	·asHere(SB), DX
	XORL	R10, R10
	MOVL	$SYS_prlimit64, AX
	SYSCALL
unlimited:
	RET
little:
	JMP	·refuse(SB)

// func threads()
// Where there may not be as many processes and threads as the runtime begins
// with, and one for the program, it fails with a dump, too. So that many are made
// and ended again: threads that have no stack, since they use none. Their signals
// are blocked. PID 1 has the container to itself when it begins, and must begin
// quickly: so it tries only where a limit is as low as 99.
TEXT ·threads(SB), NOSPLIT|NOFRAME, $0
	XORL	R9, R9
	CMPL	·pid(SB), $1
	JNE	make
	XORL	DI, DI
	MOVL	$RLIMIT_NPROC, SI
	XORL	DX, DX
	LEAQ	·nproc(SB), R10
	MOVL	$SYS_prlimit64, AX
	SYSCALL
	CMPQ	·nproc(SB), $100
	JCS	make
	LEAQ	·pidsMax(SB), R8 // two strings: versions 2 and 1 of control groups
files:
	MOVQ	0(R8), DI
	MOVL	$O_CLOEXEC, SI
	XORL	DX, DX
	MOVL	$SYS_open, AX
	SYSCALL
	TESTQ	AX, AX
	JLT	absent
	MOVQ	AX, DI
	LEAQ	·nproc(SB), SI
	MOVL	$16, DX
	XORL	AX, AX // SYS_read
	SYSCALL
	MOVQ	AX, R10
	MOVL	$SYS_close, AX
	SYSCALL
	CMPQ	R10, $3 // "99\n"; without a limit it is "max\n"
	JLE	make
	RET
absent:
	ADDQ	$16, R8
	LEAQ	·pidsMax+32(SB), AX
	CMPQ	R8, AX
	JCS	files
	RET
make:
	MOVL	$CLONE_A_THREAD, DI
	XORL	SI, SI
	XORL	DX, DX
	XORL	R10, R10
	XORL	R8, R8
	MOVL	$SYS_clone, AX
	SYSCALL
	TESTQ	AX, AX
	JEQ	thread
	JLT	made
	INCL	R9
	CMPL	R9, ·threadsLeast(SB)
	JLT	make
made:
	MOVL	$1, ·gate(SB)
	LEAQ	·gate(SB), DI
	MOVL	$FUTEX_WAKE, SI
	MOVL	$0x7fffffff, DX
	MOVL	$SYS_futex, AX
	SYSCALL
	LEAQ	·noThreads(SB), SI
	CMPL	R9, ·threadsLeast(SB)
	JLT	few
	RET
few:
	JMP	·refuse(SB)
thread:
	CMPL	·gate(SB), $0
	JNE	end
	LEAQ	·gate(SB), DI
	MOVL	$FUTEX_WAIT, SI
	XORL	DX, DX
	XORL	R10, R10
	MOVL	$SYS_futex, AX
	SYSCALL
	JMP	thread
end:
	XORL	DI, DI
	MOVL	$SYS_exit, AX
	SYSCALL
	INT	$3

// refuse writes the string at SI to stderr and ends the process with 125.
TEXT ·refuse(SB), NOSPLIT|NOFRAME, $0
	MOVQ	8(SI), DX
	MOVQ	0(SI), SI
	MOVL	$2, DI
	MOVL	$SYS_write, AX
	SYSCALL
	MOVL	$125, DI
	MOVL	$SYS_exit_group, AX
	SYSCALL
	INT	$3

// func record()
// It notes what the runtime would change, and installs handler.
TEXT ·record(SB), NOSPLIT|NOFRAME, $0
	MOVL	$SYS_getpid, AX
	SYSCALL
	MOVL	AX, ·pid(SB)

	XORL	DI, DI
	MOVL	$RLIMIT_NOFILE, SI
	XORL	DX, DX
	LEAQ	·nofile(SB), R10
	MOVL	$SYS_prlimit64, AX
	SYSCALL

	LEAQ	·handler(SB), AX
	MOVQ	AX, ·action+0(SB)
	LEAQ	·restorer(SB), AX
	MOVQ	AX, ·action+16(SB)
	MOVL	$1, R8
	LEAQ	·previous+32(SB), R9
next:
	MOVL	R8, CX
	DECL	CX
	XORL	SI, SI // only ask
	MOVQ	·held(SB), AX
	BTQ	CX, AX
	JCC	ask
	LEAQ	·action(SB), SI
ask:
	MOVL	R8, DI
	MOVQ	R9, DX
	MOVL	$8, R10
	MOVL	$SYS_rt_sigaction, AX
	SYSCALL
	CMPQ	0(R9), $SIG_IGN
	JNE	caught
	MOVL	R8, CX
	DECL	CX
	BTSQ	CX, ·ignored(SB)
caught:
	ADDQ	$32, R9
	INCL	R8
	CMPL	R8, $64
	JLE	next
	RET

// func hook()
// C: int hook(int sig, const struct sigaction *new, struct sigaction *old).
// To the runtime it is rt_sigaction(2). It keeps in previous what the runtime
// wants; what the kernel has is our handler. BX, BP and R12 to R15 are the
// caller's.
TEXT ·hook(SB), NOSPLIT|NOFRAME, $0
	MOVL	DI, AX
	SHLQ	$5, AX
	LEAQ	·previous(SB), R8
	ADDQ	AX, R8
	TESTQ	DX, DX
	JZ	change
	MOVQ	0(R8), R9
	MOVQ	R9, 0(DX)
	MOVQ	8(R8), R9
	MOVQ	R9, 8(DX)
	MOVQ	16(R8), R9
	MOVQ	R9, 16(DX)
	MOVQ	24(R8), R9
	MOVQ	R9, 24(DX)
change:
	TESTQ	SI, SI
	JZ	done
	MOVQ	0(SI), R9
	MOVQ	R9, 0(R8)
	MOVQ	8(SI), R10
	MOVQ	R10, 8(R8)
	MOVQ	16(SI), R11
	MOVQ	R11, 16(R8)
	MOVQ	24(SI), AX
	MOVQ	AX, 24(R8)
	MOVL	DI, CX
	DECL	CX
	MOVQ	·held(SB), DX
	BTQ	CX, DX
	JCS	done
	// A synchronous signal: the runtime gets it through fault. If it wants the
	// default action, or none, it makes the system call itself.
	CMPQ	R9, $SIG_IGN
	JLS	pass
	LEAQ	·faulty(SB), SI
	LEAQ	·fault(SB), R9
	MOVQ	R9, 0(SI)
	MOVQ	R10, 8(SI)
	MOVQ	R11, 16(SI)
	MOVQ	AX, 24(SI)
	XORL	DX, DX
	MOVL	$8, R10
	MOVL	$SYS_rt_sigaction, AX
	SYSCALL
	TESTQ	AX, AX
	JNE	pass
done:
	XORL	AX, AX
	RET
pass:
	MOVL	$EINVAL, AX // the runtime makes the system call itself
	RET

// func addresses() (handler, fault, restorer uintptr)
// In Go the name of an assembly function stands for a wrapper.
TEXT ·addresses(SB), NOSPLIT, $0-24
	LEAQ	·handler(SB), AX
	MOVQ	AX, handler+0(FP)
	LEAQ	·fault(SB), AX
	MOVQ	AX, fault+8(FP)
	LEAQ	·restorer(SB), AX
	MOVQ	AX, restorer+16(FP)
	RET

// func fault()
// The handler of the synchronous signals. One that the kernel raised goes to the
// runtime; one that a process sent is written into the pipe like all others: it
// would end PID 1 otherwise, where the kernel shields every program that has no
// handler.
TEXT ·fault(SB), NOSPLIT|NOFRAME, $0
	CMPL	8(SI), $0 // si_code; above 0 it is from the kernel
	JGT	toRuntime
	CMPQ	·released(SB), $0
	JNE	toRuntime
	JMP	·handler(SB)
toRuntime:
	JMP	·runtimes(SB)

// runtimes goes on in the handler that the runtime had installed, if there is one.
TEXT ·runtimes(SB), NOSPLIT|NOFRAME, $0
	MOVL	DI, AX
	SHLQ	$5, AX
	LEAQ	·previous(SB), R8
	ADDQ	AX, R8
	MOVQ	0(R8), AX
	CMPQ	AX, $SIG_IGN
	JLS	none
	JMP	AX
none:
	RET

// func handler()
// C: void handler(int sig, siginfo_t *info, void *context). It runs with all
// signals blocked, on whichever thread the kernel has chosen. The kernel restores
// every register when it returns.
TEXT ·handler(SB), NOSPLIT|NOFRAME, $0
	CMPL	DI, $SIGCHLD
	JEQ	child
	CMPL	DI, $SIGURG
	JNE	tell
	CMPL	8(SI), $SI_TKILL
	JNE	tell
	MOVL	16(SI), AX
	CMPL	AX, ·pid(SB)
	JNE	tell
	JMP	·runtimes(SB) // the runtime asks one of its threads to yield
child:
	// One message stands for any number of deaths until the loop has read it.
	MOVL	$1, AX
	XCHGL	AX, ·dead(SB)
	TESTL	AX, AX
	JNE	over
tell:
	MOVL	DI, R8
	MOVQ	SI, R9
	MOVQ	DX, R12
	MOVL	·pipeFD+4(SB), DI
	TESTL	DI, DI
	JLT	keep
	MOVL	$INFO_SIZE, DX
	MOVL	$SYS_write, AX
	SYSCALL
	CMPQ	AX, $INFO_SIZE
	JEQ	over
keep:
	// No pipe yet, or it is full: the signal goes into its slot. Whoever sets the
	// bit in claimed owns the slot and is the only one to write it, until takeKept
	// has read it and clears the bit. Where the bit is set already, the signal
	// merges with the one before, as equal pending signals do in the kernel.
	MOVL	R8, CX
	DECL	CX
	LOCK
	BTSQ	CX, ·claimed(SB)
	JCS	choke
	MOVL	R8, AX
	SHLQ	$5, AX
	LEAQ	·slots(SB), R10
	ADDQ	AX, R10
	MOVQ	0(R9), AX
	MOVQ	AX, 0(R10)
	MOVQ	8(R9), AX
	MOVQ	AX, 8(R10)
	MOVQ	16(R9), AX
	MOVQ	AX, 16(R10)
	MOVQ	24(R9), AX
	MOVQ	AX, 24(R10)
	LOCK
	BTSQ	CX, ·kept(SB) // the slot is complete
choke:
	CMPL	R8, $SIGRTMIN
	JCS	over
	// Real-time signals are to be queued. From here on the kernel does so: they are
	// blocked when the handler has returned.
	MOVQ	·realTime(SB), AX
	ORQ	AX, UC_SIGMASK(R12)
	MOVL	$1, ·choked(SB)
over:
	RET

// restorer ends a signal handler, see rt_sigreturn(2).
TEXT ·restorer(SB), NOSPLIT|NOFRAME, $0
	MOVL	$15, AX // rt_sigreturn
	SYSCALL
	INT	$3
