/* name: Create+join
 * outcome: r0 != 1 or d != 2
 * verdict: forbidden
 * source: C++20 [atomics.order], [intro.races], creation and joining synchronize
 * executions: 1
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

int d, r0;

static void *thread0(void *arg)
{
    r0 = d;
    d = 2;
    return arg;
}

int main(void)
{
    pthread_t t0;

    d = 1;
    pthread_create(&t0, NULL, thread0, NULL);
    pthread_join(t0, NULL);
    assert(!(r0 != 1 || d != 2));
    return 0;
}
