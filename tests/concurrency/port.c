#define _GNU_SOURCE // CPU_SETSIZE
#include "no_thread.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <quiesce/concurrency/port.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>

static _Atomic int syscall_error, syscall_failures; // so many system calls fail with that error

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
    va_list list;
    va_start(list, number);
    long arguments[6];
    for (int i = 0; i < 6; i++)
        arguments[i] = va_arg(list, long); // what was not given is not looked at
    va_end(list);
    if (syscall_failures > 0) {
        syscall_failures--;
        errno = syscall_error;
        return -1;
    }
    return __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                          arguments[5]);
}

static uint32_t word;
static _Atomic int result; // of the wait

static void *wait_long(void *unused)
{
    struct timespec deadline = in_ms(20000);
    atomic_store(&result, qsc_port_futex_wait(&word, 7, &deadline));
    return unused;
}

static pthread_t start_to_wait(void)
{
    word = 7;
    atomic_store(&result, -1);
    return start(wait_long, NULL);
}

Test(port, a_word_that_differs_does_not_wait)
{
    word = 1;
    cr_assert_eq(qsc_port_futex_wait(&word, 2, NULL), EAGAIN);
}

Test(port, deadlines_are_absolute)
{
    word = 1;
    struct timespec deadline = in_ms(20), past = in_ms(-1500);
    cr_assert_eq(qsc_port_futex_wait(&word, 1, &past), ETIMEDOUT);
    cr_assert_eq(qsc_port_futex_wait(&word, 1, &deadline), ETIMEDOUT);
    cr_assert(has_passed(deadline));
}

Test(port, refuses_malformed_deadlines)
{
    word = 1;
    for (int i = 0; i < 3; i++)
        cr_assert_eq(qsc_port_futex_wait(&word, 1, &malformed_deadlines[i]), EINVAL);
}

Test(port, wakes, .timeout = 20)
{
    pthread_t thread = start_to_wait();
    int woken = 0;
    while (atomic_load(&result) < 0) {
        woken += qsc_port_futex_wake(&word, 1);
        sched_yield();
    }
    pthread_join(thread, NULL);
    cr_assert_eq(result, 0);
    cr_assert_eq(woken, 1);
}

Test(port, signals_interrupt, .timeout = 20)
{
    catch_signals();
    pthread_t thread = start_to_wait();
    while (atomic_load(&result) < 0) {
        pthread_kill(thread, SIGUSR1);
        sleep_ms(1);
    }
    pthread_join(thread, NULL);
    cr_assert_eq(result, EINTR);
}

Test(port, keeps_errno)
{
    word = 1;
    errno = ENOTTY;
    cr_assert_eq(qsc_port_futex_wait(&word, 2, NULL), EAGAIN);
    qsc_port_futex_wake(NULL, 1); // as after the memory was freed
    cr_assert_eq(errno, ENOTTY);
}

static uint32_t other;

// Its last word is `word`. False where the kernel does not have the call.
static bool can_wait_for_two(void)
{
    word = other = 1;
    struct qsc_port_futex two[] = {qsc_port_futex_on(&other, 1), qsc_port_futex_on(&word, 2)};
    int error = qsc_port_futex_wait_any(two, 2, NULL);
    cr_assert(error == EAGAIN || error == ENOSYS || error == EPERM);
    return error == EAGAIN;
}

static void *wait_for_two(void *unused)
{
    struct timespec deadline = in_ms(20000);
    struct qsc_port_futex two[] = {qsc_port_futex_on(&other, 1), qsc_port_futex_on(&word, 1)};
    atomic_store(&result, qsc_port_futex_wait_any(two, 2, &deadline));
    return unused;
}

static int result_of_two_when_woken(const uint32_t *by)
{
    atomic_store(&result, -1);
    pthread_t thread = start(wait_for_two, NULL);
    while (atomic_load(&result) < 0) {
        qsc_port_futex_wake(by, 1);
        sched_yield();
    }
    pthread_join(thread, NULL);
    return atomic_load(&result);
}

Test(port, waits_for_any_of_several_words, .timeout = 20)
{
    if (!can_wait_for_two())
        return;
    cr_assert_eq(result_of_two_when_woken(&word), 0);
    cr_assert_eq(result_of_two_when_woken(&other), EAGAIN);
    other = 2;
    errno = ENOTTY;
    struct qsc_port_futex two[] = {qsc_port_futex_on(&other, 1), qsc_port_futex_on(&word, 1)};
    cr_assert_eq(qsc_port_futex_wait_any(two, 2, NULL), EAGAIN);
    cr_assert_eq(errno, ENOTTY);
}

Test(port, a_wait_for_several_words_ends_too, .timeout = 20)
{
    if (!can_wait_for_two())
        return;
    struct qsc_port_futex two[] = {qsc_port_futex_on(&other, 1), qsc_port_futex_on(&word, 1)};
    struct timespec deadline = in_ms(20), past = in_ms(-1500);
    cr_assert_eq(qsc_port_futex_wait_any(two, 2, &past), ETIMEDOUT);
    cr_assert_eq(qsc_port_futex_wait_any(two, 2, &deadline), ETIMEDOUT);
    cr_assert(has_passed(deadline));
    for (int i = 0; i < 3; i++)
        cr_assert_eq(qsc_port_futex_wait_any(two, 2, &malformed_deadlines[i]), EINVAL);
    catch_signals();
    atomic_store(&result, -1);
    pthread_t thread = start(wait_for_two, NULL);
    while (atomic_load(&result) < 0) {
        pthread_kill(thread, SIGUSR1);
        sleep_ms(1);
    }
    pthread_join(thread, NULL);
    cr_assert_eq(result, EINTR);
}

Test(port, the_clock_runs)
{
    uint64_t before = qsc_port_now_ns();
    sleep_ms(2);
    struct timespec now = qsc_port_now();
    uint64_t after = (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
    cr_assert(after >= before + 2000000 && qsc_port_now_ns() >= after);
}

static void *read_mask(void *mask)
{
    pthread_sigmask(SIG_BLOCK, NULL, mask);
    return NULL;
}

static bool mask_unchanged(const sigset_t *before)
{
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    for (int signal = 1; signal < SIGRTMIN; signal++)
        if (sigismember(&now, signal) != sigismember(before, signal))
            return false;
    return true;
}

Test(port, its_threads_leave_signals_to_the_program)
{
    sigset_t before, inside;
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    pthread_t thread;
    cr_assert_eq(qsc_port_thread_create(&thread, read_mask, &inside), 0);
    pthread_join(thread, NULL);
    cr_assert(sigismember(&inside, SIGINT) && sigismember(&inside, SIGUSR1) && sigismember(&inside, SIGALRM));
    cr_assert(!sigismember(&inside, SIGSEGV) && !sigismember(&inside, SIGABRT) &&
              !sigismember(&inside, SIGPROF));
    cr_assert(mask_unchanged(&before));
}

Test(port, a_thread_that_does_not_start_is_reported)
{
    sigset_t before;
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    pthread_t thread;
    no_thread_error = EAGAIN;
    cr_assert_eq(qsc_port_thread_create(&thread, read_mask, NULL), EAGAIN);
    no_thread_error = 0;
    cr_assert(mask_unchanged(&before));
}

static void system_calls_fail(int times, int error)
{
    syscall_error = error;
    syscall_failures = times;
}

Test(port, says_whether_there_is_membarrier)
{
    errno = 5;
    system_calls_fail(1, ENOSYS);
    cr_assert(!qsc_port_membarrier_register());
    cr_assert_eq(errno, 5);
    if (!qsc_port_membarrier_register())
        return; // a kernel without
    system_calls_fail(3, ENOMEM);
    qsc_port_membarrier();
    cr_assert_eq(syscall_failures, 0, "it did not try again");
    cr_assert_eq(errno, 5);
}

Test(port, a_wake_up_that_the_kernel_refuses_wakes_nobody)
{
    errno = 5;
    system_calls_fail(1, EFAULT);
    cr_assert_eq(qsc_port_futex_wake(&word, 1), 0);
    cr_assert_eq(errno, 5);
}

Test(port, keeps_a_thread_to_a_processor_that_there_is)
{
    cr_assert_eq(qsc_port_thread_pin(pthread_self(), -1), EINVAL);
    cr_assert_eq(qsc_port_thread_pin(pthread_self(), CPU_SETSIZE), EINVAL);
    cr_assert_eq(qsc_port_thread_pin(pthread_self(), CPU_SETSIZE - 1), EINVAL, "there are as many?");
}

static void *count_where_pinned(void *processors)
{
    cpu_set_t allowed;
    cr_assert_eq(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    cr_assert_eq(qsc_port_processors(), CPU_COUNT(&allowed));
    int cpu = 0;
    while (!CPU_ISSET((size_t)cpu, &allowed))
        cpu++;
    cr_assert_eq(qsc_port_thread_pin(pthread_self(), cpu), 0);
    *(int *)processors = qsc_port_processors();
    return NULL;
}

Test(port, counts_the_processors_that_the_thread_may_use)
{
    int processors = 0;
    pthread_join(start(count_where_pinned, &processors), NULL);
    cr_assert_eq(processors, 1);
}
