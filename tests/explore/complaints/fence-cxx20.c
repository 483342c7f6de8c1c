/* answers: rust-lang/miri#2301: seq_cst fences as weak as C++11 had them: stale values are read that C++20
 *          forbids, in two programs. A third one there has relaxed stores and seq_cst loads without fences:
 *          C++20 forbids it and RC11 does not; the litmus table has a list of those
 * twin: fences that only acquire and release
 * finds: assertion: assert(!(seen\[
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#ifdef BUGGY
enum { FENCE = memory_order_acq_rel };
#else
enum { FENCE = memory_order_seq_cst };
#endif

atomic_int x, y;
int seen[4];

static int load(atomic_int *variable)
{
    return atomic_load_explicit(variable, memory_order_relaxed);
}

static void *write_x(void *unused)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    return unused;
}

static void *write_y(void *unused)
{
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    return unused;
}

static void *read_x_y(void *unused)
{
    seen[0] = load(&x);
    atomic_thread_fence(FENCE);
    seen[1] = load(&y);
    return unused;
}

static void *read_y_x(void *unused)
{
    seen[2] = load(&y);
    atomic_thread_fence(FENCE);
    seen[3] = load(&x);
    return unused;
}

static void *write_y_read_x(void *unused)
{
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    atomic_thread_fence(FENCE);
    seen[2] = load(&x);
    return unused;
}

static void run(int n, void *(*const bodies[])(void *))
{
    pthread_t threads[4];
    atomic_init(&x, 0);
    atomic_init(&y, 0);
    for (int i = 0; i < n; i++)
        pthread_create(&threads[i], NULL, bodies[i], NULL);
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    run(3, (void *(*const[])(void *)){write_x, read_x_y, write_y_read_x});
    assert(!(seen[0] == 1 && seen[1] == 0 && seen[2] == 0));
    run(4, (void *(*const[])(void *)){write_x, write_y, read_x_y, read_y_x});
    assert(!(seen[0] == 1 && seen[1] == 0 && seen[2] == 1 && seen[3] == 0));
    return 0;
}
