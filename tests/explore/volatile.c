/* Code that means relaxed atomic accesses by volatile ones; with -DATOMIC it says so, and must have as many
 * executions. With -DFENCES it is right, without it is not. See volatile.sh. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef ATOMIC
#define READ_ONCE(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, value) __atomic_store_n(&(x), value, __ATOMIC_RELAXED)
#else
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))
#endif
#define COUNT_UP(x) WRITE_ONCE(x, (__typeof__(x))(READ_ONCE(x) + 1))

#ifdef FENCES
enum { STORES = memory_order_release, LOADS = memory_order_acquire, FULL = memory_order_seq_cst };
#define FENCE(order) atomic_thread_fence(order)
#else
#define FENCE(order) ((void)0)
#endif

#if defined CASE_MESSAGE // of the same size as the flag, larger, plain
int flag, content;
int64_t large;
int plain;
static void *run(void *unused)
{
    WRITE_ONCE(content, 42);
    WRITE_ONCE(large, INT64_MIN);
#ifdef PLAIN
    plain = 1;
#endif
    FENCE(STORES);
    WRITE_ONCE(flag, 1);
    return unused;
}
static void body(void)
{
    while (!READ_ONCE(flag))
        ;
    FENCE(LOADS);
    assert(READ_ONCE(content) == 42 && READ_ONCE(large) == INT64_MIN);
#ifdef PLAIN
    assert(plain == 1);
#endif
}
static void check(void)
{
}
#elif defined CASE_BUFFERING // each may miss the other's store
volatile char x, y;
int seen_x, seen_y;
static void *run(void *unused)
{
    WRITE_ONCE(x, 1);
    FENCE(FULL);
    seen_y = READ_ONCE(y);
    return unused;
}
static void body(void)
{
    WRITE_ONCE(y, 1);
    FENCE(FULL);
    seen_x = READ_ONCE(x);
}
static void check(void)
{
    assert(seen_x || seen_y);
    assert(READ_ONCE(x) == 1 && READ_ONCE(y) == 1);
}
#elif defined CASE_COUNT     // an increment is two accesses, and may be lost
volatile short count;
static void *run(void *unused)
{
    COUNT_UP(count);
    COUNT_UP(count);
    return unused;
}
static void body(void)
{
#ifdef FENCES
    __atomic_fetch_add(&count, 0, __ATOMIC_RELAXED);
#else
    COUNT_UP(count);
#endif
}
static void check(void)
{
#ifdef FENCES
    assert(READ_ONCE(count) >= 1 && READ_ONCE(count) <= 2);
#else
    assert(READ_ONCE(count) == 3);
#endif
}
#elif defined CASE_COHERENCE // nobody reads two values against their order; a store may come before one that
                             // was there
volatile int *word;
static void *run(void *unused)
{
    WRITE_ONCE(*word, 1);
    WRITE_ONCE(*word, 2);
    return unused;
}
static void body(void)
{
    int first = READ_ONCE(*word), second = READ_ONCE(*word);
    WRITE_ONCE(*word, 3);
    int third = READ_ONCE(*word);
    assert(first <= second && third != 0);
#ifndef FENCES
    assert(third == 3);
#endif
}
static void check(void)
{
    int last = READ_ONCE(*word);
    assert(last == 2 || last == 3);
    free((int *)(uintptr_t)word);
}
#else
#error "no such case"
#endif

int main(void)
{
    pthread_t other;
#ifdef CASE_COHERENCE
    word = calloc(1, sizeof *word);
#endif
    pthread_create(&other, NULL, run, NULL);
    body();
    pthread_join(other, NULL);
    check();
    return 0;
}
