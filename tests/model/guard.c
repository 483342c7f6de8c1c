#include <quiesce/model/guard.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

static int destroyed;

static void note_destroyed(void *object)
{
    *(int *)object = -1;
    __atomic_add_fetch(&destroyed, 1, __ATOMIC_RELAXED);
}

Test(guard, a_hold_gets_the_version_that_was_published_last)
{
    for (int kind = 0; kind < QSC_GUARD_KINDS; kind++) {
        int objects[3] = {1, 2, 3};
        qsc_guard *guard;
        struct qsc_hold hold;
        destroyed = 0;
        cr_assert_eq(qsc_guard_create(&guard, (enum qsc_guard_kind)kind, NULL), 0);
        cr_assert_eq(qsc_guard_acquire(guard, &hold), ENOENT, "%s",
                     qsc_guard_name((enum qsc_guard_kind)kind));
        for (int i = 0; i < 3; i++) {
            cr_assert_eq(qsc_guard_publish(guard, &objects[i], 100, note_destroyed), 0);
            cr_assert_eq(qsc_guard_acquire(guard, &hold), 0);
            cr_assert_eq(hold.object, &objects[i]);
            cr_assert_eq(objects[i], i + 1);
            qsc_guard_release(guard, &hold);
        }
        uint64_t versions, bytes;
        qsc_guard_live_max(guard, &versions, &bytes);
        cr_assert(versions >= 2 && versions <= 3 && bytes == 100 * versions);
        qsc_guard_destroy(guard);
        cr_assert_eq(destroyed, 3);
    }
}

Test(guard, the_snapshot_keeps_a_held_version_and_its_publisher_goes_on)
{
    int objects[3] = {1, 2, 3};
    qsc_guard *guard;
    struct qsc_hold hold;
    destroyed = 0;
    const struct qsc_snapshot_config bounds = {.max_live_versions = 2};
    cr_assert_eq(qsc_guard_create(&guard, QSC_GUARD_SNAPSHOT, &bounds), 0);
    cr_assert_eq(qsc_guard_publish(guard, &objects[0], 1, note_destroyed), 0);
    cr_assert_eq(qsc_guard_acquire(guard, &hold), 0);
    cr_assert_eq(qsc_guard_publish(guard, &objects[1], 1, note_destroyed), 0);
    cr_assert_eq(qsc_guard_publish(guard, &objects[2], 1, note_destroyed), EAGAIN);
    cr_assert_eq(*(const int *)hold.object, 1);
    qsc_guard_release(guard, &hold);
    qsc_guard_destroy(guard);
    cr_assert_eq(destroyed, 2);
}

struct publication {
    qsc_guard *guard;
    int *object;
    bool done;
};

static void *publish(void *argument)
{
    struct publication *job = argument;
    if (qsc_guard_publish(job->guard, job->object, 1, note_destroyed) == 0)
        __atomic_store_n(&job->done, true, __ATOMIC_RELEASE);
    return NULL;
}

Test(guard, with_the_others_the_publisher_waits_for_the_holder)
{
    for (int kind = 0; kind < QSC_GUARD_KINDS; kind++) {
        if (kind == QSC_GUARD_SNAPSHOT)
            continue;
        int objects[2] = {1, 2};
        struct qsc_hold hold;
        struct publication job = {.object = &objects[1]};
        pthread_t publisher;
        cr_assert_eq(qsc_guard_create(&job.guard, (enum qsc_guard_kind)kind, NULL), 0);
        cr_assert_eq(qsc_guard_publish(job.guard, &objects[0], 1, note_destroyed), 0);
        cr_assert_eq(qsc_guard_acquire(job.guard, &hold), 0);
        cr_assert_eq(pthread_create(&publisher, NULL, publish, &job), 0);
        nanosleep(&(struct timespec){0, 20000000}, NULL);
        cr_assert(!__atomic_load_n(&job.done, __ATOMIC_ACQUIRE));
        cr_assert_eq(*(const int *)hold.object, 1);
        qsc_guard_release(job.guard, &hold);
        pthread_join(publisher, NULL);
        cr_assert(job.done);
        qsc_guard_destroy(job.guard);
    }
}
