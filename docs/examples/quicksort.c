/* Quicksort on all processors.
 *
 * Each call spawns its left part as a task and sorts the right part itself. The task and its group are local
 * variables: a spawn allocates nothing and cannot fail. Waiting for the group runs tasks meanwhile, so no
 * thread is idle while there is work, and as many threads as there are processors suffice however deep the
 * recursion is. */
#include <quiesce/concurrency/pool.h>
#include <stdio.h>
#include <stdlib.h>

enum { ITEMS = 200000, SMALL = 1000 }; /* below SMALL the work of a task is not worth handing over */

static qsc_pool *pool;

struct range {
    int *begin, *end;
};

static int compare(const void *left, const void *right)
{
    int a = *(const int *)left, b = *(const int *)right;
    return (a > b) - (a < b);
}

static void swap(int *a, int *b)
{
    int old = *a;
    *a = *b;
    *b = old;
}

/* Puts the middle element in its place, smaller ones before it, and returns that place. */
static int *partition(int *begin, int *end)
{
    int *last = end - 1, *place = begin;
    swap(begin + (end - begin) / 2, last);
    for (int *each = begin; each < last; each++)
        if (*each < *last)
            swap(each, place++);
    swap(place, last);
    return place;
}

static void sort(void *arg)
{
    struct range *range = arg;
    if (range->end - range->begin <= SMALL) {
        qsort(range->begin, (size_t)(range->end - range->begin), sizeof(int), compare);
        return;
    }
    int *middle = partition(range->begin, range->end);
    struct range left = {range->begin, middle}, right = {middle + 1, range->end};
    qsc_group group = QSC_GROUP_INIT;
    qsc_task task;
    qsc_task_spawn(pool, &group, &task, sort, &left);
    sort(&right);
    qsc_group_wait(pool, &group); /* task, group and left must live until here */
}

int main(void)
{
    int *numbers = malloc(ITEMS * sizeof *numbers);
    struct qsc_pool_config config = {.threads = 0}; /* as many as we have processors */
    if (!numbers || qsc_pool_create(&pool, &config))
        return 1;
    unsigned random = 1;
    for (int i = 0; i < ITEMS; i++) {
        random = random * 1664525U + 1013904223U; /* the quick generator of Numerical Recipes */
        numbers[i] = (int)(random >> 8);
    }

    struct range all = {numbers, numbers + ITEMS};
    sort(&all);

    int unsorted = 0;
    for (int i = 1; i < ITEMS; i++)
        unsorted += numbers[i - 1] > numbers[i];
    printf("%d numbers on %d threads, %d out of order\n", ITEMS, qsc_pool_threads(pool), unsorted);
    qsc_pool_destroy(pool);
    free(numbers);
    return unsorted != 0;
}
