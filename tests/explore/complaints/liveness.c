/* answers: MPI-SWS/genmc#17: a lock that its holder will set free is taken for a loop without an end
 * twin: it is not set free
 * finds: starvation: thread 1 waits for ever
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int held = 1;
int data;

static void *enter(void *unused)
{
    do {
        while (held)
            ;
    } while (atomic_exchange(&held, 1));
    assert(data == 1);
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, enter, NULL);
    data = 1;
#ifndef BUGGY
    held = 0;
#endif
    pthread_join(thread, NULL);
    return 0;
}
