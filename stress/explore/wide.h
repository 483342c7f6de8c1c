/* Atomic accesses of 16 bytes outside of an exploration, named like the builtins of the smaller sizes: of
 * those compilers make calls of libatomic, in whose place the explorer stands (libatomic.c). */
#ifndef QUIESCE_EXPLORE_WIDE_H
#define QUIESCE_EXPLORE_WIDE_H

#include "graph.h"

bool wide_compare_exchange_n(volatile qx_value *a, qx_value *expected, qx_value v, bool weak, int success,
                             int failure);
qx_value wide_load_n(const volatile qx_value *a, int order);
void wide_store_n(volatile qx_value *a, qx_value v, int order);
qx_value wide_exchange_n(volatile qx_value *a, qx_value v, int order);
qx_value wide_fetch_add(volatile qx_value *a, qx_value v, int order);
qx_value wide_fetch_sub(volatile qx_value *a, qx_value v, int order);
qx_value wide_fetch_and(volatile qx_value *a, qx_value v, int order);
qx_value wide_fetch_or(volatile qx_value *a, qx_value v, int order);
qx_value wide_fetch_xor(volatile qx_value *a, qx_value v, int order);
qx_value wide_fetch_nand(volatile qx_value *a, qx_value v, int order);

#endif
