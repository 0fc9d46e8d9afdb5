/* target: a program with exactly the signal masks that a test asks for.
 *
 *	target EVENTS PINGS WORD... [-- PROGRAM ARG...]
 *
 * EVENTS and PINGS are descriptors. For each signal it writes two bytes to
 * EVENTS: 'h' if a handler ran, 'r' if it was read, and the number. A byte that
 * comes at PINGS is answered by "p" and that byte. PINGS at its end ends it.
 *
 * The C library refuses to touch signals 32 and 33, so masks and handlers are set
 * by system calls.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

static int events, pings, sfd = -1;
static const uint64_t all = ~0ULL;

static void tell(char what, int n)
{
	char b[2] = {what, (char)n};
	if (write(events, b, 2) != 2)
		_exit(3);
}

static void handler(int n)
{
	int kept = errno;
	tell('h', n);
	errno = kept;
}

/* What the kernel takes, not the C library; the same on amd64 and arm64. */
struct action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

static void set_all(void (*to)(int))
{
	struct sigaction sa = {.sa_handler = handler};
	struct action raw;

	/* The C library knows the restorer that handlers return by. */
	sigaction(SIGUSR1, &sa, NULL);
	syscall(SYS_rt_sigaction, SIGUSR1, NULL, &raw, 8);
	raw.handler = to;
	raw.mask = all;
	for (int n = 1; n <= 64; n++)
		syscall(SYS_rt_sigaction, n, &raw, NULL, 8);
}

static void mask(uint64_t set) { syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, 8); }

static void wait_for(uint64_t set)
{
	for (;;) {
		long n = syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, 8);
		if (n > 0)
			tell('r', (int)n);
	}
}

static void *thread_waits(void *unused)
{
	(void)unused;
	mask(all);
	wait_for(all);
	return NULL;
}

static void *thread_open(void *unused)
{
	(void)unused;
	mask(0);
	for (;;)
		pause();
	return NULL;
}

static void start(void *(*f)(void *), void *arg)
{
	pthread_t t;
	if (pthread_create(&t, NULL, f, arg) != 0)
		_exit(4);
}

static void serve(void)
{
	struct pollfd p[2] = {{.fd = pings, .events = POLLIN}, {.fd = sfd, .events = POLLIN}};
	char b;
	struct signalfd_siginfo si;

	for (;;) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents & POLLIN) {
			if (read(sfd, &si, sizeof si) == sizeof si)
				tell('r', (int)si.ssi_signo);
			continue;
		}
		if (p[0].revents == 0)
			continue;
		if (read(pings, &b, 1) != 1)
			_exit(0);
		tell('p', b);
	}
}

static void *thread_pings(void *blocks)
{
	/* The C library opens signal 32 in each new thread. */
	mask(blocks ? all : 0);
	serve();
	return NULL;
}

static int word(int argc, char **argv, const char *w)
{
	for (int i = 3; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], w) == 0)
			return 1;
	return 0;
}

/* spawn starts what comes after --, with a clean mask. */
static void spawn(int argc, char **argv)
{
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		if (fork() == 0) {
			set_all(SIG_DFL);
			mask(0);
			execvp(argv[i + 1], argv + i + 1);
			_exit(5);
		}
		/* What the program has is no concern of ours: its ends of the
		 * pipes must be the last ones. */
		for (int fd = 5; fd < 10; fd++)
			close(fd);
		return;
	}
}

int main(int argc, char **argv)
{
	struct rlimit core = {1 << 20, 1 << 20};

	if (argc < 4)
		return 2;
	events = atoi(argv[1]);
	pings = atoi(argv[2]);
#define HAS(w) word(argc, argv, w)
	mask(all);
	if (!HAS("nocore"))
		setrlimit(RLIMIT_CORE, &core);
	if (HAS("session"))
		setsid();
	spawn(argc, argv);
	if (HAS("signalfd")) {
		uint64_t set = all;
		sfd = (int)syscall(SYS_signalfd4, -1, &set, 8, SFD_NONBLOCK);
	}
	if (HAS("thread-waits"))
		start(thread_waits, NULL);
	if (HAS("thread-open"))
		start(thread_open, NULL);
	if (HAS("thread-pings"))
		start(thread_pings, HAS("blocked") ? argv : NULL);
	/* The C library has opened 32 and 33, which are its own. */
	mask(HAS("blocked") ? all : 0);
	if (HAS("undumpable"))
		prctl(PR_SET_DUMPABLE, 0);
	/* After the threads: the C library sets handlers of its own for them. */
	if (HAS("caught"))
		set_all(handler);
	else
		set_all(HAS("ignored") ? SIG_IGN : SIG_DFL);
	if (HAS("vfork") && vfork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		tell('p', 0);
		for (;;)
			pause();
	} else if (!HAS("vfork")) {
		tell('p', 0);
	}
	if (HAS("waits"))
		wait_for(all);
	if (HAS("main-ends"))
		syscall(SYS_exit, 0);
	if (HAS("zombie"))
		_exit(0);
	serve();
}
