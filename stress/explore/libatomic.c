/* What compilers call for atomic objects that they do not take for lock-free: clang without -mcx16 those of
 * 16 bytes, all compilers those of other sizes. The explorer stands in libatomic's place too. */
#include "entry.h"
#include "machine.h"
#include "spin.h"

#include <string.h>

#define SITE __builtin_return_address(0)

// Outside of an exploration there is one thread.
static bool is_explored(size_t size, const void *site)
{
    if (!qx_exploring())
        return false;
    if (size > sizeof(qx_value) || (size & (size - 1)) != 0)
        qx_fail(QX_MISUSE, site, NULL, "an atomic access of %zu bytes, which the explorer does not know",
                size);
    return true;
}

static qx_value value_at(const void *object, size_t size)
{
    qx_value v = 0;
    memcpy(&v, object, size);
    return v;
}

ENTRY(__atomic_load)
HIDDEN void qx__atomic_load(size_t size, const void *object, void *result, int order);
void qx__atomic_load(size_t size, const void *object, void *result, int order)
{
    if (!is_explored(size, SITE)) {
        memcpy(result, object, size);
        return;
    }
    qx_value found = qx_atomic_load((void *)(uintptr_t)object, (int)size, order, SITE);
    qx_operand(result, size, true, SITE);
    memcpy(result, &found, size);
}

ENTRY(__atomic_store)
HIDDEN void qx__atomic_store(size_t size, void *object, const void *value, int order);
void qx__atomic_store(size_t size, void *object, const void *value, int order)
{
    if (!is_explored(size, SITE)) {
        memcpy(object, value, size);
        return;
    }
    qx_operand((void *)(uintptr_t)value, size, false, SITE);
    qx_atomic_store(object, (int)size, value_at(value, size), order, SITE);
}

ENTRY(__atomic_exchange)
HIDDEN void qx__atomic_exchange(size_t size, void *object, const void *value, void *result, int order);
void qx__atomic_exchange(size_t size, void *object, const void *value, void *result, int order)
{
    if (!is_explored(size, SITE)) {
        memcpy(result, object, size);
        memcpy(object, value, size);
        return;
    }
    qx_operand((void *)(uintptr_t)value, size, false, SITE);
    qx_value found = qx_atomic_rmw(object, (int)size, QX_SET, value_at(value, size), order, SITE);
    qx_operand(result, size, true, SITE);
    memcpy(result, &found, size);
}

ENTRY(__atomic_compare_exchange)
HIDDEN bool qx__atomic_compare_exchange(size_t size, void *object, void *expected, const void *value,
                                        int order, int failure);
bool qx__atomic_compare_exchange(size_t size, void *object, void *expected, const void *value, int order,
                                 int failure)
{
    if (!is_explored(size, SITE)) {
        bool done = memcmp(object, expected, size) == 0;
        memcpy(done ? object : expected, done ? value : object, size);
        return done;
    }
    qx_operand(expected, size, false, SITE);
    qx_operand((void *)(uintptr_t)value, size, false, SITE);
    qx_value found = value_at(expected, size);
    bool done =
        qx_compare_exchange(object, (int)size, &found, value_at(value, size), order, failure, false, SITE);
    if (done)
        return true;
    qx_operand(expected, size, true, SITE);
    memcpy(expected, &found, size);
    return false;
}

#define FETCH(name, what, result)                                                          \
    ENTRY(__atomic_fetch_##name##_16)                                                      \
    HIDDEN qx_value qx__atomic_fetch_##name##_16(qx_value *object, qx_value v, int order); \
    qx_value qx__atomic_fetch_##name##_16(qx_value *object, qx_value v, int order)         \
    {                                                                                      \
        if (qx_exploring())                                                                \
            return qx_atomic_rmw(object, 16, what, v, order, SITE);                        \
        qx_value old = *object;                                                            \
        *object = result;                                                                  \
        return old;                                                                        \
    }

FETCH(add, QX_ADD, old + v)
FETCH(sub, QX_SUB, old - v)
FETCH(and, QX_AND, old &v)
FETCH(or, QX_OR, old | v)
FETCH(xor, QX_XOR, old ^ v)
FETCH(nand, QX_NAND, ~(old &v))

bool qx_is_lock_free(size_t size, const void *object) __asm__("__atomic_is_lock_free");
bool qx_is_lock_free(size_t size, const void *object)
{
    return size <= 16 && (size & (size - 1)) == 0 && (uintptr_t)object % (size ? size : 1) == 0;
}
