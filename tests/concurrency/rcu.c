#include "snapshot_support.h"

#include <quiesce/concurrency/rcu.h>

/* The linker routes these through the test, which can make them fail. */
static atomic_int key_error, value_error;
int __real_pthread_key_create(pthread_key_t *key, void (*destructor)(void *));
int __wrap_pthread_key_create(pthread_key_t *key, void (*destructor)(void *));
int __wrap_pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    return key_error ? key_error : __real_pthread_key_create(key, destructor);
}
int __real_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value)
{
    return value_error ? value_error : __real_pthread_setspecific(key, value);
}

struct reader {
    atomic_bool inside, leave;
    int depth;
};

static void *read_until_told(void *arg)
{
    struct reader *reader = arg;
    for (int i = 0; i < reader->depth; i++)
        qsc_rcu_read_lock();
    for (int i = 1; i < reader->depth; i++)
        qsc_rcu_read_unlock(); // of the inner sections: the outermost goes on
    atomic_store(&reader->inside, true);
    while (!atomic_load(&reader->leave))
        sleep_ms(1);
    bool was_inside = qsc_rcu_in_section();
    qsc_rcu_read_unlock();
    return was_inside && !qsc_rcu_in_section() ? reader : NULL;
}

static void *synchronize(void *done)
{
    qsc_rcu_synchronize();
    atomic_store((atomic_bool *)done, true);
    return NULL;
}

static void check_waits_for(int depth)
{
    struct reader reader = {.depth = depth};
    atomic_bool done = false;
    pthread_t reading = start(read_until_told, &reader);
    cr_assert(EVENTUALLY(reader.inside));
    pthread_t waiting = start(synchronize, &done);
    sleep_ms(30);
    cr_assert_not(done, "the grace period ended while a reader was inside");
    atomic_store(&reader.leave, true);
    cr_assert_eq(join(reading), &reader);
    join(waiting);
    cr_assert(done);
}

Test(rcu, a_grace_period_waits_for_a_section)
{
    check_waits_for(1);
}

Test(rcu, the_end_of_an_inner_section_does_not_end_the_outer_one)
{
    check_waits_for(2);
    check_waits_for(100);
}

Test(rcu, a_grace_period_does_not_wait_for_threads_outside_of_sections)
{
    cr_assert_eq(qsc_rcu_register_thread(), 0);
    cr_assert_eq(qsc_rcu_register_thread(), 0, "registering again is allowed");
    cr_assert_not(qsc_rcu_in_section());
    qsc_rcu_synchronize();
    qsc_rcu_read_lock();
    cr_assert(qsc_rcu_in_section());
    qsc_rcu_read_unlock();
    qsc_rcu_synchronize();
}

static void *read_once(void *unused)
{
    qsc_rcu_read_lock();
    qsc_rcu_read_unlock();
    return unused;
}

Test(rcu, threads_unregister_when_they_exit)
{
    for (int i = 0; i < 50; i++) {
        join(start(read_once, NULL)); // its registration lay in memory that the next thread overwrites
        qsc_rcu_synchronize();
    }
}

/* A destructor of another key runs after the library unregistered the thread, and reads once more. */
static pthread_key_t late_key;
static atomic_int late_rounds;

static void read_late(void *value)
{
    read_once(NULL);
    if (atomic_fetch_add(&late_rounds, 1) == 0)
        pthread_setspecific(late_key, value);
}

static void *leave_late_value(void *unused)
{
    read_once(NULL);
    pthread_setspecific(late_key, &late_rounds);
    return unused;
}

Test(rcu, a_thread_may_read_in_its_last_destructors)
{
    cr_assert_eq(pthread_key_create(&late_key, read_late), 0);
    late_rounds = 0;
    join(start(leave_late_value, NULL));
    cr_assert_eq(late_rounds, 2);
    qsc_rcu_synchronize();
    pthread_key_delete(late_key);
}

static void *try_to_register(void *error)
{
    *(int *)error = qsc_rcu_register_thread();
    return read_once(NULL);
}

Test(rcu, without_an_exit_hook_each_section_registers_anew)
{
    int error = 0;
    value_error = ENOMEM;
    join(start(try_to_register, &error));
    cr_assert_eq(error, ENOMEM);
    check_waits_for(1);
    check_waits_for(3);
    value_error = 0;
    qsc_rcu_synchronize();
    join(start(try_to_register, &error));
    cr_assert_eq(error, 0);
}

Test(rcu, a_process_without_a_free_key_is_told_so, .init = NULL)
{
    int error = 0;
    key_error = EAGAIN;
    join(start(try_to_register, &error));
    key_error = 0;
    cr_assert(error == EAGAIN || error == 0, "0 where an earlier test of this process made the key");
    qsc_rcu_synchronize();
}

/* Registers for good in a section that had begun without an exit hook. */
static void *register_inside(void *result)
{
    value_error = ENOMEM;
    qsc_rcu_read_lock();
    value_error = 0;
    int error = qsc_rcu_register_thread();
    bool inside = qsc_rcu_in_section();
    qsc_rcu_read_unlock();
    *(bool *)result = error == 0 && inside && !qsc_rcu_in_section();
    return NULL;
}

Test(rcu, registration_may_succeed_later)
{
    bool right = false;
    join(start(register_inside, &right));
    cr_assert(right);
    qsc_rcu_synchronize();
}
