/* Store buffering, eight times one after the other in two threads: each has four outcomes. */
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

enum { TIMES = 8 };

static atomic_int x[TIMES], y[TIMES];

static void *left(void *unused)
{
    for (int i = 0; i < TIMES; i++) {
        atomic_store_explicit(&x[i], 1, memory_order_relaxed);
        (void)atomic_load_explicit(&y[i], memory_order_relaxed);
    }
    return unused;
}

static void *right(void *unused)
{
    for (int i = 0; i < TIMES; i++) {
        atomic_store_explicit(&y[i], 1, memory_order_relaxed);
        (void)atomic_load_explicit(&x[i], memory_order_relaxed);
    }
    return unused;
}

int main(void)
{
    pthread_t a, b;
    pthread_create(&a, NULL, left, NULL);
    pthread_create(&b, NULL, right, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
}
