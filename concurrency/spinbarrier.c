/* spinbarrier.c: who comes draws a number, counted through all rounds, which tells the round: nobody can come
 * to a round before all have passed the one before, so the numbers of two rounds never mix. Nothing is set
 * back, and 64 bits do not wrap around. */
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/spinbarrier.h>

#include <inttypes.h>
#include <stdio.h>

static uint64_t parties_of(const qsc_spinbarrier *barrier)
{
    return barrier->parties ? barrier->parties : 1;
}

static void let_pass(qsc_spinbarrier *barrier, uint64_t round)
{
    // release: pairs with the acquire in qsc_spinbarrier_wait; with what the last to come has acquired
    __atomic_store_n(&barrier->passed, round + 1, __ATOMIC_RELEASE);
}

bool qsc_spinbarrier_wait(qsc_spinbarrier *barrier)
{
    uint64_t parties = parties_of(barrier);
    // acq_rel: pairs with itself, all who came happen before what the last of them lets happen
    uint64_t before = __atomic_fetch_add(&barrier->come, 1, __ATOMIC_ACQ_REL), round = before / parties;
    if (before % parties == parties - 1) {
        let_pass(barrier, round);
        return true;
    }
    unsigned spent = 0;
    // acquire: pairs with the release in let_pass
    while (__atomic_load_n(&barrier->passed, __ATOMIC_ACQUIRE) <= round)
        qsc_port_turn(&spent, 1);
    return false;
}

bool qsc_spinbarrier_trywait(qsc_spinbarrier *barrier)
{
    uint64_t parties = parties_of(barrier), before = __atomic_load_n(&barrier->come, __ATOMIC_RELAXED);
    if (before % parties != parties - 1)
        return false;
    // acquire: pairs with the fetch-and-add of those who came; the store in let_pass releases
    if (!__atomic_compare_exchange_n(&barrier->come, &before, before + 1, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return false; // the number was that of an earlier round
    let_pass(barrier, before / parties);
    return true;
}

int qsc_spinbarrier_dump(const qsc_spinbarrier *barrier, char *text, size_t size)
{
    uint64_t parties = parties_of(barrier), come = __atomic_load_n(&barrier->come, __ATOMIC_RELAXED);
    return snprintf(text, size, "%" PRIu64 " of %" PRIu64 " have come, %" PRIu64 " rounds passed",
                    come % parties, parties, __atomic_load_n(&barrier->passed, __ATOMIC_RELAXED));
}
