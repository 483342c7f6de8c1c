/* What gcc and clang call under -fsanitize=thread: every access of the program. The explorer stands in
 * libtsan's place. */
#include "access.h"
#include "machine.h"
#include "options.h"
#include "orders.h"
#include "spin.h"

#include <string.h>

#define SITE __builtin_return_address(0)

// What an entry jumps to is nobody else's.
#define HIDDEN __attribute__((visibility("hidden")))

// An entry notes the registers that a call preserves, for spin.c, before any code of ours can use them.
#define ENTRY(name)                                    \
    __asm__(".text\n"                                  \
            ".globl " #name "\n"                       \
            ".type " #name ", @function\n" #name ":\n" \
            "    mov %rbx, qx_caller(%rip)\n"          \
            "    mov %rbp, qx_caller+8(%rip)\n"        \
            "    mov %r12, qx_caller+16(%rip)\n"       \
            "    mov %r13, qx_caller+24(%rip)\n"       \
            "    mov %r14, qx_caller+32(%rip)\n"       \
            "    mov %r15, qx_caller+40(%rip)\n"       \
            "    mov %rsp, qx_caller+48(%rip)\n"       \
            "    jmp qx" #name "\n"                    \
            ".size " #name ", . - " #name "\n");

static qx_value access_value(void *address, int size, int order, struct qx_rmw rmw, const void *site)
{
    qx_spin_check(site);
    return qx_load(
        address, (struct qx_event){.size = (uint8_t)size, .order = (uint8_t)order, .rmw = rmw, .site = site});
}

#define LOAD(bits, type)                                                                            \
    ENTRY(__tsan_atomic##bits##_load)                                                               \
    HIDDEN type qx__tsan_atomic##bits##_load(const volatile type *a, int order);                    \
    type qx__tsan_atomic##bits##_load(const volatile type *a, int order)                            \
    {                                                                                               \
        if (!qx_exploring())                                                                        \
            return __atomic_load_n(a, __ATOMIC_SEQ_CST);                                            \
        order = qx_order(QX_ACCESS_LOAD, order, SITE);                                              \
        return (type)access_value((void *)(uintptr_t)a, bits / 8, order, (struct qx_rmw){0}, SITE); \
    }

#define STORE(bits, type)                                                                        \
    void __tsan_atomic##bits##_store(volatile type *a, type v, int order);                       \
    void __tsan_atomic##bits##_store(volatile type *a, type v, int order)                        \
    {                                                                                            \
        if (!qx_exploring())                                                                     \
            __atomic_store_n(a, v, __ATOMIC_SEQ_CST);                                            \
        else                                                                                     \
            qx_store((void *)(uintptr_t)a,                                                       \
                     (struct qx_event){.size = bits / 8,                                         \
                                       .order = (uint8_t)qx_order(QX_ACCESS_STORE, order, SITE), \
                                       .value = v,                                               \
                                       .site = SITE});                                           \
    }

#define RMW(bits, type, name, what, native)                                                                  \
    ENTRY(__tsan_atomic##bits##_##name)                                                                      \
    HIDDEN type qx__tsan_atomic##bits##_##name(volatile type *a, type v, int order);                         \
    type qx__tsan_atomic##bits##_##name(volatile type *a, type v, int order)                                 \
    {                                                                                                        \
        if (!qx_exploring())                                                                                 \
            return native(a, v, __ATOMIC_SEQ_CST);                                                           \
        order = qx_order(QX_ACCESS_RMW, order, SITE);                                                        \
        return (type)access_value((void *)(uintptr_t)a, bits / 8, order,                                     \
                                  (struct qx_rmw){.op = what, .operand = v, .order = (uint8_t)order}, SITE); \
    }

// Where the options ask for it, a weak one fails although it finds what it expects.
static bool compare_exchange(void *address, int size, qx_value *expected, qx_value desired, int order,
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
    qx_value found = fails ? access_value(address, size, failure, (struct qx_rmw){0}, site)
                           : access_value(address, size, order, rmw, site);
    bool done = !fails && found == *expected;
    *expected = found;
    return done;
}

#define COMPARE_EXCHANGE(bits, type, name, weak)                                                             \
    ENTRY(__tsan_atomic##bits##_compare_exchange_##name)                                                     \
    HIDDEN int qx__tsan_atomic##bits##_compare_exchange_##name(volatile type *a, type *expected, type v,     \
                                                               int order, int failure);                      \
    int qx__tsan_atomic##bits##_compare_exchange_##name(volatile type *a, type *expected, type v, int order, \
                                                        int failure)                                         \
    {                                                                                                        \
        if (!qx_exploring())                                                                                 \
            return __atomic_compare_exchange_n(a, expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);   \
        qx_plain(expected, sizeof *expected, false, SITE);                                                   \
        qx_value value = *expected;                                                                          \
        bool done = compare_exchange((void *)(uintptr_t)a, bits / 8, &value, v, order, failure, weak, SITE); \
        if (!done) {                                                                                         \
            qx_plain(expected, sizeof *expected, true, SITE);                                                \
            *expected = (type)value;                                                                         \
        }                                                                                                    \
        return done;                                                                                         \
    }

#define COMPARE_EXCHANGE_VAL(bits, type)                                                                  \
    ENTRY(__tsan_atomic##bits##_compare_exchange_val)                                                     \
    HIDDEN type qx__tsan_atomic##bits##_compare_exchange_val(volatile type *a, type expected, type v,     \
                                                             int order, int failure);                     \
    type qx__tsan_atomic##bits##_compare_exchange_val(volatile type *a, type expected, type v, int order, \
                                                      int failure)                                        \
    {                                                                                                     \
        if (!qx_exploring()) {                                                                            \
            __atomic_compare_exchange_n(a, &expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);      \
            return expected;                                                                              \
        }                                                                                                 \
        qx_value value = expected;                                                                        \
        compare_exchange((void *)(uintptr_t)a, bits / 8, &value, v, order, failure, false, SITE);         \
        return (type)value;                                                                               \
    }

#define ATOMICS(bits, type)                                   \
    LOAD(bits, type)                                          \
    STORE(bits, type)                                         \
    RMW(bits, type, exchange, QX_SET, __atomic_exchange_n)    \
    RMW(bits, type, fetch_add, QX_ADD, __atomic_fetch_add)    \
    RMW(bits, type, fetch_sub, QX_SUB, __atomic_fetch_sub)    \
    RMW(bits, type, fetch_and, QX_AND, __atomic_fetch_and)    \
    RMW(bits, type, fetch_or, QX_OR, __atomic_fetch_or)       \
    RMW(bits, type, fetch_xor, QX_XOR, __atomic_fetch_xor)    \
    RMW(bits, type, fetch_nand, QX_NAND, __atomic_fetch_nand) \
    COMPARE_EXCHANGE(bits, type, strong, false)               \
    COMPARE_EXCHANGE(bits, type, weak, true)                  \
    COMPARE_EXCHANGE_VAL(bits, type)

ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)

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
    READ(volatile_read##size, size)           \
    WRITE(volatile_write##size, size)         \
    READ(unaligned_volatile_read##size, size) \
    WRITE(unaligned_volatile_write##size, size)

PLAIN_OF_SIZE(1)
PLAIN_OF_SIZE(2)
PLAIN_OF_SIZE(4)
PLAIN_OF_SIZE(8)
PLAIN_OF_SIZE(16)
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
