// Built with QSC_LOCK_ORDER, and so are the sources of the locks whose calls are not in a header.
#include "failing.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/brlock.h>
#include <quiesce/concurrency/condvar.h>
#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/pflock.h>
#include <quiesce/concurrency/rwlock.h>
#include <quiesce/concurrency/seqlock.h>
#include <quiesce/concurrency/spin.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LOCKS = 40 };

static qsc_mutex mutexes[LOCKS];
static qsc_mutex *const a = &mutexes[0], *const b = &mutexes[1], *const c = &mutexes[2];
static char last[16384];
static int reports;

static void remember(const char *report, void *context)
{
    reports += *(int *)context;
    snprintf(last, sizeof last, "%s", report);
}

static void reset(void)
{
    static int one = 1;
    for (int i = 0; i < LOCKS; i++)
        qsc_lock_forget(&mutexes[i]);
    qsc_lock_order_set_handler(remember, &one);
    reports = 0;
    last[0] = 0;
}

static void restore(void)
{
    qsc_lock_order_set_handler(NULL, NULL);
}

TestSuite(lock_order, .init = reset, .fini = restore, .timeout = 30);

static void both(qsc_mutex *first, qsc_mutex *second)
{
    qsc_mutex_lock(first);
    qsc_mutex_lock(second);
    qsc_mutex_unlock(second);
    qsc_mutex_unlock(first);
}

static bool says(const char *part)
{
    return strstr(last, part) != NULL;
}

static bool names(const void *lock)
{
    char name[32];
    snprintf(name, sizeof name, "%p", lock);
    return says(name);
}

Test(lock_order, one_order_is_fine_however_often)
{
    for (int i = 0; i < 3; i++) {
        both(a, b);
        both(b, c);
        both(a, c);
    }
    cr_assert_eq(reports, 0);
}

Test(lock_order, two_orders_are_reported_once)
{
    both(a, b);
    both(b, a);
    cr_assert_eq(reports, 1);
    cr_assert(says("circle") && names(a) && names(b));
    both(b, a);
    both(a, b);
    cr_assert_eq(reports, 1);
}

static void *both_backwards(void *unused)
{
    both(b, a);
    return unused;
}

Test(lock_order, two_threads_need_not_meet)
{
    both(a, b);
    pthread_join(start(both_backwards, NULL), NULL);
    cr_assert_eq(reports, 1);
}

Test(lock_order, a_circle_of_many_is_found)
{
    for (int i = 0; i + 1 < LOCKS; i++)
        both(&mutexes[i], &mutexes[i + 1]);
    cr_assert_eq(reports, 0);
    both(&mutexes[LOCKS - 1], a);
    cr_assert_eq(reports, 1);
    both(a, &mutexes[LOCKS - 2]);
    cr_assert_eq(reports, 2);
    both(&mutexes[LOCKS - 2], a);
    cr_assert_eq(reports, 3);
    cr_assert_not(names(&mutexes[LOCKS / 2]), "not the shortest circle");
}

Test(lock_order, pairs_are_made_with_every_lock_held)
{
    qsc_mutex_lock(a);
    both(b, c);
    qsc_mutex_unlock(a);
    both(c, a);
    cr_assert_eq(reports, 1);
}

Test(lock_order, what_was_released_is_not_held)
{
    qsc_mutex_lock(a);
    qsc_mutex_lock(b);
    qsc_mutex_unlock(a); // not in the reverse order
    qsc_mutex_lock(c);
    qsc_mutex_unlock(c);
    qsc_mutex_unlock(b);
    both(c, a);
    cr_assert_eq(reports, 1, "a, b, c: by b");
    reset();
    both(a, b);
    qsc_mutex_lock(b);
    qsc_mutex_unlock(b);
    qsc_mutex_lock(a);
    qsc_mutex_unlock(a);
    cr_assert_eq(reports, 0);
}

Test(lock_order, a_try_waits_for_nothing_but_is_held)
{
    struct timespec deadline = in_ms(1000);
    both(a, b);
    qsc_mutex_lock(b);
    cr_assert(qsc_mutex_trylock(a));
    qsc_mutex_unlock(a);
    cr_assert_eq(qsc_mutex_lock_until(a, &deadline), 0);
    qsc_mutex_unlock(a);
    qsc_mutex_unlock(b);
    cr_assert_eq(reports, 0);
    cr_assert(qsc_mutex_trylock(b));
    qsc_mutex_lock(a);
    qsc_mutex_unlock(a);
    qsc_mutex_unlock(b);
    cr_assert_eq(reports, 1);
}

static void *hold_until(void *stop)
{
    qsc_mutex_lock(b);
    atomic_store((atomic_int *)stop, 1);
    AWAIT(atomic_load((atomic_int *)stop) == 2);
    qsc_mutex_unlock(b);
    return NULL;
}

Test(lock_order, a_try_that_failed_holds_nothing)
{
    atomic_int step = 0;
    pthread_t holder = start(hold_until, &step);
    AWAIT(atomic_load(&step) == 1);
    struct timespec past = in_ms(-1);
    cr_assert_not(qsc_mutex_trylock(b));
    cr_assert_eq(qsc_mutex_lock_until(b, &past), ETIMEDOUT);
    qsc_mutex_lock(a);
    qsc_mutex_unlock(a);
    atomic_store(&step, 2);
    pthread_join(holder, NULL);
    both(a, b);
    cr_assert_eq(reports, 0);
}

Test(lock_order, a_lock_that_is_held_is_not_to_be_waited_for)
{
    static qsc_rwlock lock;
    qsc_rwlock_read_lock(&lock);
    qsc_rwlock_read_lock(&lock); // goes well without a writer
    cr_assert_eq(reports, 1);
    cr_assert(says("that it holds") && names(&lock));
    qsc_rwlock_read_unlock(&lock);
    qsc_rwlock_read_unlock(&lock);
}

Test(lock_order, readers_and_writers_count_alike)
{
    static qsc_rwlock lock;
    qsc_rwlock_read_lock(&lock);
    qsc_mutex_lock(a);
    qsc_mutex_unlock(a);
    qsc_rwlock_read_unlock(&lock);
    qsc_mutex_lock(a);
    qsc_rwlock_write_lock(&lock);
    cr_assert_eq(reports, 1);
    qsc_rwlock_write_unlock(&lock);
    qsc_mutex_unlock(a);
}

Test(lock_order, a_lock_goes_on_being_held_when_it_is_downgraded)
{
    static qsc_rwlock lock;
    static qsc_brlock big;
    static qsc_pflock fair;
    cr_assert_eq(qsc_brlock_init(&big), 0);
    qsc_rwlock_write_lock(&lock);
    qsc_rwlock_downgrade(&lock);
    qsc_brlock_write_lock(&big);
    qsc_brlock_downgrade(&big);
    qsc_pflock_write_lock(&fair);
    qsc_pflock_downgrade(&fair);
    qsc_mutex_lock(a);
    qsc_mutex_unlock(a);
    qsc_pflock_read_unlock(&fair);
    qsc_brlock_read_unlock(&big);
    qsc_rwlock_read_unlock(&lock);
    qsc_mutex_lock(a);
    qsc_rwlock_read_lock(&lock);
    qsc_rwlock_read_unlock(&lock);
    cr_assert_eq(reports, 1);
    qsc_brlock_read_lock(&big);
    qsc_brlock_read_unlock(&big);
    cr_assert_eq(reports, 2);
    qsc_pflock_read_lock(&fair);
    qsc_pflock_read_unlock(&fair);
    cr_assert_eq(reports, 3);
    qsc_mutex_unlock(a);
    qsc_brlock_fini(&big);
}

Test(lock_order, spin_locks_and_seqlocks_are_seen)
{
    union {
        qsc_tas tas;
        qsc_ticket ticket;
        qsc_mcs mcs;
        qsc_clh clh;
    } lock;
    static struct {
        _Alignas(64) char line[64];
    } own, of_lock;
    for (int i = 0; i < QSC_SPIN_LOCKS; i++) {
        const struct qsc_spin_ops *ops = &qsc_spin_ops[i];
        reset();
        qsc_lock_forget(&lock);
        ops->init(&lock, &of_lock);
        ops->lock(&lock, &own);
        qsc_mutex_lock(a);
        qsc_mutex_unlock(a);
        void *node = ops->unlock(&lock, &own);
        cr_assert_eq(reports, 0);
        qsc_mutex_lock(a);
        ops->lock(&lock, node);
        (void)ops->unlock(&lock, node);
        qsc_mutex_unlock(a);
        cr_assert_eq(reports, 1, "%s", ops->name);
    }
    static qsc_seqlock seqlock;
    qsc_mutex_lock(a);
    qsc_seqlock_write_lock(&seqlock);
    qsc_seqlock_write_unlock(&seqlock);
    qsc_mutex_unlock(a);
    qsc_seqlock_write_lock(&seqlock);
    qsc_mutex_lock(a);
    qsc_mutex_unlock(a);
    qsc_seqlock_write_unlock(&seqlock);
    cr_assert_eq(reports, 2);
    qsc_lock_forget(&seqlock);
    qsc_lock_forget(&lock);
}

Test(lock_order, a_lock_in_the_memory_of_another_begins_anew)
{
    both(a, b);
    qsc_lock_forget(a);
    both(b, a);
    cr_assert_eq(reports, 0);
    both(a, b);
    cr_assert_eq(reports, 1);
    both(b, c);
    qsc_lock_forget(a);
    both(c, b);
    cr_assert_eq(reports, 2, "more was forgotten than what the lock had to do with");
}

Test(lock_order, more_locks_than_are_seen_do_no_harm)
{
    for (int i = 0; i < LOCKS; i++)
        qsc_mutex_lock(&mutexes[i]);
    for (int i = LOCKS; i > 0; i--)
        qsc_mutex_unlock(&mutexes[i - 1]);
    cr_assert_eq(reports, 0);
    both(b, a);
    cr_assert_eq(reports, 1);
}

static const struct qsc_lock_class account = {"account", 0}, journal = {"journal", 0};

Test(lock_order, what_holds_for_a_lock_holds_for_its_class)
{
    qsc_lock_set_class(a, &account);
    qsc_lock_set_class(b, &account);
    qsc_lock_set_class(c, &journal);
    both(a, c);
    cr_assert_eq(reports, 0);
    both(c, b);
    cr_assert_eq(reports, 1);
    cr_assert(says("account") && says("journal") && names(a) && names(b));
}

Test(lock_order, locks_of_one_class_are_compared_one_by_one)
{
    static const struct qsc_lock_class cell = {"cell", 0};
    qsc_lock_set_class(a, &cell);
    qsc_lock_set_class(b, &cell);
    qsc_lock_set_class(c, &cell);
    both(a, b);
    both(b, c);
    cr_assert_eq(reports, 0);
    both(c, a);
    cr_assert_eq(reports, 1);
    qsc_lock_set_class(c, &cell); // another lock from here on
    both(c, a);
    cr_assert_eq(reports, 1);
}

Test(lock_order, ranks_must_rise)
{
    static const struct qsc_lock_class low = {"low", 1}, high = {"high", 2}, as_high = {"as-high", 2},
                                       none = {"none", 0};
    qsc_lock_set_class(a, &low);
    qsc_lock_set_class(b, &high);
    qsc_lock_set_class(c, &as_high);
    qsc_lock_set_class(&mutexes[3], &none);
    qsc_lock_set_class(&mutexes[4], &high);
    both(a, b);
    both(a, c);
    both(b, &mutexes[3]);
    both(b, &mutexes[4]);
    cr_assert_eq(reports, 0);
    both(b, c);
    cr_assert_eq(reports, 1, "two classes of one rank");
    cr_assert(says("rank") && says("as-high") && says("(rank 2)"));
    both(b, a);
    cr_assert_eq(reports, 2);
    cr_assert(says("(rank 1)") && strstr(strstr(last, "is held") + 1, "is held"), "it closes a circle, too");
}

// Not static, and the program's symbols are exported: reports name them.
void take_journal(void);
void take_account(void);
void transfer(void);
void audit(void);

__attribute__((noinline)) void take_journal(void)
{
    qsc_mutex_lock(b);
    __asm__ volatile("");
}

__attribute__((noinline)) void take_account(void)
{
    qsc_mutex_lock(a);
    __asm__ volatile("");
}

__attribute__((noinline)) void transfer(void)
{
    take_account();
    take_journal();
    qsc_mutex_unlock(b);
    qsc_mutex_unlock(a);
}

__attribute__((noinline)) void audit(void)
{
    take_journal();
    take_account();
    qsc_mutex_unlock(a);
    qsc_mutex_unlock(b);
}

Test(lock_order, a_report_has_both_stacks)
{
    transfer();
    audit();
    cr_assert_eq(reports, 1);
    const char *wanted = strstr(last, "is wanted at"), *held = strstr(last, "is held, taken at"),
               *once = strstr(wanted + 1, "is wanted at"), *held_once = strstr(held + 1, "is held, taken at");
    cr_assert(wanted < held && held < once && once < held_once, "%s", last);
    cr_assert(strstr(wanted, "take_account") < held && strstr(wanted, "audit") < held, "%s", last);
    cr_assert(strstr(held, "take_journal") < once && strstr(held, "audit") < once, "%s", last);
    cr_assert(strstr(once, "take_journal") < held_once && strstr(once, "transfer") < held_once, "%s", last);
    cr_assert(strstr(held_once, "take_account") && strstr(held_once, "transfer"), "%s", last);
}

static void lock_in_handler(const char *report, void *context)
{
    qsc_mutex *d = &mutexes[3];
    both(c, d);
    both(d, c);
    qsc_lock_set_class(c, &journal);
    qsc_lock_forget(c);
    qsc_lock_order_set_handler(NULL, NULL);
    remember(report, context);
}

Test(lock_order, a_handler_may_take_locks)
{
    int one = 1;
    qsc_lock_order_set_handler(lock_in_handler, &one);
    both(a, b);
    both(b, a);
    cr_assert_eq(reports, 1);
    both(c, b);
    both(b, c);
    cr_assert_eq(reports, 2, "the handler was forgotten, or what it locked was looked at");
    both(c, &mutexes[3]);
    cr_assert_eq(reports, 2);
}

Test(lock_order, without_memory_less_is_remembered)
{
    for (long k = 0; k == 0 || failing_happened(); k++) {
        failing_at(k);
        reports = 0;
        qsc_lock_set_class(c, NULL);
        both(a, b);
        both(b, c);
        both(c, a);
        cr_assert(failing_happened() ? reports <= 1 : reports == 1);
        cr_assert(!reports || says("circle") || says("no memory for a report"));
        qsc_lock_forget(a);
        qsc_lock_forget(b);
        qsc_lock_forget(c);
        cr_assert_eq(failing_live(), 0);
    }
    failing_off();
}

Test(lock_order, a_condition_variable_needs_no_care)
{
    static qsc_condvar condvar;
    struct timespec past = in_ms(-1);
    qsc_mutex_lock(a);
    cr_assert_eq(qsc_condvar_wait_until(&condvar, a, &past), ETIMEDOUT);
    qsc_mutex_lock(b);
    qsc_mutex_unlock(b);
    qsc_mutex_unlock(a);
    both(a, b);
    cr_assert_eq(reports, 0);
    both(b, a);
    cr_assert_eq(reports, 1);
}
