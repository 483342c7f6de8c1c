/* Programs for searches.sh: message passing whose stores and loads have the orders that a macro names; one in
 * which only a stale read, or only two preemptions, show the fault; one with many executions. */
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#ifndef PUBLISH
#define PUBLISH memory_order_release
#endif

int data;
atomic_int ready, x, y, seen_x, seen_y;

#if defined(CASE_STORE_BUFFERING)
// Both read 0: somebody passes over a newer store.
static void *first(void *unused)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_store_explicit(&seen_y, atomic_load_explicit(&y, memory_order_relaxed), memory_order_relaxed);
    return unused;
}

static void *second(void *unused)
{
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    atomic_store_explicit(&seen_x, atomic_load_explicit(&x, memory_order_relaxed), memory_order_relaxed);
    return unused;
}

static void check(void)
{
    assert(seen_x || seen_y);
}
#elif defined(CASE_PREEMPTIONS)
// A lost update: one thread stops between its load and its store, and the other runs there.
static void *first(void *unused)
{
    int n = atomic_load(&x);
    atomic_store(&x, n + 1);
    return unused;
}
#define second first

static void check(void)
{
    assert(x == 2);
}
#elif defined(CASE_MANY)
// Store bufferings one after the other: four executions each.
atomic_int word[2][10];

static void go_through(int mine)
{
    for (int i = 0; i < 10; i++) {
        atomic_store_explicit(&word[mine][i], 1, memory_order_relaxed);
        atomic_load_explicit(&word[!mine][i], memory_order_relaxed);
    }
}

static void *first(void *unused)
{
    go_through(0);
    return unused;
}

static void *second(void *unused)
{
    go_through(1);
    return unused;
}

static void check(void)
{
}
#elif defined(CASE_CHILDREN)
// It has no children, and hears of none.
static volatile sig_atomic_t heard;
static void hear(int signal)
{
    heard = signal;
}

static void *first(void *unused)
{
    data = 42;
    atomic_store_explicit(&ready, 1, memory_order_release);
    return unused;
}

static void *second(void *unused)
{
    if (atomic_load_explicit(&ready, memory_order_acquire))
        assert(data == 42);
    return unused;
}

static void check(void)
{
    signal(SIGCHLD, hear);
    assert(!heard && waitpid(-1, NULL, WNOHANG) < 0);
}
#else
static void *first(void *unused)
{
    data = 42;
#ifdef ASSEMBLY
    __asm__ volatile(ASSEMBLY : "+m"(x) : : "memory", "eax"); // unseen
#endif
    atomic_store_explicit(&ready, 1, PUBLISH);
    return unused;
}

static void *second(void *unused)
{
    if (atomic_load_explicit(&ready, memory_order_seq_cst))
        assert(data == 42);
    return unused;
}

static void check(void)
{
}

// cover: nobody calls it
int unreached(void)
{
    return data;
}
#endif

int main(void)
{
    pthread_t one, two;
    pthread_create(&one, NULL, first, NULL);
    pthread_create(&two, NULL, second, NULL);
    pthread_join(one, NULL);
    pthread_join(two, NULL);
    check();
}
