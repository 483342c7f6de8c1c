/* lock_order.h: finds locks that are taken in different orders, before threads wait for each other for ever.
 *
 * A build option: define QSC_LOCK_ORDER where your program is compiled, and each call on a mutex tells the
 * checker what it waits for, takes and releases. For reader-writer locks, spin locks and the writers of a
 * seqlock, whose calls are not in the headers, build the library with it as well (cmake -DQSC_LOCK_ORDER=ON).
 * Without it all of this is nothing.
 *
 * The checker remembers for each pair of locks that one was waited for while the other was held, and where
 * that was. Before a wait it looks whether the new pair closes a circle with those before it, of any length
 * and whichever threads made them. The report names every lock of the circle and, for each, where it was
 * wanted (the stack) and where the lock held at that time had been taken. Each pair is reported once. It need
 * not be a deadlock: one thread alone may make both pairs. It says that nothing but luck, or a rule that the
 * locks do not know, prevents one.
 *
 *   - A try, or a wait with a deadline, cannot wait for ever and is not checked; once taken, the lock is held
 *     like any other. So a lock that no other thread can know yet is best taken by a try.
 *   - Readers count as writers: a reader waits behind a writer that waits for another reader.
 *   - A thread that wants a lock that it holds is reported, too.
 *
 * Locks of one kind (those of all accounts, say) get a class. Then what is learned of one holds for all of
 * them, also for those made later, and the report can name them. Two locks of the same class are compared one
 * by one, so that an order among them (by address, by number) can be kept. A class may have a rank: a lock of
 * a class with a rank may be waited for only while the ranks of all other classes held are lower.
 *
 * The checker goes by addresses. Before the memory of a lock is freed or serves another lock, qsc_lock_forget
 * has to be called, or the new lock inherits the pairs of the old one.
 *
 * Costs: a few nanoseconds for a lock taken alone; for one taken while others are held, a look into a table
 * under one lock of the process. A pair that is new takes memory (qsc_alloc), and if there is none it is not
 * remembered. The ideas are those of Linux's lockdep (classes, a pair seen once suffices), abseil's Mutex
 * (the graph) and jemalloc's witness (ranks). */
#ifndef QUIESCE_CONCURRENCY_LOCK_ORDER_H
#define QUIESCE_CONCURRENCY_LOCK_ORDER_H

#ifdef __cplusplus
extern "C" {
#endif

/* A kind of lock. Must stay where it is for as long as the program runs. */
struct qsc_lock_class {
    const char *name; /* for reports */
    unsigned rank;    /* 0: none */
};

/* Private: what the lock calls tell, and the part of the others that is not in the header. `caller` is where
 * the function returns to that the lock call stands in. */
void qsc_lock_wanted_slow(const void *lock);
void qsc_lock_taken_slow(const void *lock, const void *caller);
void qsc_lock_released_slow(const void *lock);
void qsc_lock_set_class_slow(const void *lock, const struct qsc_lock_class *lock_class);
void qsc_lock_forget_slow(const void *lock);

/* Says of which class a lock is, before it is taken for the first time; forgets what its address was before.
 * Blocks, briefly, on the checker's lock; allocates (without memory the lock remains without a class).
 * Progress: blocking. Memory order: none. Any thread. Not inside of a signal handler. Without QSC_LOCK_ORDER
 * it does nothing. */
static inline void qsc_lock_set_class(const void *lock, const struct qsc_lock_class *lock_class)
{
#ifdef QSC_LOCK_ORDER
    qsc_lock_set_class_slow(lock, lock_class);
#else
    (void)lock, (void)lock_class;
#endif
}

/* Forgets a lock that nobody holds and its class, before its memory is used for something else.
 * Blocks, briefly, on the checker's lock. Progress: blocking. Memory order: none. Any thread. Not inside of a
 * signal handler. Without QSC_LOCK_ORDER it does nothing. */
static inline void qsc_lock_forget(const void *lock)
{
#ifdef QSC_LOCK_ORDER
    qsc_lock_forget_slow(lock);
#else
    (void)lock;
#endif
}

/* Sets what is called with each report, a text of several lines, and with `context`: on the thread that is
 * about to wait, which goes on when the handler returns. It may abort, log, and take and release locks,
 * which is not looked at; the calls of this header do nothing inside of it. At first, and for NULL, the
 * report is written to the standard error: only a program that was built with QSC_LOCK_ORDER ever comes
 * there. Does not block but for the checker's lock. Progress: blocking. Memory order: what came before the
 * call happens before the handler's. Any thread. Not inside of a signal handler. */
void qsc_lock_order_set_handler(void (*handler)(const char *report, void *context), void *context);

#ifdef __cplusplus
}
#endif
#endif
