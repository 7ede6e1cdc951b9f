// Shifts the wall clock, and no other, by $CLOCKSHIFT seconds for a program that runs with it as LD_PRELOAD.
#define _GNU_SOURCE
#include <time.h>
#include <sys/time.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <stdlib.h>
static long off(void) { static long o = 0; static int init = 0; if (!init) { const char *e = getenv("CLOCKSHIFT"); o = e ? atol(e) : 0; init = 1; } return o; }
int clock_gettime(clockid_t c, struct timespec *t) {
  int r = syscall(SYS_clock_gettime, c, t);
  if (r == 0 && (c == CLOCK_REALTIME || c == CLOCK_REALTIME_COARSE)) t->tv_sec += off();
  return r;
}
int gettimeofday(struct timeval *restrict tv, void *restrict tz) { struct timespec t; clock_gettime(CLOCK_REALTIME, &t); if (tv) { tv->tv_sec = t.tv_sec; tv->tv_usec = t.tv_nsec / 1000; } return 0; }
time_t time(time_t *p) { struct timespec t; clock_gettime(CLOCK_REALTIME, &t); if (p) *p = t.tv_sec; return t.tv_sec; }
