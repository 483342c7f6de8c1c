#include "wide.h"

// By its instruction: compilers make a call of libatomic of the builtin, or of the __sync function.
bool wide_compare_exchange_n(volatile qx_value *a, qx_value *expected, qx_value v, bool weak, int success,
                             int failure)
{
    (void)weak, (void)success, (void)failure;
    uint64_t low = (uint64_t)*expected, high = (uint64_t)(*expected >> 64);
    bool done;
    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(done), "+m"(*a), "+a"(low), "+d"(high)
                     : "b"((uint64_t)v), "c"((uint64_t)(v >> 64))
                     : "memory");
    *expected = (qx_value)high << 64 | low;
    return done;
}

qx_value wide_load_n(const volatile qx_value *a, int order)
{
    qx_value found = 0; // and where it is found it is put back
    wide_compare_exchange_n((volatile qx_value *)(uintptr_t)a, &found, 0, false, order, order);
    return found;
}

void wide_store_n(volatile qx_value *a, qx_value v, int order)
{
    wide_exchange_n(a, v, order);
}

#define RMW(name, result)                                                      \
    qx_value wide_##name(volatile qx_value *a, qx_value v, int order)          \
    {                                                                          \
        qx_value old = wide_load_n(a, order);                                  \
        while (!wide_compare_exchange_n(a, &old, result, false, order, order)) \
            ;                                                                  \
        return old;                                                            \
    }

RMW(exchange_n, v)
RMW(fetch_add, old + v)
RMW(fetch_sub, old - v)
RMW(fetch_and, old &v)
RMW(fetch_or, old | v)
RMW(fetch_xor, old ^ v)
RMW(fetch_nand, ~(old &v))
