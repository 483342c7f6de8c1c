/* Threads that wait in vain, and locks that are used wrongly. See faults.sh. */
#include "case.h"

#if defined CASE_DEADLOCK // two locks in two orders
static void *run(void *unused)
{
    pthread_mutex_lock(BUGGY ? &b : &a);
    pthread_mutex_lock(BUGGY ? &a : &b);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
    return unused;
}
static void body(void)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
}
#elif defined CASE_STRANGER       // unlocks what another holds
static void *run(void *unused)
{
    if (!BUGGY)
        pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    return unused;
}
static void body(void)
{
    pthread_mutex_lock(&a);
    sched_yield();
    pthread_mutex_unlock(&a);
}
#elif defined CASE_LOST_WAKE      // looks before it holds the lock
static void *run(void *unused)
{
    pthread_mutex_lock(&a);
    atomic_store(&word, 1);
    pthread_mutex_unlock(&a);
    pthread_cond_signal(&condition);
    return unused;
}
static void body(void)
{
    int seen = atomic_load(&word);
    pthread_mutex_lock(&a);
    while (!(BUGGY ? seen : atomic_load(&word))) {
        pthread_cond_wait(&condition, &a);
        seen = 1;
    }
    pthread_mutex_unlock(&a);
}
#elif defined CASE_LOST_FUTEX     // changes the word and forgets the wake
static void *run(void *unused)
{
    atomic_store(&word, 1);
    if (!BUGGY)
        syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    return unused;
}
static void body(void)
{
    while (!atomic_load(&word))
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}
#elif defined CASE_LOST_WAITV     // the same, with a sleeper on two words of which the other is woken
static void *run(void *unused)
{
    syscall(SYS_futex, &other, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    atomic_store(&word, 1);
    if (!BUGGY)
        syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    return unused;
}
static void body(void)
{
    struct futex_waitv both[] = {{0, (uintptr_t)&other, FUTEX_32 | FUTEX_PRIVATE_FLAG, 0},
                                 {0, (uintptr_t)&word, FUTEX_32 | FUTEX_PRIVATE_FLAG, 0}};
    while (!atomic_load(&word)) {
        long woken = syscall(SYS_futex_waitv, both, 2, 0, NULL, CLOCK_MONOTONIC);
        assert(woken == 0 || woken == 1 || (woken == -1 && errno == EAGAIN));
    }
}
#elif defined CASE_FUTEX_DEADLOCK // a lock made of a futex, taken twice
static void take(void)
{
    while (atomic_exchange(&word, 1))
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
}
static void give(void)
{
    atomic_store(&word, 0);
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
static void *run(void *unused)
{
    take();
    if (BUGGY)
        take();
    give();
    return unused;
}
static void body(void)
{
    take();
    give();
}
#elif defined CASE_LIVELOCK       // each waits for the other
static void *run(void *unused)
{
    if (!BUGGY)
        atomic_store(&other, 1);
    while (!atomic_load(&word))
        ;
    atomic_store(&other, 1);
    return unused;
}
static void body(void)
{
    while (!atomic_load(&other))
        ;
    atomic_store(&word, 1);
}
#elif defined CASE_SPIN           // waits for what nobody writes; two words and no hint
static void *run(void *unused)
{
    atomic_store_explicit(BUGGY ? &other : &word, 1, memory_order_release);
    return unused;
}
static void body(void)
{
    while (!atomic_load_explicit(&word, memory_order_acquire))
        ;
}
#elif defined CASE_POLL           // asks again and again, under a mutex, what nobody says
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static int said;
static void *run(void *unused)
{
    pthread_mutex_lock(&guard);
    said = !BUGGY;
    pthread_mutex_unlock(&guard);
    return unused;
}
static void body(void)
{
    for (bool heard = false; !heard;) {
        pthread_mutex_lock(&guard);
        heard = said;
        pthread_mutex_unlock(&guard);
    }
}
#elif defined CASE_COUNT          // each turn differs from the last in memory only: the loop waits for nobody
static void *run(void *unused)
{
    while (atomic_fetch_add_explicit(&word, 1, memory_order_relaxed) < 3)
        ;
    assert(!BUGGY);
    return unused;
}
static void body(void)
{
}
#elif defined CASE_SEEN           // what a waiting loop stores and takes back is seen twice
static void *run(void *unused)
{
    while (!atomic_load_explicit(&other, memory_order_acquire)) {
        atomic_store(&word, 1);
        atomic_store(&word, 0);
    }
    return unused;
}
static void body(void)
{
    int first = atomic_load(&word), second = atomic_load(&word), third = atomic_load(&word);
    if (BUGGY)
        assert(!(first == 1 && second == 0 && third == 1));
    atomic_store_explicit(&other, 1, memory_order_release);
}
#elif defined CASE_SEEN_OLD       // what a turn that reads something old stores and takes back is seen
atomic_int turns;
static void *run(void *unused)
{
    atomic_store_explicit(&word, 1, memory_order_relaxed);
    atomic_store_explicit(&other, 1, BUGGY ? memory_order_relaxed : memory_order_release);
    bool once = atomic_load_explicit(&turns, memory_order_relaxed) == 1 &&
                atomic_load_explicit(&turns, memory_order_relaxed) == 0;
    assert(!once || atomic_load_explicit(&turns, memory_order_relaxed) == 0);
    return unused;
}
static void body(void)
{
    if (!atomic_load_explicit(&other, memory_order_acquire))
        return;
    do {
        atomic_load_explicit(&other, memory_order_relaxed); // here a turn begins
        atomic_store_explicit(&turns, 1, memory_order_relaxed);
        atomic_store_explicit(&turns, 0, memory_order_relaxed);
    } while (!atomic_load_explicit(&word, memory_order_relaxed));
}
#elif defined CASE_SEMAPHORE      // two enter where one may
sem_t semaphore;
#define THREADS 2
#define FIRST sem_init(&semaphore, 0, BUGGY ? 2 : 1)
static void *run(void *unused)
{
    sem_wait(&semaphore);
    ready++;
    sem_post(&semaphore);
    return unused;
}
static void body(void)
{
}
#elif defined CASE_TIMED    // forgets that the time may be over
static void *run(void *unused)
{
    struct timespec soon = {.tv_sec = 1};
    pthread_mutex_lock(&a);
    int code = ready ? 0 : pthread_cond_timedwait(&condition, &a, &soon);
    assert(BUGGY ? code == 0 : code == 0 || code == ETIMEDOUT);
    pthread_mutex_unlock(&a);
    return unused;
}
static void body(void)
{
    pthread_mutex_lock(&a);
    ready = 1;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&a);
}
#elif defined CASE_CLOCK    // waits until the clock says that the time is over
static void *run(void *unused)
{
    struct timespec deadline, now;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec++;
    pthread_mutex_lock(&a);
    do {
        if (!ready)
            pthread_cond_timedwait(&condition, &a, &deadline);
        clock_gettime(CLOCK_REALTIME, &now);
    } while (!ready && now.tv_sec < deadline.tv_sec);
    assert(ready || !BUGGY);
    pthread_mutex_unlock(&a);
    return unused;
}
static void body(void)
{
    pthread_mutex_lock(&a);
    ready = 1;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&a);
}
#elif defined CASE_SPURIOUS // takes every end of a futex wait for a wake-up
static void *run(void *unused)
{
    do
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    while (!BUGGY && !atomic_load(&word));
    assert(atomic_load(&word));
    return unused;
}
static void body(void)
{
    atomic_store(&word, 1);
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
#else
#error "no such case"
#endif

#include "main.h"
