//go:build !race && !msan && !asan && !early_osignal

#include "go_asm.h"
#include "textflag.h"

#define SYS_write 1
#define SYS_open 2
#define SYS_close 3
#define SYS_mmap 9
#define SYS_rt_sigaction 13
#define SYS_rt_sigprocmask 14
#define SYS_nanosleep 35
#define SYS_getpid 39
#define SYS_clone 56
#define SYS_exit 60
#define SYS_fcntl 72
#define SYS_futex 202
#define SYS_getuid 102
#define SYS_exit_group 231
#define SYS_prlimit64 302

#define F_GETFD 1
#define EBADF 9
#define EINVAL 22
#define RLIMIT_NPROC 6
#define RLIMIT_NOFILE 7
#define SIGABRT 6
#define SIGCHLD 17
#define SIGURG 23
#define SIGSYS 31
#define SIGRTMIN 32
#define SYS_SECCOMP 1 // si_code
#define ENOSYS 38
#define UC_RAX 144 // in struct ucontext
#define UC_RIP 168
#define SIG_IGN 1
#define SI_TKILL -6
#define O_CLOEXEC 0x80000
#define UC_SIGMASK 296 // in struct ucontext
#define SIGTAB_SIZE 24 // the runtime's struct sigTabT
#define SIGTAB_UNBLOCK 128 // its flag _SigUnblock
#define SIGTAB_LIBC 192 // _SigSetStack and _SigUnblock
#define SIGTAB_NAME 9 // the length of "signal 32"
#define CLONE_A_THREAD 0x50f00 // VM, FS, FILES, SIGHAND, THREAD and SYSVSEM
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define O_NONBLOCK 0x800
#define NEED_SIZE 72 // of type need
#define NEEDS 2
#define STACK_SIZE 0x20000 // twice what the runtime uses of its first stack, for signals
#define PROT_READ_WRITE 3
#define MAP_PRIVATE_ANONYMOUS 0x22

// func entry()
// The first instruction of the process. All registers are free; the stack
// holds argc, argv, the environment and the auxiliary vector.
TEXT ·entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVQ	$1, ·entered(SB)
	// The runtime gives every thread that it creates this signal mask, less the
	// signals that it needs. So after Take has unblocked the signals on the main
	// thread, most of them are delivered to that thread only, and in order.
	MOVL	$2, DI // SIG_SETMASK
	LEAQ	·every(SB), SI
	LEAQ	·mask(SB), DX
	MOVL	$8, R10
	MOVL	$SYS_rt_sigprocmask, AX
	SYSCALL
	CALL	·record(SB) // first of all: a seccomp filter may send SIGSYS for any later call
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

	CALL	·limits(SB)
	// From here on the runtime calls hook instead of installing a handler.
	LEAQ	_cgo_sigaction(SB), AX
	MOVQ	AX, ·hookAt(SB)
	MOVQ	0(AX), CX
	MOVQ	CX, ·hookWas(SB)
	LEAQ	·hook(SB), CX
	MOVQ	CX, 0(AX)
	CALL	·order(SB)
	// Start the runtime on a stack of its own: the environment and a low limit may leave
	// too little of this one. It begins with a copy of argc, argv, the environment and the
	// auxiliary vector, which has GOMAXPROCS=1 in place of all variables that begin with
	// GO. Those are for the programs. Environ reads them where they are.
	MOVQ	0(SP), CX
	LEAQ	16(SP)(CX*8), R12
	MOVQ	R12, ·environ(SB)
variables:
	ADDQ	$8, R12
	CMPQ	-8(R12), $0
	JNE	variables
vector:
	ADDQ	$16, R12
	CMPQ	-16(R12), $0 // AT_NULL
	JNE	vector
	XORL	DI, DI
	LEAQ	STACK_SIZE(R12), SI
	SUBQ	SP, SI
	MOVL	$PROT_READ_WRITE, DX
	MOVL	$MAP_PRIVATE_ANONYMOUS, R10
	MOVQ	$-1, R8
	XORL	R9, R9
	MOVL	$SYS_mmap, AX
	SYSCALL
	CMPQ	AX, $-4095
	JCC	noMemory
	MOVQ	SP, SI
	LEAQ	(STACK_SIZE-16)(AX), DI // room for one more variable, and aligned
	MOVQ	DI, SP
	MOVQ	0(SI), CX
	ADDQ	$2, CX
	CLD
	REP
	MOVSQ
	MOVQ	·procs(SB), AX
	STOSQ
variable:
	LODSQ
	TESTQ	AX, AX
	JEQ	copied
	CMPW	0(AX), $0x4f47 // "GO"
	JEQ	variable
	STOSQ
	JMP	variable
copied:
	STOSQ
	MOVQ	R12, CX
	SUBQ	SI, CX
	SHRQ	$3, CX
	REP
	MOVSQ

	MOVQ	16(SP), SI // argv[1]
	TESTQ	SI, SI
	JEQ	start
	MOVQ	0(SI), AX
	MOVQ	·few(SB), R8
	MOVQ	·few+8(SB), CX
	ADDQ	R8, CX
command:
	MOVQ	8(R8), DX
	ANDQ	AX, DX
	CMPQ	DX, 0(R8)
	JEQ	frugal
	ADDQ	$16, R8
	CMPQ	R8, CX
	JCS	command
	JMP	start
frugal:
	MOVL	·threadsFew(SB), AX
	MOVL	AX, ·threadsLeast(SB)
	MOVL	AX, ·threadsRoom(SB)
	MOVQ	·noThreadsFew(SB), AX
	MOVQ	AX, ·noThreads(SB)
	MOVQ	·noThreadsFew+8(SB), AX
	MOVQ	AX, ·noThreads+8(SB)
start:
	CALL	·threads(SB)
	// The runtime must open no file: it would look up the CPU quota of the control group,
	// where a file system that does not respond may be mounted, and it has GOMAXPROCS
	// anyway. It may open /dev/null where one of the first three descriptors is closed.
	MOVQ	·nofile+8(SB), AX
	MOVQ	AX, ·noFiles+8(SB)
	MOVQ	·noFiles(SB), AX
	CMPQ	AX, ·nofile(SB)
	JCC	begin
	MOVL	$1, ·narrowed(SB)
	LEAQ	·noFiles(SB), DX
	CALL	·setNofile(SB)
begin:
	JMP	_rt0_amd64_linux(SB)
noMemory:
	LEAQ	·noStack(SB), SI
	JMP	·refuse(SB)

// setNofile sets RLIMIT_NOFILE to the limit at DX.
TEXT ·setNofile(SB), NOSPLIT|NOFRAME, $0
	XORL	DI, DI
	MOVL	$RLIMIT_NOFILE, SI
	XORL	R10, R10
	MOVL	$SYS_prlimit64, AX
	SYSCALL
	RET

// func limits()
// It goes through needs, whose layout is that of type need.
TEXT ·limits(SB), NOSPLIT|NOFRAME, $0
	LEAQ	·needs(SB), R12
	LEAQ	NEED_SIZE*NEEDS(R12), R13
limit:
	XORL	DI, DI
	MOVQ	0(R12), SI
	XORL	DX, DX
	LEAQ	24(R12), R10
	MOVL	$SYS_prlimit64, AX
	SYSCALL
	TESTQ	AX, AX
	JNE	enough
	MOVQ	16(R12), CX // ample
	CMPQ	24(R12), CX
	JCC	enough
	MOVQ	32(R12), DX // the hard limit
	CMPQ	DX, 8(R12)
	JCS	little
	MOVQ	DX, 48(R12)
	CMPQ	DX, CX
	JCC	raise
	MOVQ	8(R12), DX // between the two the runtime fails with some sizes
raise:
	MOVQ	DX, 40(R12)
	XORL	DI, DI
	MOVQ	0(R12), SI
	LEAQ	40(R12), DX
	XORL	R10, R10
	MOVL	$SYS_prlimit64, AX
	SYSCALL
enough:
	ADDQ	$NEED_SIZE, R12
	CMPQ	R12, R13
	JCS	limit
	RET
little:
	LEAQ	56(R12), SI
	JMP	·refuse(SB)

// func threads()
// If the limits do not permit the threads with which the runtime starts, and one
// process for the program, the runtime fails with a stack dump, too. So threads
// creates that many threads and ends them again. These have no stack, since they use
// none, and their signals are blocked. PID 1 is alone in the container when it starts,
// and must start quickly, so it does this only if pids.max is 99 or less, or if there is a
// limit for the user, whose other processes may have used it up. For root there is none.
TEXT ·threads(SB), NOSPLIT|NOFRAME, $0
	XORL	R9, R9
	XORL	DI, DI
	MOVL	$RLIMIT_NPROC, SI
	XORL	DX, DX
	LEAQ	·nproc(SB), R10
	MOVL	$SYS_prlimit64, AX
	SYSCALL
	MOVL	·threadsRoom(SB), R13
	CMPQ	·nproc(SB), $-1
	JEQ	unlimited
	MOVL	$SYS_getuid, AX
	SYSCALL
	TESTL	AX, AX
	JNE	make
	MOVQ	·uidMap(SB), DI
	MOVL	$(O_CLOEXEC|O_NONBLOCK), SI
	XORL	DX, DX
	MOVL	$SYS_open, AX
	SYSCALL
	TESTQ	AX, AX
	JLT	make
	MOVQ	AX, DI
	LEAQ	·pidsCount(SB), SI
	MOVL	$32, DX
	XORL	AX, AX // SYS_read
	SYSCALL
	MOVL	$SYS_close, AX
	SYSCALL
	MOVQ	·pidsCount+13(SB), AX
	CMPQ	AX, ·uidMapIs(SB)
	JNE	make
	MOVQ	·pidsCount+22(SB), AX
	CMPQ	AX, ·uidMapIs+8(SB)
	JNE	make
unlimited:
	MOVL	·threadsLeast(SB), R13
	CMPL	·pid(SB), $1
	JNE	make
	CALL	·hierarchy(SB)
	TESTL	R14, R14
	JEQ	make
	LEAQ	·pidsMax(SB), R8 // two strings: cgroup versions 2 and 1
files:
	MOVQ	0(R8), DI
	MOVL	$(O_CLOEXEC|O_NONBLOCK), SI
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
	CMPL	R9, R13
	JLT	make
made:
	CMPL	R13, ·threadsRoom(SB)
	JNE	wake
	MOVL	R9, ·threadsMade(SB)
wake:
	MOVL	$1, ·gate(SB)
	LEAQ	·gate(SB), DI
	MOVL	$FUTEX_WAKE, SI
	MOVL	$0x7fffffff, DX
	MOVL	$SYS_futex, AX
	SYSCALL
	CMPL	R9, ·threadsLeast(SB)
	JLT	tooFew
	RET
tooFew:
	LEAQ	·saysYinit(SB), SI
	CALL	·say(SB)
	LEAQ	·moment(SB), DI
	XORL	SI, SI
	MOVL	$SYS_nanosleep, AX
	SYSCALL
	// The numbers of the control group, if it is its limit that leaves too few.
	CALL	·hierarchy(SB)
	TESTL	R14, R14
	JEQ	unknown
	XORL	R12, R12
counts:
	LEAQ	·pidsMax(SB), R13
	CALL	·count(SB)
	MOVQ	R14, R15
	TESTQ	R15, R15 // 0: there is no limit, or no such file
	JEQ	other
	LEAQ	·pidsNow(SB), R13
	CALL	·count(SB)
	MOVL	·threadsLeast(SB), DX
	ADDQ	R14, DX
	CMPQ	DX, R15
	JHI	full
other:
	ADDQ	$16, R12
	CMPQ	R12, $32
	JCS	counts
unknown:
	LEAQ	·saysLimit(SB), SI
	CALL	·say(SB)
	JMP	refused
full:
	CALL	·sayCount(SB)
	LEAQ	·saysOf(SB), SI
	CALL	·say(SB)
	LEAQ	·pidsMax(SB), R13
	CALL	·count(SB)
	CALL	·sayCount(SB)
	LEAQ	·saysTaken(SB), SI
	CALL	·say(SB)
refused:
	LEAQ	·noThreads(SB), SI
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

// hierarchy looks whether opening the files of the control group can block. R14 is 1 if all
// that is mounted over /sys/fs/cgroup, below it and over the directories above it are file
// systems of the kernel that respond. It asks mountinfo: statfs(2) could block, too.
TEXT ·hierarchy(SB), NOSPLIT|NOFRAME, $0
	XORL	R14, R14
	MOVQ	·mountInfo(SB), DI
	MOVL	$(O_CLOEXEC|O_NONBLOCK), SI
	XORL	DX, DX
	MOVL	$SYS_open, AX
	SYSCALL
	TESTQ	AX, AX
	JLT	doubtful
	MOVQ	AX, R8
	LEAQ	·mounts(SB), BX
	LEAQ	const_mountsSize(BX), R12
more:
	MOVQ	R8, DI
	MOVQ	BX, SI
	MOVQ	R12, DX
	SUBQ	BX, DX
	XORL	AX, AX // SYS_read
	SYSCALL
	ADDQ	AX, BX
	TESTQ	AX, AX
	JGT	more
	MOVQ	AX, R10
	MOVQ	R8, DI
	MOVL	$SYS_close, AX
	SYSCALL
	TESTQ	R10, R10
	JNE	doubtful // an error
	CMPQ	BX, R12
	JEQ	doubtful // there may be more
	MOVB	$'\n', 0(BX)
	LEAQ	·mounts(SB), SI
line:
	MOVL	$4, CX // fields before the mount point
field:
	MOVBLZX	0(SI), AX
	INCQ	SI
	CMPB	AX, $'\n'
	JEQ	doubtful
	CMPB	AX, $' '
	JNE	field
	DECL	CX
	JNE	field
	CMPL	0(SI), $0x7379732f // "/sys"
	JNE	next
	CMPB	4(SI), $' '
	JEQ	kind
	CMPB	7(SI), $' ' // "/sys/fs"
	JEQ	kind
	MOVQ	6(SI), AX
	CMPQ	AX, ·cgroupDir(SB)
	JNE	next
kind:
	INCQ	SI
	CMPB	0(SI), $'\n'
	JEQ	doubtful
	MOVL	0(SI), AX
	ANDL	$0xffffff, AX
	CMPL	AX, $0x202d20 // " - "
	JNE	kind
	MOVL	3(SI), AX
	CMPL	AX, $0x6f726763 // "cgroup" and "cgroup2"
	JEQ	next
	CMPL	AX, $0x66706d74 // "tmpfs"
	JEQ	next
	CMPL	AX, $0x66737973 // "sysfs"
	JNE	doubtful
next:
	MOVBLZX	0(SI), AX
	INCQ	SI
	CMPB	AX, $'\n'
	JNE	next
	CMPQ	SI, BX
	JCS	line
	INCL	R14
doubtful:
	RET

// count reads the number in the file whose name is at R13 plus R12. R14 is the number, 0
// if there is none, and R10 the length of its digits, which are in pidsCount.
TEXT ·count(SB), NOSPLIT|NOFRAME, $0
	XORL	R10, R10
	XORL	R14, R14
	MOVB	$0, ·pidsCount(SB)
	MOVQ	0(R13)(R12*1), DI
	MOVL	$(O_CLOEXEC|O_NONBLOCK), SI
	XORL	DX, DX
	MOVL	$SYS_open, AX
	SYSCALL
	TESTQ	AX, AX
	JLT	none
	MOVQ	AX, DI
	LEAQ	·pidsCount(SB), SI
	MOVL	$20, DX // of 32; the byte after the digits is no digit
	MOVQ	R10, AX // SYS_read
	SYSCALL
	MOVL	$SYS_close, AX
	SYSCALL
	LEAQ	·pidsCount(SB), SI
digit:
	MOVBLZX	0(SI)(R10*1), DX
	SUBL	$'0', DX
	CMPL	DX, $9
	JHI	none
	IMULQ	$10, R14
	ADDQ	DX, R14
	INCQ	R10
	JMP	digit
none:
	RET

// sayCount writes the digits that count has read.
TEXT ·sayCount(SB), NOSPLIT|NOFRAME, $0
	MOVQ	R10, DX
	LEAQ	·pidsCount(SB), SI
	MOVL	$2, DI
	MOVL	$SYS_write, AX
	SYSCALL
	RET

// say writes the string at SI to stderr.
TEXT ·say(SB), NOSPLIT|NOFRAME, $0
	MOVQ	8(SI), DX
	MOVQ	0(SI), SI
	MOVL	$2, DI
	MOVL	$SYS_write, AX
	SYSCALL
	RET

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

// func order()
// The runtime unblocks three real-time signals in each thread that it creates, for the
// libraries of C. Two handlers could run at once, and reverse the order of two signals.
// So order searches the data of the program for their entries in the runtime's table of
// signals, which are flags, an address and a length each, and changes the flags.
TEXT ·order(SB), NOSPLIT|NOFRAME, $0
	LEAQ	runtime·data(SB), R8
	LEAQ	runtime·edata-(3*SIGTAB_SIZE)(SB), R9
	MOVL	$SIGTAB_LIBC, DX
	MOVL	$SIGTAB_NAME, CX
search:
	CMPL	(0*SIGTAB_SIZE)(R8), DX
	JNE	differs
	CMPQ	(0*SIGTAB_SIZE+16)(R8), CX
	JNE	differs
	CMPL	(1*SIGTAB_SIZE)(R8), DX
	JNE	differs
	CMPQ	(1*SIGTAB_SIZE+16)(R8), CX
	JNE	differs
	CMPL	(2*SIGTAB_SIZE)(R8), DX
	JNE	differs
	CMPQ	(2*SIGTAB_SIZE+16)(R8), CX
	JEQ	found
differs:
	ADDQ	$8, R8
	CMPQ	R8, R9
	JLS	search
	RET
found:
	SUBL	$SIGTAB_UNBLOCK, (0*SIGTAB_SIZE)(R8)
	SUBL	$SIGTAB_UNBLOCK, (1*SIGTAB_SIZE)(R8)
	SUBL	$SIGTAB_UNBLOCK, (2*SIGTAB_SIZE)(R8)
	RET

// func record()
// It installs handler and fault, and records the inherited state that the runtime changes.
TEXT ·record(SB), NOSPLIT|NOFRAME, $0
	LEAQ	·handler(SB), AX
	MOVQ	AX, ·action+0(SB)
	LEAQ	·restorer(SB), AX
	MOVQ	AX, ·action+16(SB)
	MOVQ	AX, ·faultAction+16(SB)
	LEAQ	·fault(SB), AX
	MOVQ	AX, ·faultAction+0(SB)
	MOVL	$1, R8
	LEAQ	·previous+32(SB), R9
next:
	MOVL	R8, CX
	DECL	CX
	LEAQ	·action(SB), SI
	MOVQ	·held(SB), AX
	BTQ	CX, AX
	JCS	ask
	LEAQ	·faultAction(SB), SI
	MOVQ	·faults(SB), AX
	BTQ	CX, AX
	JCS	ask
	XORL	SI, SI // get the old action only
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

	MOVL	$1, DI // SIG_UNBLOCK
	LEAQ	·forCalls(SB), SI
	XORL	DX, DX
	MOVL	$8, R10
	MOVL	$SYS_rt_sigprocmask, AX
	SYSCALL
	MOVL	$SYS_getpid, AX
	SYSCALL
	MOVL	AX, ·pid(SB)

	XORL	DI, DI
	MOVL	$RLIMIT_NOFILE, SI
	XORL	DX, DX
	LEAQ	·nofile(SB), R10
	MOVL	$SYS_prlimit64, AX
	SYSCALL
	RET

// func hook()
// C: int hook(int sig, const struct sigaction *new, struct sigaction *old).
// The runtime calls it in place of rt_sigaction(2). It stores the action that the
// runtime requests in previous, and leaves our handler installed. BX, BP and R12 to
// R15 are callee-saved.
TEXT ·hook(SB), NOSPLIT|NOFRAME, $0
	CMPL	·narrowed(SB), $0
	JEQ	wide
	MOVL	$0, ·narrowed(SB)
	PUSHQ	DI
	PUSHQ	SI
	PUSHQ	DX
	LEAQ	·nofile(SB), DX
	CALL	·setNofile(SB)
	POPQ	DX
	POPQ	SI
	POPQ	DI
wide:
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
	// A synchronous signal: fault hands it to the runtime. If the runtime requests
	// the default action, or to ignore it, the runtime makes the system call itself.
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
// It is needed because in Go the name of an assembly function refers to a wrapper.
TEXT ·addresses(SB), NOSPLIT, $0-24
	LEAQ	·handler(SB), AX
	MOVQ	AX, handler+0(FP)
	LEAQ	·fault(SB), AX
	MOVQ	AX, fault+8(FP)
	LEAQ	·restorer(SB), AX
	MOVQ	AX, restorer+16(FP)
	RET

// func fault()
// The handler of the synchronous signals. A signal that the kernel raised goes to the
// runtime. A signal that a process sent is written to the ring like any other: the
// runtime's handler would end PID 1, which the kernel protects from such a signal only
// if it has no handler for it.
TEXT ·fault(SB), NOSPLIT|NOFRAME, $0
	CMPL	DI, $SIGSYS
	JNE	noCall
	CMPL	8(SI), $SYS_SECCOMP
	JNE	noCall
	MOVQ	16(SI), AX // si_call_addr: no process can make an event look like this
	CMPQ	AX, UC_RIP(DX)
	JNE	noCall
	// A seccomp filter has not let a system call of this process through, and says so by
	// a signal (SECCOMP_RET_TRAP). The call fails, as with any other filter.
	MOVQ	$-ENOSYS, UC_RAX(DX)
	RET
noCall:
	CMPQ	·released(SB), $0
	JNE	toRuntime
	CMPL	DI, $SIGABRT // the kernel raises none, but F_SETSIG gives it a code above 0
	JEQ	sent
	CMPL	8(SI), $0 // si_code; above 0 it is from the kernel
	JGT	toRuntime
sent:
	JMP	·handler(SB)
toRuntime:
	MOVL	DI, AX
	SHLQ	$5, AX
	LEAQ	·previous(SB), R8
	ADDQ	AX, R8
	CMPQ	0(R8), $SIG_IGN
	JLS	unhandled
	JMP	·runtimes(SB)
unhandled:
	// The runtime has not installed its handlers yet, or none for this signal. The
	// instruction that failed runs again, and now ends the process.
	LEAQ	·defaultAction(SB), SI
	XORL	DX, DX
	MOVL	$8, R10
	MOVL	$SYS_rt_sigaction, AX
	SYSCALL
	RET

// runtimes jumps to the runtime's handler for the signal, if there is one.
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
// signals blocked, on any thread. The kernel restores every register when the handler
// returns.
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
	// One signal in the ring stands for any number of deaths until the loop reads it.
	MOVL	$1, AX
	XCHGL	AX, ·dead(SB)
	TESTL	AX, AX
	JNE	over
tell:
	MOVL	DI, R8
	MOVQ	SI, R9
	MOVQ	DX, R12
reserve:
	MOVQ	·tail(SB), AX
	MOVQ	AX, CX
	SUBQ	·head(SB), CX // loaded after tail, so that it is never too small
	CMPQ	CX, $const_ringSize
	JGE	keep
	LEAQ	1(AX), CX
	LOCK
	CMPXCHGQ	CX, ·tail(SB)
	JNE	reserve // another thread was faster
	ANDL	$(const_ringSize-1), AX
	SHLQ	$5, AX
	LEAQ	·ring(SB), R10
	ADDQ	AX, R10
	MOVQ	0(R9), AX
	MOVQ	AX, 0(R10)
	MOVL	8(R9), AX
	MOVL	AX, 8(R10)
	MOVQ	16(R9), AX
	MOVQ	AX, 16(R10)
	MOVQ	24(R9), AX
	MOVQ	AX, 24(R10)
	MOVL	CX, Info_seq(R10) // the signal is complete
	JMP	stored
keep:
	// The ring is full: store the signal in its slot. The handler that sets the bit in
	// claimed owns the slot, and no other writes it until takeKept has read it and clears
	// the bit. If the bit is set already, the signal merges with the earlier one, as
	// pending signals of the same number do in the kernel.
	MOVL	R8, CX
	DECL	CX
	LOCK
	BTSQ	CX, ·claimed(SB)
	JCS	merged
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
stored:
	// This is after the signal is complete, so that the reader finds it when it wakes up:
	// it may have emptied the ring while this thread did not run.
	MOVL	·bell(SB), DI
	TESTL	DI, DI
	JLT	rung
	LEAQ	·one(SB), SI
	MOVL	$8, DX
	MOVL	$SYS_write, AX
	SYSCALL // it changes AX, CX and R11
rung:
	CMPL	R8, $SIGRTMIN
	JCS	over
	MOVQ	·tail(SB), AX
	SUBQ	·head(SB), AX
	CMPQ	AX, $const_realTimeRoom
	JLT	over
queued:
	// Real-time signals must be queued. Block them after the handler returns, so
	// that the kernel queues them.
	MOVQ	·realTime(SB), AX
	JMP	choke
merged:
	CMPL	R8, $SIGRTMIN
	JCC	queued
	// Block this signal, too, after the handler returns: a flood of it could keep the
	// thread from everything but the handler.
	XORL	AX, AX
	BTSQ	CX, AX
choke:
	ANDQ	·blockable(SB), AX
	ORQ	AX, UC_SIGMASK(R12)
	MOVL	$1, ·choked(SB)
over:
	RET

// restorer ends a signal handler, see rt_sigreturn(2).
TEXT ·restorer(SB), NOSPLIT|NOFRAME, $0
	MOVL	$15, AX // rt_sigreturn
	SYSCALL
	INT	$3
