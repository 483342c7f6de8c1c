/* rcu.c: registration, and the read side in full for whoever does not take the inline one.
 *
 * ThreadSanitizer cannot see into liburcu. It is told the one order that hides in there: what happened in a
 * section comes before the end of a grace period that waited for it. It is told nothing more; an edge from
 * a grace period to later sections would also hide a pointer published without release. Under it the library
 * is called, for the short form races with the library on purpose.
 *
 * Of liburcu's headers only the layout of its variables, constants and functions of less than ten lines are
 * used, which its licence (LGPL 2.1, section 5) leaves free; it stays a shared library. */
#include <quiesce/concurrency/annotate.h>
#include <quiesce/concurrency/rcu.h>
#include <quiesce/concurrency/thread_exit.h>

#include <assert.h>
#include <urcu/static/urcu-memb.h>
#include <urcu/urcu-memb.h>

_Static_assert(offsetof(struct urcu_reader, ctr) == 0 && sizeof(((struct urcu_reader *)0)->ctr) == 8,
               "a thread's word");
_Static_assert(offsetof(struct urcu_gp, ctr) == offsetof(struct qsc_rcu_grace_period, word) &&
                   offsetof(struct urcu_gp, futex) == offsetof(struct qsc_rcu_grace_period, waiting),
               "the global word and the writer's sleep");
_Static_assert(URCU_GP_COUNT == 1 && URCU_GP_CTR_NEST_MASK == UINT32_MAX,
               "the low half counts nested sections");

__thread struct qsc_rcu_thread qsc_rcu_thread;

static __thread enum {
    UNREGISTERED,
    REGISTERED,
    FOR_ONE_SECTION, // registered without an exit hook, and therefore only until its outermost section ends
} state;

static char section_end; // an address for ThreadSanitizer

static void unregister_thread(void)
{
    qsc_rcu_thread = (struct qsc_rcu_thread){NULL, NULL};
    state = UNREGISTERED;
    urcu_memb_unregister_thread();
}

static void hand_out_fast_path(void)
{
    if (!QSC_TSAN && urcu_memb_has_sys_membarrier) {
        qsc_rcu_thread.word = &URCU_TLS(urcu_memb_reader).ctr;
        qsc_rcu_thread.period = (const struct qsc_rcu_grace_period *)&urcu_memb_gp;
    }
}

int qsc_rcu_register_thread(void)
{
    static __thread struct qsc_thread_exit at_exit = {.run = unregister_thread};
    if (state == REGISTERED)
        return 0;
    int error = qsc_thread_exit_add(&at_exit);
    if (error)
        return error;
    if (state == UNREGISTERED)
        urcu_memb_register_thread();
    state = REGISTERED;
    hand_out_fast_path();
    return 0;
}

void qsc_rcu_read_lock_slow(void)
{
    if (state == UNREGISTERED && qsc_rcu_register_thread() != 0) {
        urcu_memb_register_thread();
        state = FOR_ONE_SECTION;
    }
    urcu_memb_read_lock();
}

void qsc_rcu_read_unlock_slow(void)
{
    qsc_annotate_release(&section_end); // pairs with the acquire in qsc_rcu_synchronize
    urcu_memb_read_unlock();
    if (state == FOR_ONE_SECTION && !urcu_memb_read_ongoing())
        unregister_thread();
}

void qsc_rcu_wake_writer_slow(void)
{
    urcu_common_wake_up_gp(&urcu_memb_gp);
}

void qsc_rcu_synchronize(void)
{
    assert(!qsc_rcu_in_section());
    urcu_memb_synchronize_rcu();
    qsc_annotate_acquire(&section_end); // pairs with the release in qsc_rcu_read_unlock_slow
}

bool qsc_rcu_in_section(void)
{
    return urcu_memb_read_ongoing();
}
