/* answers: dvyukov/relacy#26: left-right with seq_cst fences: a race is reported that cannot happen
 * twin: the writer without its fence
 * finds: race: data race
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int side, readers;
int value[2];

static void fence_of_writer(void)
{
#ifndef BUGGY
    atomic_thread_fence(memory_order_seq_cst);
#endif
}

// Tells that it reads before it looks which side; where it sees the old one, the writer sees it.
static void *read_value(void *unused)
{
    atomic_fetch_add_explicit(&readers, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    int seen = value[atomic_load_explicit(&side, memory_order_acquire)];
    assert(seen == 0 || seen == 1);
    atomic_fetch_sub_explicit(&readers, 1, memory_order_release);
    return unused;
}

static void *write_value(void *unused)
{
    value[1] = 1;
    atomic_store_explicit(&side, 1, memory_order_release);
    fence_of_writer();
    while (atomic_load_explicit(&readers, memory_order_acquire))
        ;
    value[0] = 1;
    return unused;
}

int main(void)
{
    pthread_t threads[3];
    pthread_create(&threads[0], NULL, write_value, NULL);
    pthread_create(&threads[1], NULL, read_value, NULL);
    pthread_create(&threads[2], NULL, read_value, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
