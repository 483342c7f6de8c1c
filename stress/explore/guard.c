/* What C++ compilers call around the first pass through the declaration of a function's static variable: the
 * first thread initialises it, the others wait. The compiled code itself looks at the guard's first byte. */
#include "access.h"
#include "machine.h"
#include "real.h"
#include "state.h"

#define SITE __builtin_return_address(0)

enum { NOT_YET = 0, RUNNING = 1, DONE = 2 }; // in the second byte

int __cxa_guard_acquire(uint8_t *guard);
void __cxa_guard_release(uint8_t *guard);
void __cxa_guard_abort(uint8_t *guard);

// A library's own variable stays as it is from one execution to the next.
static bool is_explored(const uint8_t *guard)
{
    return qx_exploring() && qx_state_holds(guard);
}

int __cxa_guard_acquire(uint8_t *guard)
{
    if (!is_explored(guard))
        return QX_REAL(__cxa_guard_acquire)(guard);
    struct qx_event access = {.size = 1,
                              .order = QX_ACQUIRE,
                              .rmw = {.op = QX_CAS,
                                      .operand = RUNNING,
                                      .expected = NOT_YET,
                                      .order = QX_ACQUIRE,
                                      .failure_order = QX_ACQUIRE},
                              .await = {.what = QX_MASKED, .mask = RUNNING, .bound = 0},
                              .site = SITE};
    return qx_load(guard + 1, access) == NOT_YET;
}

static void leave(uint8_t *byte, qx_value value, const void *site)
{
    qx_store(byte, (struct qx_event){.size = 1, .order = QX_RELEASE, .value = value, .site = site});
}

void __cxa_guard_release(uint8_t *guard)
{
    if (!is_explored(guard)) {
        QX_REAL(__cxa_guard_release)(guard);
        return;
    }
    leave(guard, 1, SITE);
    leave(guard + 1, DONE, SITE);
}

void __cxa_guard_abort(uint8_t *guard)
{
    if (is_explored(guard))
        leave(guard + 1, NOT_YET, SITE);
    else
        QX_REAL(__cxa_guard_abort)(guard);
}
