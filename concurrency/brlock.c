/* brlock.c: a reader-writer lock with a word for each reading thread.
 *
 * state:  bit 0 WRITER  a writer is inside, or waits for the readers that are
 *         bit 1 HEAD    someone waits at the head of the line: newcomers may not enter
 * line:   a mutex. Its holder is the head of the line, who alone waits for `state` to be without WRITER; all
 * others who have to wait, wait for the mutex. While HEAD is set only the writer inside changes the state
 * beside the head of the line, and only once.
 *
 * A reader says in its word that it is inside, then looks at the state; a writer says in the state that it
 * comes, then looks at the words. In the one order of all seq_cst accesses one of them comes first, so at
 * least one sees the other, and the reader is the one that withdraws. When a reader leaves, it says so and
 * looks at the state again, and by the same order either the writer that is about to sleep on its word sees
 * that it left, or the reader sees the writer and wakes it.
 *
 * A seq_cst store costs each of the readers' two steps more than all the rest. So where the kernel has
 * membarrier(2) their stores are cheap ones and the writer pays for both: between closing the state and
 * looking at the words it has every thread of the process pass a full barrier. A reader's step either comes
 * before that barrier, and the writer sees what it said, or after it, and the reader sees the writer. This
 * lies outside of C11, as does the read side of rcu.h: the explorer sees the form without,
 * stress/liveness/brlock.pml the form with. (Linux's percpu_rw_semaphore uses a grace period of RCU in this
 * place, and so has no try for writers.) */
#include <quiesce/concurrency/annotate.h>
#include <quiesce/concurrency/brlock.h>
#include <quiesce/concurrency/cancel_wait.h>
#include <quiesce/concurrency/contended.h>
#include <quiesce/concurrency/port.h>

#include <stdio.h>

#define WRITER 1U
#define HEAD 2U

int qsc_brlock_init(qsc_brlock *lock)
{
    *lock = (qsc_brlock){.has_membarrier = qsc_port_membarrier_register()};
    return qsc_per_thread_init(&lock->readers, sizeof(uint32_t));
}

void qsc_brlock_fini(qsc_brlock *lock)
{
    qsc_per_thread_fini(&lock->readers);
}

// In which word the calling thread says that it is inside.
static uint32_t *word_to_enter(qsc_brlock *lock)
{
    uint32_t *own = qsc_per_thread_get(&lock->readers);
    return own ? own : &lock->others;
}

// In which word it said so: there may be memory for one of its own only now.
static uint32_t *word_to_leave(qsc_brlock *lock)
{
    uint32_t *own = qsc_per_thread_get(&lock->readers);
    return own && __atomic_load_n(own, __ATOMIC_RELAXED) ? own : &lock->others;
}

// Says whether the calling thread is inside. It then looks at the state, which may not come before.
static void say(qsc_brlock *lock, uint32_t *word, uint32_t inside)
{
    if (word == &lock->others)
        // seq_cst: pairs with the loads in is_empty and wait_for_readers, see the head of this file
        (void)__atomic_fetch_add(word, inside ? 1 : UINT32_MAX, __ATOMIC_SEQ_CST);
    else if (!lock->has_membarrier)
        // seq_cst: pairs with the same; nobody else writes to a thread's word
        __atomic_store_n(word, inside, __ATOMIC_SEQ_CST);
    else {
        // release: pairs with the same, as acquires
        __atomic_store_n(word, inside, __ATOMIC_RELEASE);
        __atomic_signal_fence(__ATOMIC_SEQ_CST); // for the compiler; for the processor: first_word
    }
}

// What writers and waiters say. Once it is without WRITER, all that they did before is seen.
static uint32_t look(qsc_brlock *lock)
{
    // seq_cst: pairs with close_fast and wait_in_line, see the head of this file; and as an acquire with
    // let_go
    return __atomic_load_n(&lock->state, __ATOMIC_SEQ_CST);
}

// Takes the reader away, whether it was inside or only came in vain.
static void leave(qsc_brlock *lock, uint32_t *word)
{
    say(lock, word, 0);
    if (__builtin_expect(look(lock) & WRITER, 0))
        qsc_port_futex_wake(word, 1);
}

static bool read_lock_fast(qsc_brlock *lock, uint32_t *word)
{
    if (__atomic_load_n(&lock->state, __ATOMIC_RELAXED)) // spares the wake-up owed by who comes in vain
        return false;
    say(lock, word, 1);
    if (!look(lock))
        return true;
    leave(lock, word);
    return false;
}

// The words of all readers, one by one, for a writer that has said in the state that it comes.
static uint32_t *first_word(qsc_brlock *lock)
{
    if (lock->has_membarrier)
        qsc_port_membarrier();
    return &lock->others;
}

static uint32_t *next_word(const qsc_brlock *lock, const uint32_t *word)
{
    return qsc_per_thread_next(&lock->readers, word == &lock->others ? NULL : word);
}

static bool is_empty(qsc_brlock *lock)
{
    for (uint32_t *word = first_word(lock); word; word = next_word(lock, word))
        // seq_cst: pairs with say; and as an acquire with what a reader did before it left
        if (__atomic_load_n(word, __ATOMIC_SEQ_CST))
            return false;
    return true;
}

// A word that was 0 once is done with: the lock is closed, and who comes now does not stay.
static int wait_for_readers(qsc_brlock *lock, const struct timespec *deadline, const qsc_cancel *cancel)
{
    unsigned spins = 0;
    int error = 0;
    for (uint32_t *word = first_word(lock); word; word = next_word(lock, word)) {
        uint32_t inside;
        // seq_cst: as in is_empty
        while ((inside = __atomic_load_n(word, __ATOMIC_SEQ_CST))) {
            if (error)
                return error;
            if (spins < QSC_PORT_SPINS) {
                spins++;
                qsc_port_pause();
            } else {
                error = qsc_port_wait_error(qsc_cancel_wait(word, inside, deadline, cancel));
            }
        }
    }
    return 0;
}

static bool close_fast(qsc_brlock *lock)
{
    uint32_t unlocked = 0;
    // seq_cst: pairs with look; and as an acquire with the releases in let_go and wait_in_line
    return __atomic_compare_exchange_n(&lock->state, &unlocked, WRITER, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
}

// Lets in whoever comes, the head of the line first. It is the last access to the memory.
static void let_go(qsc_brlock *lock)
{
    // release: pairs with the acquires in close_fast, look and wait_in_line
    if (__atomic_fetch_sub(&lock->state, WRITER, __ATOMIC_RELEASE) & HEAD)
        qsc_port_futex_wake(&lock->state, 1);
}

// Stands in line until no writer is inside. Then enters the reader whose word it is; or, for NULL, closes the
// lock for a writer.
static int wait_in_line(qsc_brlock *lock, uint32_t *word, const struct timespec *deadline,
                        const qsc_cancel *cancel)
{
    int error = qsc_mutex_lock_cancellable(&lock->line, deadline, cancel);
    if (error)
        return error;
    // acquire: pairs with the release in let_go
    uint32_t seen = __atomic_fetch_or(&lock->state, HEAD, __ATOMIC_ACQUIRE) | HEAD;
    for (unsigned spins = 0; (seen & WRITER) && !error;) {
        if (spins < QSC_PORT_SPINS) {
            spins++;
            qsc_port_pause();
        } else {
            error = qsc_port_wait_error(qsc_cancel_wait(&lock->state, seen, deadline, cancel));
        }
        seen = __atomic_load_n(&lock->state, __ATOMIC_ACQUIRE); // as in the line above the loop
    }
    if (seen & WRITER) {
        (void)__atomic_fetch_and(&lock->state, ~HEAD, __ATOMIC_RELAXED);
    } else {
        error = 0;
        if (word) {
            (void)__atomic_fetch_add(word, 1, __ATOMIC_RELAXED);
            // release: pairs with the acquire in close_fast, after which a writer looks at the word
            __atomic_store_n(&lock->state, 0, __ATOMIC_RELEASE);
        } else {
            // seq_cst: pairs with look
            __atomic_store_n(&lock->state, WRITER, __ATOMIC_SEQ_CST);
        }
    }
    qsc_mutex_unlock(&lock->line);
    return error;
}

static int read_lock(qsc_brlock *lock, uint32_t *word, const struct timespec *deadline,
                     const qsc_cancel *cancel)
{
    if (read_lock_fast(lock, word))
        return 0;
    uint64_t since = qsc_contended_begin(lock);
    int error = wait_in_line(lock, word, deadline, cancel);
    qsc_contended_end(lock, since, error);
    return error;
}

static int write_lock(qsc_brlock *lock, const struct timespec *deadline, const qsc_cancel *cancel)
{
    bool closed = close_fast(lock);
    if (closed && is_empty(lock))
        return 0;
    uint64_t since = qsc_contended_begin(lock);
    int error = closed ? 0 : wait_in_line(lock, NULL, deadline, cancel);
    if (!error) {
        error = wait_for_readers(lock, deadline, cancel);
        if (error)
            let_go(lock);
    }
    qsc_contended_end(lock, since, error);
    return error;
}

void qsc_brlock_read_lock(qsc_brlock *lock)
{
    uint32_t *word = word_to_enter(lock);
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_SHARED);
    (void)read_lock(lock, word, NULL, NULL); // there is nothing to give up for
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_SHARED, 1);
}

bool qsc_brlock_read_trylock(qsc_brlock *lock)
{
    uint32_t *word = word_to_enter(lock);
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY);
    bool taken = read_lock_fast(lock, word);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY, taken);
    return taken;
}

int qsc_brlock_read_lock_cancellable(qsc_brlock *lock, const struct timespec *deadline,
                                     const qsc_cancel *cancel)
{
    uint32_t *word = word_to_enter(lock);
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY);
    int error = read_lock(lock, word, deadline, cancel);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY, error == 0);
    return error;
}

int qsc_brlock_read_lock_until(qsc_brlock *lock, const struct timespec *deadline)
{
    return qsc_brlock_read_lock_cancellable(lock, deadline, NULL);
}

void qsc_brlock_read_unlock(qsc_brlock *lock)
{
    uint32_t *word = word_to_leave(lock);
    qsc_annotate_unlock_begin(lock, QSC_ANNOTATE_SHARED);
    leave(lock, word);
    qsc_annotate_unlock_end(lock, QSC_ANNOTATE_SHARED);
}

void qsc_brlock_write_lock(qsc_brlock *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    (void)write_lock(lock, NULL, NULL); // there is nothing to give up for
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_EXCLUSIVE, 1);
}

bool qsc_brlock_write_trylock(qsc_brlock *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_EXCLUSIVE | QSC_ANNOTATE_TRY);
    bool closed = close_fast(lock), taken = closed && is_empty(lock);
    if (closed && !taken)
        let_go(lock);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_EXCLUSIVE | QSC_ANNOTATE_TRY, taken);
    return taken;
}

int qsc_brlock_write_lock_cancellable(qsc_brlock *lock, const struct timespec *deadline,
                                      const qsc_cancel *cancel)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_EXCLUSIVE | QSC_ANNOTATE_TRY);
    int error = write_lock(lock, deadline, cancel);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_EXCLUSIVE | QSC_ANNOTATE_TRY, error == 0);
    return error;
}

int qsc_brlock_write_lock_until(qsc_brlock *lock, const struct timespec *deadline)
{
    return qsc_brlock_write_lock_cancellable(lock, deadline, NULL);
}

void qsc_brlock_write_unlock(qsc_brlock *lock)
{
    qsc_annotate_unlock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    let_go(lock);
    qsc_annotate_unlock_end(lock, QSC_ANNOTATE_EXCLUSIVE);
}

void qsc_brlock_downgrade(qsc_brlock *lock)
{
    uint32_t *word = word_to_enter(lock);
    qsc_annotate_unlock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    (void)__atomic_fetch_add(word, 1, __ATOMIC_RELAXED); // seen by who sees that the lock is open
    let_go(lock);
    qsc_annotate_unlock_end(lock, QSC_ANNOTATE_EXCLUSIVE);
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_SHARED | QSC_ANNOTATE_TRY, 1);
}

int qsc_brlock_dump(const qsc_brlock *lock, char *text, size_t size)
{
    char line[100];
    (void)qsc_mutex_dump(&lock->line, line, sizeof line);
    uint32_t seen = __atomic_load_n(&lock->state, __ATOMIC_RELAXED), inside = 0;
    for (const uint32_t *word = &lock->others; word; word = next_word(lock, word))
        inside += __atomic_load_n(word, __ATOMIC_RELAXED);
    return snprintf(text, size, "%s writer, %u readers inside%s, line: %s", seen & WRITER ? "a" : "no",
                    inside, seen & HEAD ? ", one waits at the head of the line" : "", line);
}
