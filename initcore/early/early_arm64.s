//go:build !race && !msan && !asan && !early_osignal

#include "go_asm.h"
#include "textflag.h"

#define SYS_fcntl 25
#define SYS_openat 56
#define SYS_close 57
#define SYS_read 63
#define SYS_write 64
#define SYS_exit 93
#define SYS_exit_group 94
#define SYS_futex 98
#define SYS_nanosleep 101
#define SYS_rt_sigaction 134
#define SYS_rt_sigprocmask 135
#define SYS_getpid 172
#define SYS_getuid 174
#define SYS_clone 220
#define SYS_mmap 222
#define SYS_prlimit64 261

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
#define SYS_SECCOMP 1
#define ENOSYS 38
#define UC_R0 184
#define UC_PC 440
#define SIG_IGN 1
#define SI_TKILL -6
#define AT_FDCWD -100
#define O_CLOEXEC 0x80000
#define UC_SIGMASK 40 // in struct ucontext
#define SIGTAB_SIZE 24
#define SIGTAB_UNBLOCK 128
#define SIGTAB_LIBC 192
#define SIGTAB_NAME 9
#define CLONE_A_THREAD 0x50f00
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define O_NONBLOCK 0x800
#define NEED_SIZE 72
#define NEEDS 2
#define STACK_SIZE 0x20000
#define PROT_READ_WRITE 3
#define MAP_PRIVATE_ANONYMOUS 0x22

// See early_amd64.s for comments: this file follows it line by line.

// func entry()
TEXT ·entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVD	$1, R9
	MOVD	R9, ·entered(SB)
	MOVD	$2, R0 // SIG_SETMASK
	MOVD	$·every(SB), R1
	MOVD	$·mask(SB), R2
	MOVD	$8, R3
	MOVD	$SYS_rt_sigprocmask, R8
	SVC
	BL	·record(SB)
	MOVD	$1, R9
	MOVD	ZR, R10
	MOVD	ZR, R11
stdio:
	MOVD	R10, R0
	MOVD	$F_GETFD, R1
	MOVD	$SYS_fcntl, R8
	SVC
	CMN	$EBADF, R0
	BNE	open
	LSL	R10, R9, R12
	ORR	R12, R11
open:
	ADD	$1, R10
	CMP	$3, R10
	BLT	stdio
	MOVD	R11, ·closed(SB)

	BL	·limits(SB)
	MOVD	$_cgo_sigaction(SB), R0
	MOVD	R0, ·hookAt(SB)
	MOVD	0(R0), R1
	MOVD	R1, ·hookWas(SB)
	MOVD	$·hook(SB), R1
	MOVD	R1, 0(R0)
	BL	·order(SB)
	MOVD	RSP, R9
	MOVD	0(R9), R10
	ADD	$2, R10 // argc, argv and its terminating NULL
	ADD	R10<<3, R9, R11
	MOVD	R11, ·environ(SB)
variables:
	MOVD.P	8(R11), R6
	CBNZ	R6, variables
vector:
	MOVD.P	16(R11), R6
	CBNZ	R6, vector
	MOVD	ZR, R0
	SUB	R9, R11, R1
	ADD	$STACK_SIZE, R1
	MOVD	$PROT_READ_WRITE, R2
	MOVD	$MAP_PRIVATE_ANONYMOUS, R3
	MOVD	$-1, R4
	MOVD	ZR, R5
	MOVD	$SYS_mmap, R8
	SVC
	CMN	$4095, R0
	BHS	noMemory
	ADD	$(STACK_SIZE-16), R0, R6
	MOVD	R6, RSP
arguments:
	MOVD.P	8(R9), R7
	MOVD.P	R7, 8(R6)
	SUBS	$1, R10
	BNE	arguments
	MOVD	·procs(SB), R7
	MOVD	$0x4f47, R5 // "GO"
copy:
	MOVD.P	R7, 8(R6)
variable:
	MOVD.P	8(R9), R7
	CBZ	R7, copied
	MOVHU	0(R7), R4
	CMP	R5, R4
	BNE	copy
	B	variable
copied:
	MOVD.P	R7, 8(R6)
rest:
	MOVD.P	8(R9), R7
	MOVD.P	R7, 8(R6)
	CMP	R11, R9
	BLO	rest

	MOVD	16(RSP), R1
	CBZ	R1, start
	MOVD	0(R1), R0
	MOVD	·few(SB), R2
	MOVD	·few+8(SB), R3
	ADD	R2, R3
command:
	MOVD.P	8(R2), R4
	MOVD.P	8(R2), R5
	AND	R0, R5
	CMP	R4, R5
	BEQ	frugal
	CMP	R3, R2
	BLO	command
	B	start
frugal:
	MOVW	·threadsFew(SB), R0
	MOVW	R0, ·threadsLeast(SB)
	MOVW	R0, ·threadsRoom(SB)
	MOVD	·noThreadsFew(SB), R0
	MOVD	R0, ·noThreads(SB)
	MOVD	·noThreadsFew+8(SB), R0
	MOVD	R0, ·noThreads+8(SB)
start:
	BL	·threads(SB)
	MOVD	$·nofile(SB), R4
	MOVD	$·noFiles(SB), R2
	LDP	0(R4), (R5, R6)
	MOVD	R6, 8(R2)
	MOVD	0(R2), R6
	CMP	R5, R6
	BHS	begin
	MOVD	$1, R5
	MOVW	R5, ·narrowed(SB)
	BL	·setNofile(SB)
begin:
	B	_rt0_arm64_linux(SB)
noMemory:
	MOVD	$·noStack(SB), R1
	B	·refuse(SB)

// setNofile sets RLIMIT_NOFILE to the limit at R2.
TEXT ·setNofile(SB), NOSPLIT|NOFRAME, $0
	MOVD	ZR, R0
	MOVD	$RLIMIT_NOFILE, R1
	MOVD	ZR, R3
	MOVD	$SYS_prlimit64, R8
	SVC
	RET

// func limits()
TEXT ·limits(SB), NOSPLIT|NOFRAME, $0
	MOVD	$·needs(SB), R12
	ADD	$(NEED_SIZE*NEEDS), R12, R13
limit:
	MOVD	ZR, R0
	MOVD	0(R12), R1
	MOVD	ZR, R2
	ADD	$24, R12, R3
	MOVD	$SYS_prlimit64, R8
	SVC
	CBNZ	R0, enough
	MOVD	16(R12), R6
	MOVD	24(R12), R4
	CMP	R6, R4
	BHS	enough
	MOVD	32(R12), R5
	MOVD	8(R12), R7
	CMP	R7, R5
	BLO	little
	MOVD	R5, 48(R12)
	CMP	R6, R5
	BHS	raise
	MOVD	R7, R5
raise:
	MOVD	R5, 40(R12)
	MOVD	ZR, R0
	MOVD	0(R12), R1
	ADD	$40, R12, R2
	MOVD	ZR, R3
	MOVD	$SYS_prlimit64, R8
	SVC
enough:
	ADD	$NEED_SIZE, R12
	CMP	R13, R12
	BLO	limit
	RET
little:
	ADD	$56, R12, R1
	B	·refuse(SB)

// func threads()
TEXT ·threads(SB), NOSPLIT|NOFRAME, $0
	MOVD	ZR, R9
	MOVW	·threadsLeast(SB), R10
	MOVW	·threadsRoom(SB), R7
	MOVD	$·gate(SB), R11
	MOVD	ZR, R0
	MOVD	$RLIMIT_NPROC, R1
	MOVD	ZR, R2
	MOVD	$·nproc(SB), R3
	MOVD	$SYS_prlimit64, R8
	SVC
	MOVD	·nproc(SB), R3
	CMN	$1, R3
	BEQ	unlimited
	MOVD	$SYS_getuid, R8
	SVC
	CBNZW	R0, make
	MOVD	$AT_FDCWD, R0
	MOVD	·uidMap(SB), R1
	MOVD	$(O_CLOEXEC|O_NONBLOCK), R2
	MOVD	ZR, R3
	MOVD	$SYS_openat, R8
	SVC
	TBNZ	$63, R0, make
	MOVD	R0, R14
	MOVD	$·pidsCount(SB), R1
	MOVD	$32, R2
	MOVD	$SYS_read, R8
	SVC
	MOVD	R14, R0
	MOVD	$SYS_close, R8
	SVC
	MOVD	$·pidsCount(SB), R1
	MOVD	$·uidMapIs(SB), R2
	MOVD	13(R1), R3
	MOVD	0(R2), R4
	CMP	R4, R3
	BNE	make
	MOVD	22(R1), R3
	MOVD	8(R2), R4
	CMP	R4, R3
	BNE	make
unlimited:
	MOVD	R10, R7
	MOVW	·pid(SB), R3
	CMPW	$1, R3
	BNE	make
	MOVD	LR, R15
	BL	·hierarchy(SB)
	MOVD	R15, LR
	CBZ	R6, make
	MOVD	$·pidsMax(SB), R12
	ADD	$32, R12, R13
files:
	MOVD	$AT_FDCWD, R0
	MOVD	0(R12), R1
	MOVD	$(O_CLOEXEC|O_NONBLOCK), R2
	MOVD	ZR, R3
	MOVD	$SYS_openat, R8
	SVC
	TBNZ	$63, R0, absent
	MOVD	R0, R14
	MOVD	$·nproc(SB), R1
	MOVD	$16, R2
	MOVD	$SYS_read, R8
	SVC
	MOVD	R0, R15
	MOVD	R14, R0
	MOVD	$SYS_close, R8
	SVC
	CMP	$3, R15
	BLE	make
	RET
absent:
	ADD	$16, R12
	CMP	R13, R12
	BLO	files
	RET
make:
	MOVD	$CLONE_A_THREAD, R0
	MOVD	ZR, R1
	MOVD	ZR, R2
	MOVD	ZR, R3
	MOVD	ZR, R4
	MOVD	$SYS_clone, R8
	SVC
	CBZ	R0, thread
	TBNZ	$63, R0, made
	ADD	$1, R9
	CMP	R7, R9
	BLT	make
made:
	MOVW	·threadsRoom(SB), R3
	CMPW	R3, R7
	BNE	wake
	MOVW	R9, ·threadsMade(SB)
wake:
	MOVW	$1, R3
	STLRW	R3, (R11)
	MOVD	R11, R0
	MOVD	$FUTEX_WAKE, R1
	MOVD	$0x7fffffff, R2
	MOVD	$SYS_futex, R8
	SVC
	CMP	R10, R9
	BLT	tooFew
	RET
tooFew:
	MOVD	$·saysYinit(SB), R1
	BL	·say(SB)
	MOVD	$·moment(SB), R0
	MOVD	ZR, R1
	MOVD	$SYS_nanosleep, R8
	SVC
	BL	·hierarchy(SB)
	CBZ	R6, unknown
	MOVD	ZR, R12
counts:
	MOVD	$·pidsMax(SB), R13
	BL	·count(SB)
	MOVD	R5, R6
	CBZ	R6, other
	MOVD	$·pidsNow(SB), R13
	BL	·count(SB)
	ADD	R10, R5, R7
	CMP	R6, R7
	BHI	full
other:
	ADD	$16, R12
	CMP	$32, R12
	BLO	counts
unknown:
	MOVD	$·saysLimit(SB), R1
	BL	·say(SB)
	B	refused
full:
	BL	·sayCount(SB)
	MOVD	$·saysOf(SB), R1
	BL	·say(SB)
	MOVD	$·pidsMax(SB), R13
	BL	·count(SB)
	BL	·sayCount(SB)
	MOVD	$·saysTaken(SB), R1
	BL	·say(SB)
refused:
	MOVD	$·noThreads(SB), R1
	B	·refuse(SB)
thread:
	LDARW	(R11), R3
	CBNZW	R3, end
	MOVD	R11, R0
	MOVD	$FUTEX_WAIT, R1
	MOVD	ZR, R2
	MOVD	ZR, R3
	MOVD	$SYS_futex, R8
	SVC
	B	thread
end:
	MOVD	ZR, R0
	MOVD	$SYS_exit, R8
	SVC
	BRK

// hierarchy looks whether opening the files of the control group can block. R6 is 1 if it
// cannot.
TEXT ·hierarchy(SB), NOSPLIT|NOFRAME, $0
	MOVD	ZR, R6
	MOVD	$AT_FDCWD, R0
	MOVD	·mountInfo(SB), R1
	MOVD	$(O_CLOEXEC|O_NONBLOCK), R2
	MOVD	ZR, R3
	MOVD	$SYS_openat, R8
	SVC
	TBNZ	$63, R0, doubtful
	MOVD	R0, R14
	MOVD	$·mounts(SB), R12
	ADD	$const_mountsSize, R12, R13
more:
	MOVD	R14, R0
	MOVD	R12, R1
	SUB	R12, R13, R2
	MOVD	$SYS_read, R8
	SVC
	MOVD	R0, R5
	ADD	R0, R12
	CMP	$0, R0
	BGT	more
	MOVD	R14, R0
	MOVD	$SYS_close, R8
	SVC
	CBNZ	R5, doubtful
	CMP	R13, R12
	BEQ	doubtful
	MOVD	$'\n', R2
	MOVB	R2, 0(R12)
	MOVD	$·mounts(SB), R1
line:
	MOVD	$4, R3
field:
	MOVBU.P	1(R1), R2
	CMP	$'\n', R2
	BEQ	doubtful
	CMP	$' ', R2
	BNE	field
	SUBS	$1, R3
	BNE	field
	MOVWU	0(R1), R2
	MOVD	$0x7379732f, R3 // "/sys"
	CMP	R3, R2
	BNE	next
	MOVBU	4(R1), R2
	CMP	$' ', R2
	BEQ	kind
	MOVBU	7(R1), R2
	CMP	$' ', R2
	BEQ	kind
	MOVD	6(R1), R2
	MOVD	·cgroupDir(SB), R3
	CMP	R3, R2
	BNE	next
kind:
	MOVBU.W	1(R1), R2
	CMP	$'\n', R2
	BEQ	doubtful
	MOVWU	0(R1), R2
	AND	$0xffffff, R2
	MOVD	$0x202d20, R3 // " - "
	CMP	R3, R2
	BNE	kind
	MOVWU	3(R1), R2
	MOVD	$0x6f726763, R3 // "cgroup" and "cgroup2"
	CMP	R3, R2
	BEQ	next
	MOVD	$0x66706d74, R3 // "tmpfs"
	CMP	R3, R2
	BEQ	next
	MOVD	$0x66737973, R3 // "sysfs"
	CMP	R3, R2
	BNE	doubtful
next:
	MOVBU.P	1(R1), R2
	CMP	$'\n', R2
	BNE	next
	CMP	R12, R1
	BLO	line
	MOVD	$1, R6
doubtful:
	RET

// count reads the number in the file whose name is at R13 plus R12. R5 is the number, R4
// the length of its digits.
TEXT ·count(SB), NOSPLIT|NOFRAME, $0
	MOVD	ZR, R4
	MOVD	ZR, R5
	MOVB	ZR, ·pidsCount(SB)
	ADD	R12, R13
	MOVD	$AT_FDCWD, R0
	MOVD	0(R13), R1
	MOVD	$(O_CLOEXEC|O_NONBLOCK), R2
	MOVD	ZR, R3
	MOVD	$SYS_openat, R8
	SVC
	TBNZ	$63, R0, none
	MOVD	R0, R14
	MOVD	$·pidsCount(SB), R1
	MOVD	$20, R2
	MOVD	$SYS_read, R8
	SVC
	MOVD	R14, R0
	MOVD	$SYS_close, R8
	SVC
	MOVD	$·pidsCount(SB), R1
	MOVD	$10, R3
digit:
	MOVBU	(R1)(R4), R2
	SUB	$'0', R2
	CMP	$9, R2
	BHI	none
	MUL	R3, R5
	ADD	R2, R5
	ADD	$1, R4
	B	digit
none:
	RET

// sayCount writes the digits that count has read.
TEXT ·sayCount(SB), NOSPLIT|NOFRAME, $0
	MOVD	R4, R2
	MOVD	$·pidsCount(SB), R1
	MOVD	$2, R0
	MOVD	$SYS_write, R8
	SVC
	RET

// say writes the string at R1 to stderr.
TEXT ·say(SB), NOSPLIT|NOFRAME, $0
	MOVD	8(R1), R2
	MOVD	0(R1), R1
	MOVD	$2, R0
	MOVD	$SYS_write, R8
	SVC
	RET

// refuse writes the string at R1 to stderr and ends the process with 125.
TEXT ·refuse(SB), NOSPLIT|NOFRAME, $0
	MOVD	8(R1), R2
	MOVD	0(R1), R1
	MOVD	$2, R0
	MOVD	$SYS_write, R8
	SVC
	MOVD	$125, R0
	MOVD	$SYS_exit_group, R8
	SVC
	BRK

// func order()
TEXT ·order(SB), NOSPLIT|NOFRAME, $0
	MOVD	$runtime·data(SB), R2
	MOVD	$runtime·edata-(3*SIGTAB_SIZE)(SB), R3
search:
	MOVWU	(0*SIGTAB_SIZE)(R2), R4
	CMPW	$SIGTAB_LIBC, R4
	BNE	differs
	MOVD	(0*SIGTAB_SIZE+16)(R2), R4
	CMP	$SIGTAB_NAME, R4
	BNE	differs
	MOVWU	(1*SIGTAB_SIZE)(R2), R4
	CMPW	$SIGTAB_LIBC, R4
	BNE	differs
	MOVD	(1*SIGTAB_SIZE+16)(R2), R4
	CMP	$SIGTAB_NAME, R4
	BNE	differs
	MOVWU	(2*SIGTAB_SIZE)(R2), R4
	CMPW	$SIGTAB_LIBC, R4
	BNE	differs
	MOVD	(2*SIGTAB_SIZE+16)(R2), R4
	CMP	$SIGTAB_NAME, R4
	BEQ	found
differs:
	ADD	$8, R2
	CMP	R3, R2
	BLS	search
	RET
found:
	MOVD	$(SIGTAB_LIBC-SIGTAB_UNBLOCK), R4
	MOVW	R4, (0*SIGTAB_SIZE)(R2)
	MOVW	R4, (1*SIGTAB_SIZE)(R2)
	MOVW	R4, (2*SIGTAB_SIZE)(R2)
	RET

// func record()
TEXT ·record(SB), NOSPLIT|NOFRAME, $0
	// The kernel provides a restorer, in the vDSO.
	MOVD	$·handler(SB), R3
	MOVD	R3, ·action+0(SB)
	MOVD	$·fault(SB), R3
	MOVD	R3, ·faultAction+0(SB)
	MOVD	$1, R9
	MOVD	$·previous+32(SB), R10
	MOVD	ZR, R11
	MOVD	$1, R6
next:
	SUB	$1, R9, R4
	MOVD	$·action(SB), R1
	MOVD	·held(SB), R5
	LSR	R4, R5
	TBNZ	$0, R5, ask
	MOVD	$·faultAction(SB), R1
	MOVD	·faults(SB), R5
	LSR	R4, R5
	TBNZ	$0, R5, ask
	MOVD	ZR, R1 // get the old action only
ask:
	MOVD	R9, R0
	MOVD	R10, R2
	MOVD	$8, R3
	MOVD	$SYS_rt_sigaction, R8
	SVC
	MOVD	0(R10), R5
	CMP	$SIG_IGN, R5
	BNE	caught
	LSL	R4, R6, R5
	ORR	R5, R11
caught:
	ADD	$32, R10
	ADD	$1, R9
	CMP	$64, R9
	BLE	next
	MOVD	R11, ·ignored(SB)

	MOVD	$1, R0 // SIG_UNBLOCK
	MOVD	$·forCalls(SB), R1
	MOVD	ZR, R2
	MOVD	$8, R3
	MOVD	$SYS_rt_sigprocmask, R8
	SVC
	MOVD	$SYS_getpid, R8
	SVC
	MOVW	R0, ·pid(SB)

	MOVD	ZR, R0
	MOVD	$RLIMIT_NOFILE, R1
	MOVD	ZR, R2
	MOVD	$·nofile(SB), R3
	MOVD	$SYS_prlimit64, R8
	SVC
	RET

// func hook()
// R0 sig, R1 new, R2 old; R19 to R29 are callee-saved, R30 is the return address.
TEXT ·hook(SB), NOSPLIT|NOFRAME, $0
	MOVW	·narrowed(SB), R6
	CBZW	R6, wide
	MOVW	ZR, ·narrowed(SB)
	MOVD	R0, R9
	MOVD	R1, R10
	MOVD	R2, R11
	MOVD	LR, R12
	MOVD	$·nofile(SB), R2
	BL	·setNofile(SB)
	MOVD	R9, R0
	MOVD	R10, R1
	MOVD	R11, R2
	MOVD	R12, LR
wide:
	MOVD	$·previous(SB), R6
	ADD	R0<<5, R6
	CBZ	R2, change
	LDP	0(R6), (R7, R8)
	STP	(R7, R8), 0(R2)
	LDP	16(R6), (R7, R8)
	STP	(R7, R8), 16(R2)
change:
	CBZ	R1, done
	LDP	0(R1), (R9, R10)
	STP	(R9, R10), 0(R6)
	LDP	16(R1), (R11, R12)
	STP	(R11, R12), 16(R6)
	SUB	$1, R0, R4
	MOVD	·held(SB), R3
	LSR	R4, R3
	TBNZ	$0, R3, done
	CMP	$SIG_IGN, R9
	BLS	pass
	MOVD	$·faulty(SB), R1
	MOVD	$·fault(SB), R9
	STP	(R9, R10), 0(R1)
	STP	(R11, R12), 16(R1)
	MOVD	ZR, R2
	MOVD	$8, R3
	MOVD	$SYS_rt_sigaction, R8
	SVC
	CBNZ	R0, pass
done:
	MOVD	ZR, R0
	RET
pass:
	MOVD	$EINVAL, R0
	RET

// func addresses() (handler, fault, restorer uintptr)
TEXT ·addresses(SB), NOSPLIT, $0-24
	MOVD	$·handler(SB), R0
	MOVD	R0, handler+0(FP)
	MOVD	$·fault(SB), R0
	MOVD	R0, fault+8(FP)
	MOVD	ZR, restorer+16(FP) // the kernel provides one, in the vDSO
	RET

// func fault()
TEXT ·fault(SB), NOSPLIT|NOFRAME, $0
	CMPW	$SIGSYS, R0
	BNE	noCall
	MOVW	8(R1), R3
	CMPW	$SYS_SECCOMP, R3
	BNE	noCall
	MOVD	16(R1), R3
	MOVD	UC_PC(R2), R4
	CMP	R4, R3
	BNE	noCall
	MOVD	$-ENOSYS, R3
	MOVD	R3, UC_R0(R2)
	RET
noCall:
	MOVD	·released(SB), R3
	CBNZ	R3, toRuntime
	CMPW	$SIGABRT, R0
	BEQ	sent
	MOVW	8(R1), R3
	CMPW	$0, R3
	BGT	toRuntime
sent:
	B	·handler(SB)
toRuntime:
	MOVD	$·previous(SB), R4
	ADD	R0<<5, R4
	MOVD	0(R4), R4
	CMP	$SIG_IGN, R4
	BLS	unhandled
	B	·runtimes(SB)
unhandled:
	MOVD	$·defaultAction(SB), R1
	MOVD	ZR, R2
	MOVD	$8, R3
	MOVD	$SYS_rt_sigaction, R8
	SVC
	RET

// runtimes jumps to the runtime's handler for the signal, if there is one.
TEXT ·runtimes(SB), NOSPLIT|NOFRAME, $0
	MOVD	$·previous(SB), R4
	ADD	R0<<5, R4
	MOVD	0(R4), R4
	CMP	$SIG_IGN, R4
	BLS	none
	JMP	(R4)
none:
	RET

// func handler()
TEXT ·handler(SB), NOSPLIT|NOFRAME, $0
	CMPW	$SIGCHLD, R0
	BEQ	child
	CMPW	$SIGURG, R0
	BNE	tell
	MOVW	8(R1), R3
	CMPW	$SI_TKILL, R3
	BNE	tell
	MOVW	16(R1), R3
	MOVW	·pid(SB), R4
	CMPW	R3, R4
	BNE	tell
	B	·runtimes(SB)
child:
	MOVD	$·dead(SB), R3
	MOVD	$1, R4
swap:
	LDAXRW	(R3), R5
	STLXRW	R4, (R3), R6
	CBNZ	R6, swap
	CBNZ	R5, over
tell:
	MOVD	R0, R9
	MOVD	R1, R10
	MOVD	R2, R11
	MOVD	$·tail(SB), R3
	MOVD	$·head(SB), R4
reserve:
	LDAR	(R3), R5
	LDAR	(R4), R6
	SUB	R6, R5, R6
	CMP	$const_ringSize, R6
	BGE	keep
	LDAXR	(R3), R6
	CMP	R5, R6
	BNE	reserve
	ADD	$1, R5, R7
	STLXR	R7, (R3), R6
	CBNZ	R6, reserve
	AND	$(const_ringSize-1), R5
	MOVD	$·ring(SB), R3
	ADD	R5<<5, R3
	MOVD	0(R10), R4
	MOVD	R4, 0(R3)
	MOVW	8(R10), R4
	MOVW	R4, 8(R3)
	LDP	16(R10), (R4, R5)
	STP	(R4, R5), 16(R3)
	ADD	$Info_seq, R3
	STLRW	R7, (R3)
	B	stored
keep:
	SUB	$1, R9, R12
	MOVD	$1, R14
	LSL	R12, R14 // the signal's bit
	MOVD	$·claimed(SB), R3
claim:
	LDAXR	(R3), R5
	ORR	R14, R5, R7
	STLXR	R7, (R3), R6
	CBNZ	R6, claim
	TST	R14, R5
	BNE	merged
	MOVD	$·slots(SB), R3
	ADD	R9<<5, R3
	LDP	0(R10), (R4, R5)
	STP	(R4, R5), 0(R3)
	LDP	16(R10), (R4, R5)
	STP	(R4, R5), 16(R3)
	MOVD	$·kept(SB), R3
set:
	LDAXR	(R3), R5
	ORR	R14, R5
	STLXR	R5, (R3), R6
	CBNZ	R6, set
stored:
	MOVW	·bell(SB), R0
	TBNZ	$31, R0, rung
	MOVD	$·one(SB), R1
	MOVD	$8, R2
	MOVD	$SYS_write, R8
	SVC // it changes R0
rung:
	CMP	$SIGRTMIN, R9
	BLT	over
	MOVD	$·tail(SB), R3
	LDAR	(R3), R5
	MOVD	$·head(SB), R4
	LDAR	(R4), R6
	SUB	R6, R5, R6
	CMP	$const_realTimeRoom, R6
	BLT	over
queued:
	MOVD	·realTime(SB), R14
	B	choke
merged:
	CMP	$SIGRTMIN, R9
	BGE	queued
choke:
	MOVD	·blockable(SB), R4
	AND	R4, R14
	MOVD	UC_SIGMASK(R11), R5
	ORR	R14, R5
	MOVD	R5, UC_SIGMASK(R11)
	MOVD	$1, R4
	MOVW	R4, ·choked(SB)
over:
	RET
