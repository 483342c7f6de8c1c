/* A stranger's program in strict C11: two threads, a queue, and the end of it. */
#include <pthread.h>
#include <quiesce/concurrency/queue.h>
#include <stdio.h>

static qsc_queue queue;

static void *produce(void *numbers)
{
    for (int *number = numbers; *number; number++)
        if (qsc_queue_push(&queue, number))
            return numbers;
    qsc_queue_close(&queue);
    return NULL;
}

int main(void)
{
    int numbers[] = {1, 2, 3, 4, 0}, sum = 0;
    pthread_t producer;
    if (qsc_queue_init(&queue, 2) || pthread_create(&producer, NULL, produce, numbers))
        return 1;
    for (void *item; qsc_queue_pop(&queue, &item) == 0;)
        sum += *(int *)item;
    pthread_join(producer, NULL);
    qsc_queue_fini(&queue);
    printf("%d\n", sum);
    return 0;
}
