#include "wide.h"

__attribute__((target("cx16"))) bool wide_compare_exchange_n(volatile qx_value *a, qx_value *expected,
                                                             qx_value v, bool weak, int success, int failure)
{
    (void)weak, (void)success, (void)failure;
    qx_value found = __sync_val_compare_and_swap(a, *expected, v);
    bool done = found == *expected;
    *expected = found;
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
