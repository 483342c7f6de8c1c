/* name: Create+early
 * outcome: two writes of d
 * verdict: race
 * source: folklore: main writes between creation and join
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

int d;

static void *thread0(void *arg)
{
    d = 2;
    return arg;
}

int main(void)
{
    pthread_t t0;

    pthread_create(&t0, NULL, thread0, NULL);
    d = 1;
    pthread_join(t0, NULL);
    return 0;
}
