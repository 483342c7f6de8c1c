#include "failing.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <quiesce/concurrency/per_thread.h>
#include <stdint.h>

/* The linker routes this through the test, which can make it fail. */
static _Thread_local int value_error;
int __real_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value)
{
    return value_error ? value_error : __real_pthread_setspecific(key, value);
}

enum { MANY = 4 };

static qsc_per_thread numbers; // of uint64_t

static void begin(void)
{
    cr_assert_eq(qsc_per_thread_init(&numbers, sizeof(uint64_t)), 0);
}

static void end(void)
{
    qsc_per_thread_fini(&numbers);
}

TestSuite(per_thread, .timeout = 30);

static int slots(uint64_t *sum)
{
    int n = 0;
    *sum = 0;
    uint64_t *each = NULL;
    for (; (each = qsc_per_thread_next(&numbers, each)); n++)
        *sum += __atomic_load_n(each, __ATOMIC_RELAXED);
    return n;
}

static void *add(void *n)
{
    uint64_t *mine = qsc_per_thread_get(&numbers);
    if (mine)
        *mine += *(uint64_t *)n;
    return mine;
}

static uint64_t one = 1, ten = 10;

Test(per_thread, a_thread_finds_the_same_zeroed_slot_again)
{
    uint64_t sum;
    begin();
    cr_assert_eq(slots(&sum), 0);
    uint64_t *mine = qsc_per_thread_get(&numbers);
    cr_assert_eq(*mine, 0);
    cr_assert_eq(qsc_per_thread_get(&numbers), mine);
    *mine = 5;
    cr_assert_eq(slots(&sum), 1);
    cr_assert_eq(sum, 5);
    end();
}

Test(per_thread, a_thread_that_exits_leaves_its_slot_to_the_next)
{
    uint64_t sum;
    begin();
    add(&one);
    void *first = join(start(add, &ten));
    cr_assert_eq(slots(&sum), 2);
    cr_assert_eq(sum, 11);
    for (int i = 0; i < 20; i++)
        cr_assert_eq(join(start(add, &one)), first);
    cr_assert_eq(slots(&sum), 2);
    cr_assert_eq(sum, 31);
    end();
}

struct meeting {
    pthread_barrier_t barrier;
    void *slots[MANY];
    atomic_int come;
};

static void *add_together(void *arg)
{
    struct meeting *meeting = arg;
    void *mine = add(&one);
    meeting->slots[atomic_fetch_add(&meeting->come, 1)] = mine;
    pthread_barrier_wait(&meeting->barrier);
    return NULL;
}

Test(per_thread, there_are_as_many_slots_as_threads_at_one_time)
{
    uint64_t sum;
    begin();
    for (int round = 1; round <= 3; round++) {
        struct meeting meeting = {.come = 0};
        pthread_barrier_init(&meeting.barrier, NULL, MANY);
        pthread_t threads[MANY];
        for (int i = 0; i < MANY; i++)
            threads[i] = start(add_together, &meeting);
        for (int i = 0; i < MANY; i++)
            join(threads[i]);
        pthread_barrier_destroy(&meeting.barrier);
        for (int i = 0; i < MANY; i++)
            for (int j = 0; j < i; j++) {
                uintptr_t a = (uintptr_t)meeting.slots[i] / 64, b = (uintptr_t)meeting.slots[j] / 64;
                cr_assert_neq(a, b, "two threads write to one cache line");
            }
        cr_assert_eq(slots(&sum), MANY);
        cr_assert_eq(sum, (uint64_t)round * MANY);
    }
    end();
}

Test(per_thread, slots_are_aligned_and_as_large_as_asked_for)
{
    static const size_t sizes[] = {0, 1, 8, 47, 48, 49, 64, 1000, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        qsc_per_thread storage;
        cr_assert_eq(qsc_per_thread_init(&storage, sizes[i]), 0);
        unsigned char *mine = qsc_per_thread_get(&storage);
        cr_assert_eq((uintptr_t)mine % _Alignof(max_align_t), 0);
        for (size_t n = 0; n < sizes[i]; n++) {
            cr_assert_eq(mine[n], 0);
            mine[n] = 1; // AddressSanitizer sees what lies outside
        }
        qsc_per_thread_fini(&storage);
    }
    qsc_per_thread storage;
    cr_assert_eq(qsc_per_thread_init(&storage, SIZE_MAX - 20), 0);
    cr_assert_null(qsc_per_thread_get(&storage));
    qsc_per_thread_fini(&storage);
}

Test(per_thread, a_new_storage_in_the_place_of_an_old_one_is_new)
{
    uint64_t sum;
    for (uint64_t i = 0; i < 20; i++) {
        begin();
        cr_assert_eq(slots(&sum), 0);
        uint64_t *mine = qsc_per_thread_get(&numbers);
        cr_assert_eq(*mine, 0);
        *mine = i + 1;
        cr_assert_eq(slots(&sum), 1);
        end();
    }
}

Test(per_thread, storages_do_not_mix)
{
    enum { STORAGES = 50 };
    qsc_per_thread storages[STORAGES];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < STORAGES; i++) {
            cr_assert_eq(qsc_per_thread_init(&storages[i], sizeof(int)), 0);
            *(int *)qsc_per_thread_get(&storages[i]) = i;
        }
        for (int i = 0; i < STORAGES; i += 2) { // leave gaps, and fill them
            qsc_per_thread_fini(&storages[i]);
            cr_assert_eq(qsc_per_thread_init(&storages[i], sizeof(int)), 0);
            *(int *)qsc_per_thread_get(&storages[i]) = -i;
        }
        for (int i = 0; i < STORAGES; i++)
            cr_assert_eq(*(int *)qsc_per_thread_get(&storages[i]), i % 2 ? i : -i);
        for (int i = 0; i < STORAGES; i++)
            qsc_per_thread_fini(&storages[i]);
    }
}

static atomic_bool has_added, may_exit;

static void *add_and_wait(void *n)
{
    void *mine = add(n);
    atomic_store(&has_added, true);
    AWAIT(atomic_load(&may_exit));
    return mine;
}

Test(per_thread, a_thread_may_outlive_the_storage)
{
    uint64_t sum;
    atomic_store(&has_added, false);
    atomic_store(&may_exit, false);
    begin();
    pthread_t thread = start(add_and_wait, &one);
    AWAIT(atomic_load(&has_added));
    end();
    begin();
    add(&ten);
    atomic_store(&may_exit, true);
    join(thread);
    join(start(add, &one));
    cr_assert_eq(slots(&sum), 2, "the slot of a thread that lives was given away");
    cr_assert_eq(sum, 11);
    end();
}

/* A destructor of another key runs after the library has given the thread's slots away, and counts. */
static pthread_key_t late_key;

static void add_late(void *n)
{
    add(n);
}

static void *leave_late_value(void *n)
{
    void *mine = add(n);
    pthread_setspecific(late_key, n);
    return mine;
}

Test(per_thread, a_thread_may_count_in_its_last_destructors)
{
    uint64_t sum;
    begin();
    join(start(add, &one)); // the library's own key comes before
    cr_assert_eq(pthread_key_create(&late_key, add_late), 0);
    for (int i = 0; i < 3; i++)
        join(start(leave_late_value, &ten));
    cr_assert_eq(slots(&sum), 1);
    cr_assert_eq(sum, 61);
    pthread_key_delete(late_key);
    end();
}

static void *add_without_hook(void *n)
{
    value_error = ENOMEM;
    void *none = add(n);
    value_error = 0;
    return none ? NULL : add(n);
}

Test(per_thread, without_an_exit_hook_there_is_no_slot)
{
    uint64_t sum;
    begin();
    cr_assert_not_null(join(start(add_without_hook, &one)));
    cr_assert_not_null(join(start(add, &one)));
    cr_assert_eq(slots(&sum), 1);
    cr_assert_eq(sum, 2);
    end();
}

/* As many storages as make the registry and the tables grow. */
static void *live_with_failures(void *unused)
{
    enum { STORAGES = 9 };
    qsc_per_thread storages[STORAGES];
    int made = 0;
    while (made < STORAGES && qsc_per_thread_init(&storages[made], sizeof(int)) == 0)
        made++;
    bool right = true;
    for (int i = 0; i < made; i++) {
        int *mine = qsc_per_thread_get(&storages[i]);
        if (mine)
            *mine = i;
        int *same = qsc_per_thread_get(&storages[i]); // another try, if memory ran out
        right = right && same && (!mine || (same == mine && *same == i));
    }
    for (int i = 0; i < made; i++)
        qsc_per_thread_fini(&storages[i]);
    return right ? &numbers : unused;
}

Test(per_thread, every_allocation_may_fail)
{
    long k = 0;
    for (; k == 0 || failing_happened(); k++) {
        failing_at(k);
        cr_assert_not_null(join(start(live_with_failures, NULL)), "allocation %ld", k + 1);
        cr_assert_eq(failing_live(), 0, "allocation %ld", k + 1);
        failing_at(k);
        cr_assert_not_null(live_with_failures(NULL), "allocation %ld", k + 1);
        cr_assert_eq(failing_live(), 0, "of a thread that lives, allocation %ld", k + 1);
    }
    cr_assert_gt(k, 10);
    failing_off();
}
