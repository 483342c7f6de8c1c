/* answers: tokio-rs/loom#162: a spin lock exceeds the number of branches unless its loop yields
 * twin: a release that releases nothing
 * finds: race: data race
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#ifdef BUGGY
enum { RELEASE = memory_order_relaxed };
#else
enum { RELEASE = memory_order_release };
#endif

atomic_flag held = ATOMIC_FLAG_INIT;
int count;

static void *add(void *unused)
{
    while (atomic_flag_test_and_set_explicit(&held, memory_order_acquire))
        ;
    count++;
    atomic_flag_clear_explicit(&held, RELEASE);
    return unused;
}

int main(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, add, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert(count == 3);
    return 0;
}
