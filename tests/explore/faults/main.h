/* main.h: the main of a case, which may define how many THREADS run, what main does before they start
 * (FIRST), and what when they have ended (LAST). */
#ifndef THREADS
#define THREADS 1
#endif
#ifndef FIRST
#define FIRST
#endif
#ifndef LAST
#define LAST
#endif

int main(void)
{
    pthread_t threads[THREADS + 1];
    FIRST;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, run, NULL);
    body();
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    LAST;
    return 0;
}
