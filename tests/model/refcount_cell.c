#include <quiesce/model/refcount_cell.h>

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

Test(refcount_cell, starts_empty_and_gives_objects_back)
{
    qsc_refcount_cell *cell;
    cr_assert_eq(qsc_refcount_cell_create(&cell), 0);
    qsc_refcount_cell_ref reference;
    qsc_refcount_cell_get(cell, &reference);
    cr_assert_null(reference.object);
    qsc_refcount_cell_put(&reference);

    int first = 1, second = 2;
    const void *former = &former;
    cr_assert_eq(qsc_refcount_cell_update(cell, &first, &former), 0);
    cr_assert_null(former);
    qsc_refcount_cell_get(cell, &reference);
    cr_assert_eq(reference.object, &first);
    qsc_refcount_cell_put(&reference);
    cr_assert_null(reference.object);
    cr_assert_eq(qsc_refcount_cell_update(cell, &second, &former), 0);
    cr_assert_eq(former, &first);
    cr_assert_eq(qsc_refcount_cell_update(cell, NULL, &former), 0);
    cr_assert_eq(former, &second);
    cr_assert_null(qsc_refcount_cell_destroy(cell));
}

struct update {
    qsc_refcount_cell *cell;
    const void *object, *former;
    atomic_bool done;
};

static void *update(void *argument)
{
    struct update *job = argument;
    if (qsc_refcount_cell_update(job->cell, job->object, &job->former) == 0)
        atomic_store(&job->done, true);
    return NULL;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){0, ms * 1000000}, NULL);
}

Test(refcount_cell, the_updater_waits_for_the_last_reader_and_new_readers_do_not)
{
    int first = 1, second = 2;
    const void *former;
    struct update job = {.object = &second};
    cr_assert_eq(qsc_refcount_cell_create(&job.cell), 0);
    cr_assert_eq(qsc_refcount_cell_update(job.cell, &first, &former), 0);
    qsc_refcount_cell_ref held, fresh;
    qsc_refcount_cell_get(job.cell, &held);
    pthread_t updater;
    cr_assert_eq(pthread_create(&updater, NULL, update, &job), 0);
    do {
        qsc_refcount_cell_get(job.cell, &fresh);
        bool seen = fresh.object == &second;
        qsc_refcount_cell_put(&fresh);
        if (seen)
            break;
        pause_ms(1);
    } while (true);
    pause_ms(20);
    cr_assert(!atomic_load(&job.done), "the former object was given back under its reader");
    cr_assert_eq(held.object, &first);
    qsc_refcount_cell_put(&held);
    pthread_join(updater, NULL);
    cr_assert(atomic_load(&job.done));
    cr_assert_eq(job.former, &first);
    cr_assert_eq(qsc_refcount_cell_destroy(job.cell), &second);
}
