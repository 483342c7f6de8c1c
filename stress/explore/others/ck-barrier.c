/* ck_barrier_centralized, used twice: who has passed it sees what the others did before it. */
#include <assert.h>
#include <pthread.h>

#include <ck_barrier.h>

#ifndef THREADS
#define THREADS 2
#endif

static ck_barrier_centralized_t barrier = CK_BARRIER_CENTRALIZED_INITIALIZER;
static int arrived[THREADS];

static void *work(void *number)
{
    ck_barrier_centralized_state_t state = CK_BARRIER_CENTRALIZED_STATE_INITIALIZER;
    for (int round = 1; round <= 2; round++) {
        arrived[*(int *)number] = round;
        ck_barrier_centralized(&barrier, &state, THREADS);
        for (int i = 0; i < THREADS; i++)
            assert(arrived[i] == round);
        ck_barrier_centralized(&barrier, &state, THREADS);
    }
    return number;
}

int main(void)
{
    pthread_t thread[THREADS];
    int number[THREADS];
    for (int i = 0; i < THREADS; i++) {
        number[i] = i;
        pthread_create(&thread[i], NULL, work, &number[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}
