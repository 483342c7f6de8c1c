/* case.h: what every case of faults.sh may use. A case has run(), which a thread runs, and body(), which main
 * runs meanwhile; see main.h. */
#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef CASE_RCU
#include <urcu/urcu-memb.h>
#endif

#ifdef HEALTHY
enum { BUGGY = 0 };
#else
enum { BUGGY = 1 };
#endif

// Not static: of what nobody else can see a compiler removes the accesses.
pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
atomic_int word, other;
int ready;
_Thread_local int own;
_Atomic(int *) shared;
