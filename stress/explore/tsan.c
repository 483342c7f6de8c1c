/* What gcc and clang call under -fsanitize=thread: every access of the program. The explorer stands in
 * libtsan's place. */
#include "access.h"
#include "entry.h"
#include "machine.h"
#include "options.h"
#include "orders.h"
#include "spin.h"
#include "wide.h"

#include <string.h>

#define SITE __builtin_return_address(0)

static qx_value load(void *address, int size, int order, struct qx_rmw rmw, const void *site)
{
    qx_catch_up();
    qx_spin_check(address, site);
    return qx_load(
        address, (struct qx_event){.size = (uint8_t)size, .order = (uint8_t)order, .rmw = rmw, .site = site});
}

qx_value qx_atomic_load(void *address, int size, int order, const void *site)
{
    return load(address, size, qx_order(QX_ACCESS_LOAD, order, site), (struct qx_rmw){0}, site);
}

void qx_atomic_store(void *address, int size, qx_value value, int order, const void *site)
{
    order = qx_order(QX_ACCESS_STORE, order, site);
    qx_store(address,
             (struct qx_event){.size = (uint8_t)size, .order = (uint8_t)order, .value = value, .site = site});
}

qx_value qx_atomic_rmw(void *address, int size, enum qx_op op, qx_value operand, int order, const void *site)
{
    order = qx_order(QX_ACCESS_RMW, order, site);
    struct qx_rmw rmw = {.op = (uint8_t)op, .operand = operand, .order = (uint8_t)order};
    return load(address, size, order, rmw, site);
}

void qx_operand(void *operand, size_t size, bool write, const void *site)
{
    const struct qx_context *own = &qx_self()->context;
    if ((uintptr_t)operand - (uintptr_t)own->stack >= own->stack_size)
        qx_plain(operand, size, write, site);
}

// Where the options ask for it, a weak one fails although it finds what it expects.
bool qx_compare_exchange(void *address, int size, qx_value *expected, qx_value desired, int order,
                         int failure, bool weak, const void *site)
{
    order = qx_order(QX_ACCESS_RMW, order, site);
    failure = qx_order(QX_ACCESS_FAILURE, failure, site);
    struct qx_rmw rmw = {.op = QX_CAS,
                         .operand = desired,
                         .expected = *expected,
                         .order = (uint8_t)order,
                         .failure_order = (uint8_t)failure};
    bool fails = weak && qx_happens(&qx_self()->failed_exchanges, qx_options()->failing_exchanges, site);
    qx_value found = fails ? load(address, size, failure, (struct qx_rmw){0}, site)
                           : load(address, size, order, rmw, site);
    bool done = !fails && found == *expected;
    *expected = found;
    return done;
}

#define LOAD(bits, type, native)                                                  \
    ENTRY(__tsan_atomic##bits##_load)                                             \
    HIDDEN type qx__tsan_atomic##bits##_load(const volatile type *a, int order);  \
    type qx__tsan_atomic##bits##_load(const volatile type *a, int order)          \
    {                                                                             \
        if (!qx_exploring())                                                      \
            return native##_load_n(a, __ATOMIC_SEQ_CST);                          \
        return (type)qx_atomic_load((void *)(uintptr_t)a, bits / 8, order, SITE); \
    }

#define STORE(bits, type, native)                                            \
    void __tsan_atomic##bits##_store(volatile type *a, type v, int order);   \
    void __tsan_atomic##bits##_store(volatile type *a, type v, int order)    \
    {                                                                        \
        if (!qx_exploring())                                                 \
            native##_store_n(a, v, __ATOMIC_SEQ_CST);                        \
        else                                                                 \
            qx_atomic_store((void *)(uintptr_t)a, bits / 8, v, order, SITE); \
    }

#define RMW(bits, type, native, name, what, operation)                                    \
    ENTRY(__tsan_atomic##bits##_##name)                                                   \
    HIDDEN type qx__tsan_atomic##bits##_##name(volatile type *a, type v, int order);      \
    type qx__tsan_atomic##bits##_##name(volatile type *a, type v, int order)              \
    {                                                                                     \
        if (!qx_exploring())                                                              \
            return native##_##operation(a, v, __ATOMIC_SEQ_CST);                          \
        return (type)qx_atomic_rmw((void *)(uintptr_t)a, bits / 8, what, v, order, SITE); \
    }

#define COMPARE_EXCHANGE(bits, type, native, name, weak)                                                     \
    ENTRY(__tsan_atomic##bits##_compare_exchange_##name)                                                     \
    HIDDEN int qx__tsan_atomic##bits##_compare_exchange_##name(volatile type *a, type *expected, type v,     \
                                                               int order, int failure);                      \
    int qx__tsan_atomic##bits##_compare_exchange_##name(volatile type *a, type *expected, type v, int order, \
                                                        int failure)                                         \
    {                                                                                                        \
        if (!qx_exploring())                                                                                 \
            return native##_compare_exchange_n(a, expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);   \
        qx_operand(expected, sizeof *expected, false, SITE);                                                 \
        qx_value value = *expected;                                                                          \
        bool done =                                                                                          \
            qx_compare_exchange((void *)(uintptr_t)a, bits / 8, &value, v, order, failure, weak, SITE);      \
        if (!done) {                                                                                         \
            qx_operand(expected, sizeof *expected, true, SITE);                                              \
            *expected = (type)value;                                                                         \
        }                                                                                                    \
        return done;                                                                                         \
    }

#define COMPARE_EXCHANGE_VAL(bits, type, native)                                                          \
    ENTRY(__tsan_atomic##bits##_compare_exchange_val)                                                     \
    HIDDEN type qx__tsan_atomic##bits##_compare_exchange_val(volatile type *a, type expected, type v,     \
                                                             int order, int failure);                     \
    type qx__tsan_atomic##bits##_compare_exchange_val(volatile type *a, type expected, type v, int order, \
                                                      int failure)                                        \
    {                                                                                                     \
        if (!qx_exploring()) {                                                                            \
            native##_compare_exchange_n(a, &expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);      \
            return expected;                                                                              \
        }                                                                                                 \
        qx_value value = expected;                                                                        \
        qx_compare_exchange((void *)(uintptr_t)a, bits / 8, &value, v, order, failure, false, SITE);      \
        return (type)value;                                                                               \
    }

#define ATOMICS(bits, type, native)                          \
    LOAD(bits, type, native)                                 \
    STORE(bits, type, native)                                \
    RMW(bits, type, native, exchange, QX_SET, exchange_n)    \
    RMW(bits, type, native, fetch_add, QX_ADD, fetch_add)    \
    RMW(bits, type, native, fetch_sub, QX_SUB, fetch_sub)    \
    RMW(bits, type, native, fetch_and, QX_AND, fetch_and)    \
    RMW(bits, type, native, fetch_or, QX_OR, fetch_or)       \
    RMW(bits, type, native, fetch_xor, QX_XOR, fetch_xor)    \
    RMW(bits, type, native, fetch_nand, QX_NAND, fetch_nand) \
    COMPARE_EXCHANGE(bits, type, native, strong, false)      \
    COMPARE_EXCHANGE(bits, type, native, weak, true)         \
    COMPARE_EXCHANGE_VAL(bits, type, native)

ATOMICS(8, uint8_t, __atomic)
ATOMICS(16, uint16_t, __atomic)
ATOMICS(32, uint32_t, __atomic)
ATOMICS(64, uint64_t, __atomic)
ATOMICS(128, qx_value, wide)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
    if (qx_exploring())
        qx_fence(qx_order(QX_ACCESS_FENCE, order, SITE), SITE);
}

void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order)
{
    (void)order;
}

#define READ(name, size)            \
    void __tsan_##name(void *a);    \
    void __tsan_##name(void *a)     \
    {                               \
        if (qx_exploring())         \
            qx_read(a, size, SITE); \
    }
#define WRITE(name, size)                  \
    void __tsan_##name(void *a);           \
    void __tsan_##name(void *a)            \
    {                                      \
        if (qx_exploring())                \
            qx_plain(a, size, true, SITE); \
    }
#define PLAIN_OF_SIZE(size)                   \
    READ(read##size, size)                    \
    WRITE(write##size, size)                  \
    READ(unaligned_read##size, size)          \
    WRITE(unaligned_write##size, size)        \
    READ(unaligned_volatile_read##size, size) \
    WRITE(unaligned_volatile_write##size, size)

PLAIN_OF_SIZE(1)
PLAIN_OF_SIZE(2)
PLAIN_OF_SIZE(4)
PLAIN_OF_SIZE(8)
PLAIN_OF_SIZE(16)
READ(volatile_read16, 16)
WRITE(volatile_write16, 16)

static bool is_atomic(const void *address, int size)
{
    return qx_options()->atomic_volatile && (uintptr_t)address % (unsigned)size == 0;
}

// Who reads the same again and again waits for another thread, whose write is then seen to race.
static void let_others_write(const void *address, const void *site)
{
    enum { PATIENCE = 10000, YIELDS = 8 }; // after these nobody will write it
    static struct {
        const void *address;
        uint64_t progress;
        int times;
    } last;
    if (last.address != address || last.progress != qx_progress())
        last.times = 0;
    last.address = address;
    last.progress = qx_progress();
    if (last.times < YIELDS * PATIENCE && ++last.times % PATIENCE == 0)
        qx_yield(site);
}

static void volatile_read(void *address, int size, const void *site)
{
    if (is_atomic(address, size)) {
        qx_read_ahead(address, size, qx_atomic_load(address, size, QX_RELAXED, site));
    } else {
        qx_read(address, (size_t)size, site);
        let_others_write(address, site);
    }
}

static void volatile_write(void *address, int size, const void *site)
{
    if (!is_atomic(address, size)) {
        qx_plain(address, (size_t)size, true, site);
        return;
    }
    int order = qx_order(QX_ACCESS_STORE, QX_RELAXED, site);
    qx_store_ahead(address, (struct qx_event){.size = (uint8_t)size, .order = (uint8_t)order, .site = site});
}

#define VOLATILE(size)                                 \
    ENTRY(__tsan_volatile_read##size)                  \
    HIDDEN void qx__tsan_volatile_read##size(void *a); \
    void qx__tsan_volatile_read##size(void *a)         \
    {                                                  \
        if (qx_exploring())                            \
            volatile_read(a, size, SITE);              \
    }                                                  \
    void __tsan_volatile_write##size(void *a);         \
    void __tsan_volatile_write##size(void *a)          \
    {                                                  \
        if (qx_exploring())                            \
            volatile_write(a, size, SITE);             \
    }

VOLATILE(1)
VOLATILE(2)
VOLATILE(4)
VOLATILE(8)

READ(vptr_read, sizeof(void *))

void __tsan_vptr_update(void *a, void *value);
void __tsan_vptr_update(void *a, void *value)
{
    if (qx_exploring() && *(void **)a != value)
        qx_plain(a, sizeof value, true, SITE);
}

// A copy of a whole object, which need not have been written.
void __tsan_read_range(void *a, size_t size);
void __tsan_read_range(void *a, size_t size)
{
    if (qx_exploring() && size)
        qx_plain(a, size, false, SITE);
}

void __tsan_write_range(void *a, size_t size);
void __tsan_write_range(void *a, size_t size)
{
    if (qx_exploring() && size)
        qx_plain(a, size, true, SITE);
}

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller)
{
    (void)caller;
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}
