#include "jobs.h"

#include "crash.h"
#include "memory.h"
#include "search.h"
#include "tally.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    atomic_int *idle; // processes that there could be; shared by all
    bool copy, made_any;
    double last; // when this one last gave something away
} jobs;

void qx_jobs_begin(int n)
{
    if (!jobs.idle)
        jobs.idle = qx_shared_memory(sizeof *jobs.idle);
    prctl(PR_SET_CHILD_SUBREAPER, 1); // so that the copies' copies are waited for as well
    atomic_store(jobs.idle, n - 1);
    jobs.made_any = false;
    jobs.last = qx_tally_seconds();
}

static enum { NOT_MADE, MADE, IN_COPY } make_copy(void)
{
    fflush(NULL); // what is buffered is to be written once
    pid_t child = fork();
    if (child < 0)
        return NOT_MADE;
    if (child > 0) {
        jobs.made_any = true;
        return MADE;
    }
    jobs.copy = true;
    qx_crash_watch(); // a copy inherits no timer
    return IN_COPY;
}

// A copy costs about a millisecond.
static const double pause_between = 0.01;

void qx_jobs_share(void)
{
    int idle = atomic_load_explicit(jobs.idle, memory_order_relaxed);
    if (idle == 0 || !qx_search_divisible() || qx_tally_seconds() - jobs.last < pause_between)
        return;
    if (!atomic_compare_exchange_strong(jobs.idle, &idle, idle - 1))
        return;
    switch (make_copy()) {
    case NOT_MADE:
        atomic_fetch_add(jobs.idle, 1);
        break;
    case MADE:
        qx_search_drop_oldest();
        break;
    case IN_COPY:
        qx_search_keep_oldest();
    }
    jobs.last = qx_tally_seconds();
}

void qx_jobs_split(int n)
{
    for (int i = 1; i < n; i++) {
        if (make_copy() == IN_COPY)
            return;
    }
}

bool qx_jobs_end(void (*wait)(void))
{
    if (jobs.copy) {
        fflush(NULL);
        atomic_fetch_add(jobs.idle, 1);
        _exit(0);
    }
    bool well = true;
    while (jobs.made_any) {
        int status;
        pid_t ended = waitpid(-1, &status, WNOHANG);
        if (ended < 0 && errno != EINTR)
            break;
        well = well && (ended <= 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
        if (ended == 0) {
            wait();
            usleep(1000);
        }
    }
    return well;
}
