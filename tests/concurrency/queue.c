#include "failing.h"
#include "futex.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/mpsc.h>
#include <quiesce/concurrency/queue.h>
#include <stdint.h>

static void *item(uintptr_t number)
{
    return (void *)number; // NOLINT(performance-no-int-to-ptr)
}

static qsc_queue queue;

static void open_queue(size_t capacity)
{
    futex_reset();
    cr_assert_eq(qsc_queue_init(&queue, capacity), 0);
}

static uintptr_t trypop(void)
{
    void *popped = NULL;
    int error = qsc_queue_trypop(&queue, &popped);
    cr_assert(error == 0 || error == EAGAIN);
    return error ? 0 : (uintptr_t)popped;
}

Test(queue, no_such_capacity)
{
    cr_assert_eq(qsc_queue_init(&queue, 0), EINVAL);
    cr_assert_eq(qsc_queue_init(&queue, SIZE_MAX), EINVAL);
    cr_assert_eq(qsc_queue_init_spsc(&queue, 0), EINVAL);
    cr_assert_eq(qsc_queue_init_spsc(&queue, SIZE_MAX), EINVAL);
}

Test(queue, first_in_first_out_around_the_ring)
{
    for (size_t capacity = 1; capacity <= 8; capacity *= 2) {
        open_queue(capacity);
        uintptr_t in = 1, out = 1;
        for (int lap = 0; lap < 50; lap++) {
            for (size_t i = 0; i <= (size_t)lap % capacity; i++)
                cr_assert_eq(qsc_queue_trypush(&queue, item(in++)), 0);
            while (out < in)
                cr_assert_eq(trypop(), out++);
            cr_assert_eq(trypop(), 0);
        }
        qsc_queue_fini(&queue);
    }
}

Test(queue, full_and_empty)
{
    open_queue(2);
    void *untouched = item(9);
    cr_assert_eq(qsc_queue_trypop(&queue, &untouched), EAGAIN);
    cr_assert_eq(untouched, item(9));
    cr_assert_eq(qsc_queue_trypush(&queue, NULL), 0, "NULL is an item like any other");
    cr_assert_eq(qsc_queue_trypush(&queue, item(2)), 0);
    cr_assert_eq(qsc_queue_trypush(&queue, item(3)), EAGAIN);
    cr_assert_eq(qsc_queue_trypop(&queue, &untouched), 0);
    cr_assert_null(untouched);
    cr_assert_eq(qsc_queue_trypush(&queue, item(3)), 0);
    cr_assert_eq(trypop(), 2);
    cr_assert_eq(trypop(), 3);
    cr_assert_eq(futex_wakes, 0, "nobody sleeps, nobody is woken");
    qsc_queue_fini(&queue);
}

Test(queue, closed_is_drained_and_then_ends)
{
    open_queue(4);
    void *popped;
    cr_assert_eq(qsc_queue_push(&queue, item(1)), 0);
    cr_assert_eq(qsc_queue_push(&queue, item(2)), 0);
    qsc_queue_close(&queue);
    qsc_queue_close(&queue);
    cr_assert_eq(qsc_queue_trypush(&queue, item(3)), EPIPE);
    cr_assert_eq(qsc_queue_push(&queue, item(3)), EPIPE);
    cr_assert_eq(qsc_queue_push_until(&queue, item(3), NULL), EPIPE);
    cr_assert_eq(qsc_queue_pop(&queue, &popped), 0);
    cr_assert_eq(popped, item(1));
    cr_assert_eq(qsc_queue_trypop(&queue, &popped), 0);
    cr_assert_eq(popped, item(2));
    cr_assert_eq(qsc_queue_trypop(&queue, &popped), EPIPE);
    cr_assert_eq(qsc_queue_pop(&queue, &popped), EPIPE);
    cr_assert_eq(qsc_queue_pop_until(&queue, &popped, NULL), EPIPE);
    qsc_queue_fini(&queue);
}

Test(queue, by_one_producer_and_one_consumer)
{
    futex_reset();
    void *popped;
    struct timespec past = in_ms(-1000);
    cr_assert_eq(qsc_queue_init_spsc(&queue, 2), 0);
    cr_assert_eq(qsc_queue_pop_until(&queue, &popped, &past), ETIMEDOUT);
    for (uintptr_t i = 1; i <= 20; i += 2) {
        cr_assert_eq(qsc_queue_push(&queue, item(i)), 0);
        cr_assert_eq(qsc_queue_push(&queue, item(i + 1)), 0);
        cr_assert_eq(qsc_queue_trypush(&queue, NULL), EAGAIN);
        cr_assert_eq(qsc_queue_push_until(&queue, NULL, &past), ETIMEDOUT);
        cr_assert_eq(trypop(), i);
        cr_assert_eq(trypop(), i + 1);
        cr_assert_eq(trypop(), 0);
    }
    cr_assert_eq(qsc_queue_push(&queue, item(7)), 0);
    qsc_queue_close(&queue);
    qsc_queue_close(&queue);
    cr_assert_eq(qsc_queue_push(&queue, item(8)), EPIPE);
    cr_assert_eq(qsc_queue_pop(&queue, &popped), 0);
    cr_assert_eq(popped, item(7));
    cr_assert_eq(qsc_queue_pop(&queue, &popped), EPIPE);
    cr_assert_eq(qsc_queue_trypop(&queue, &popped), EPIPE);
    qsc_queue_fini(&queue);
}

Test(queue, of_nodes)
{
    futex_reset();
    static qsc_mpsc_node nodes[100];
    void *popped;
    struct timespec past = in_ms(-1000);
    qsc_queue_init_mpsc(&queue);
    cr_assert_eq(qsc_queue_trypop(&queue, &popped), EAGAIN);
    cr_assert_eq(qsc_queue_pop_until(&queue, &popped, &past), ETIMEDOUT);
    for (int lap = 0; lap < 3; lap++) {
        for (int i = 0; i < 100; i++)
            cr_assert_eq(qsc_queue_push(&queue, &nodes[i]), 0);
        if (lap == 2)
            qsc_queue_close(&queue);
        for (int i = 0; i < 100; i++) {
            cr_assert_eq(qsc_queue_pop(&queue, &popped), 0);
            cr_assert_eq(popped, &nodes[i]);
        }
    }
    cr_assert_eq(qsc_queue_trypush(&queue, &nodes[0]), EPIPE);
    cr_assert_eq(qsc_queue_pop(&queue, &popped), EPIPE);
    cr_assert_eq(qsc_queue_trypop(&queue, &popped), EPIPE);
    qsc_queue_fini(&queue);
}

Test(queue, deadlines)
{
    open_queue(1);
    void *popped;
    struct timespec past = in_ms(-1000), malformed = {1, -1}, soon = in_ms(30);
    uint64_t before = qsc_port_now_ns();
    cr_assert_eq(qsc_queue_pop_until(&queue, &popped, &soon), ETIMEDOUT);
    cr_assert_gt(qsc_port_now_ns() - before, 20000000U);
    cr_assert_eq(qsc_queue_pop_until(&queue, &popped, &past), ETIMEDOUT);
    cr_assert_eq(qsc_queue_pop_until(&queue, &popped, &malformed), EINVAL);
    cr_assert_eq(qsc_queue_push_until(&queue, item(1), &past), 0, "there is room");
    soon = in_ms(30);
    before = qsc_port_now_ns();
    cr_assert_eq(qsc_queue_push_until(&queue, item(2), &soon), ETIMEDOUT);
    cr_assert_gt(qsc_port_now_ns() - before, 20000000U);
    cr_assert_eq(qsc_queue_push_until(&queue, item(2), &past), ETIMEDOUT);
    cr_assert_eq(qsc_queue_push_until(&queue, item(2), &malformed), EINVAL);
    cr_assert_eq(qsc_queue_pop_until(&queue, &popped, &past), 0, "there is an item");
    qsc_queue_fini(&queue);
}

static atomic_int results[4]; // of the threads below: how many got 0, EPIPE, ETIMEDOUT, anything else

static void *count(int error)
{
    atomic_fetch_add(&results[error == 0 ? 0 : error == EPIPE ? 1 : error == ETIMEDOUT ? 2 : 3], 1);
    return NULL;
}

static void *pop_one(void *unused)
{
    (void)unused;
    void *popped;
    return count(qsc_queue_pop(&queue, &popped));
}

static void *push_one(void *unused)
{
    (void)unused;
    return count(qsc_queue_push(&queue, item(5)));
}

static void start_asleep(pthread_t *threads, int n, void *(*run)(void *))
{
    for (int i = 0; i < 4; i++)
        atomic_store(&results[i], 0);
    for (int i = 0; i < n; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, run, NULL), 0);
    AWAIT(futex_waits >= n);
    sleep_ms(10); // from the count into the kernel
}

static void join_all(pthread_t *threads, int n)
{
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

Test(queue, one_push_wakes_one_sleeper)
{
    pthread_t threads[3];
    open_queue(4);
    start_asleep(threads, 3, pop_one);
    cr_assert_eq(qsc_queue_trypush(&queue, item(1)), 0);
    AWAIT(results[0] == 1);
    sleep_ms(20);
    cr_assert_eq(results[0], 1);
    cr_assert_eq(futex_widest_wake, 1);
    cr_assert_eq(qsc_queue_trypush(&queue, item(2)), 0);
    cr_assert_eq(qsc_queue_trypush(&queue, item(3)), 0);
    join_all(threads, 3);
    cr_assert_eq(results[0], 3);
    qsc_queue_fini(&queue);
}

Test(queue, one_pop_wakes_one_sleeper)
{
    pthread_t threads[3];
    open_queue(1);
    cr_assert_eq(qsc_queue_trypush(&queue, item(4)), 0);
    start_asleep(threads, 3, push_one);
    for (int i = 0; i < 3; i++) {
        void *popped;
        cr_assert_eq(qsc_queue_pop(&queue, &popped), 0);
        AWAIT(results[0] == i + 1);
    }
    join_all(threads, 3);
    cr_assert_eq(trypop(), 5);
    qsc_queue_fini(&queue);
}

Test(queue, close_wakes_all_sleepers)
{
    pthread_t threads[4];
    open_queue(1);
    start_asleep(threads, 4, pop_one);
    qsc_queue_close(&queue);
    join_all(threads, 4);
    cr_assert_eq(results[1], 4);
    qsc_queue_fini(&queue);

    open_queue(1);
    cr_assert_eq(qsc_queue_trypush(&queue, item(1)), 0);
    start_asleep(threads, 4, push_one);
    qsc_queue_close(&queue);
    join_all(threads, 4);
    cr_assert_eq(results[1], 4);
    cr_assert_eq(trypop(), 1);
    qsc_queue_fini(&queue);
}

Test(queue, survives_spurious_wake_ups_and_signals)
{
    pthread_t threads[3];
    open_queue(1);
    atomic_store(&futex_spurious, 50);
    start_asleep(threads, 3, pop_one);
    atomic_store(&futex_noise, true);
    for (uintptr_t i = 1; i <= 3; i++)
        cr_assert_eq(qsc_queue_push(&queue, item(i)), 0);
    join_all(threads, 3);
    cr_assert_eq(results[0], 3);
    qsc_queue_fini(&queue);
}

Test(queue, who_waits_uses_no_processor_time)
{
    pthread_t threads[2];
    open_queue(1);
    start_asleep(threads, 2, pop_one);
    struct timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    sleep_ms(200);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    double used = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) * 1e-9;
    cr_assert_lt(used, 0.02, "%g s in 0.2 s", used);
    qsc_queue_close(&queue);
    join_all(threads, 2);
    qsc_queue_fini(&queue);
}

Test(queue, no_memory)
{
    failing_at(0);
    cr_assert_eq(qsc_queue_init(&queue, 16), ENOMEM);
    failing_at(0);
    cr_assert_eq(qsc_queue_init_spsc(&queue, 16), ENOMEM);
    cr_assert_eq(failing_live(), 0);
    failing_at(1);
    cr_assert_eq(qsc_queue_init(&queue, 16), 0);
    cr_assert_eq(qsc_queue_trypush(&queue, item(1)), 0);
    cr_assert_eq(trypop(), 1);
    cr_assert_eq(failing_live(), 1, "no call allocates but init");
    qsc_queue_fini(&queue);
    cr_assert_eq(failing_live(), 0);
    failing_off();
}
