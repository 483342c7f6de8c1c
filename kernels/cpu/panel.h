// The innermost product: many rows times one panel of packed columns, for each kind of vector unit.
#ifndef QUIESCE_KERNELS_CPU_PANEL_H
#define QUIESCE_KERNELS_CPU_PANEL_H

#include <stdbool.h>
#include <stddef.h>

// c (rows, width) = bias + a (rows, depth) b (depth, width); with `add`, c += a b. Each element of c is one
// chain of multiply-adds in the order of depth, whatever rows and width are: that is why a row's bits do not
// depend on its neighbours.
struct qsc_panel {
    float *c;
    size_t c_row;
    const float *a; // element (i, k) at i * a_row + k * a_step
    size_t a_row, a_step;
    const float *b;    // (depth, width rounded up to 16), at a multiple of 64 bytes
    const float *next; // the b of the next call, or b again: it may be fetched meanwhile
    int rows, width, depth;
    const float *bias; // (width), NULL = zeros; not read with `add`
    bool add;
};

struct qsc_panel_unit {
    const char *name;
    bool (*present)(void);
    int vectors; // of 16 columns in a panel; panels of 1 to 4 are understood by a unit of 3
    void (*multiply)(const struct qsc_panel *panel);
};

// The units this program was compiled for, the fastest first; the last is present everywhere.
extern const struct qsc_panel_unit qsc_panel_units[];
extern const int qsc_panel_unit_count;

// The fastest that is present.
const struct qsc_panel_unit *qsc_panel_unit(void);

// The columns of the next panel when `left` remain: as wide as the accumulators allow, and no narrow rest
// where it can be avoided.
static inline int qsc_panel_width(const struct qsc_panel_unit *unit, int left)
{
    int vectors = (left + 15) / 16;
    if (vectors > unit->vectors && !(unit->vectors == 3 && vectors == 4))
        vectors = unit->vectors;
    return left < 16 * vectors ? left : 16 * vectors;
}

#endif
