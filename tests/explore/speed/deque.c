/* A Chase-Lev deque: the owner pushes and takes three times, two thieves steal twice each. Orders as in
 * concurrency/deque.c; with -DFENCES as in Le, Pop, Cohen and Zappa Nardelli, PPoPP 2013. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef FENCES
#define STRONG memory_order_relaxed
#define STRONG_LOAD memory_order_acquire
#define FENCE() atomic_thread_fence(memory_order_seq_cst)
#else
#define STRONG memory_order_seq_cst
#define STRONG_LOAD memory_order_seq_cst
#define FENCE() ((void)0)
#endif

enum { ITEMS = 3, STEALS = 2, NONE = -1 };

static atomic_int top, bottom, slot[ITEMS];

static void push(int item)
{
    int b = atomic_load_explicit(&bottom, memory_order_relaxed);
    (void)atomic_load_explicit(&top, memory_order_acquire);
    atomic_store_explicit(&slot[b], item, memory_order_relaxed);
    atomic_store_explicit(&bottom, b + 1, memory_order_release);
}

static bool claim(int at)
{
    return atomic_compare_exchange_strong_explicit(&top, &at, at + 1, memory_order_seq_cst,
                                                   memory_order_relaxed);
}

static int take(void)
{
    int b = atomic_load_explicit(&bottom, memory_order_relaxed) - 1;
    atomic_store_explicit(&bottom, b, STRONG);
    FENCE();
    int t = atomic_load_explicit(&top, STRONG);
    int item = NONE;
    if (t <= b) {
        item = atomic_load_explicit(&slot[b], memory_order_relaxed);
        if (t < b)
            return item;
        if (!claim(t))
            item = NONE;
    }
    atomic_store_explicit(&bottom, b + 1, memory_order_relaxed);
    return item;
}

static int steal(void)
{
    int t = atomic_load_explicit(&top, STRONG_LOAD);
    FENCE();
    int b = atomic_load_explicit(&bottom, STRONG_LOAD);
    if (t >= b)
        return NONE;
    int item = atomic_load_explicit(&slot[t], memory_order_relaxed);
    return claim(t) ? item : NONE;
}

static void *thief(void *unused)
{
    for (int i = 0; i < STEALS; i++)
        (void)steal();
    return unused;
}

int main(void)
{
    pthread_t a, b;
    pthread_create(&a, NULL, thief, NULL);
    pthread_create(&b, NULL, thief, NULL);
    for (int i = 0; i < ITEMS; i++)
        push(i);
    for (int i = 0; i < ITEMS; i++)
        (void)take();
    pthread_join(a, NULL);
    pthread_join(b, NULL);
}
