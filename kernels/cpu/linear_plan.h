// What a plan is: the way it computes, and its own data behind it.
#ifndef QUIESCE_KERNELS_CPU_LINEAR_PLAN_H
#define QUIESCE_KERNELS_CPU_LINEAR_PLAN_H

#include <quiesce/kernels/cpu/bf16.h>
#include <quiesce/kernels/cpu/int8.h>
#include <quiesce/kernels/cpu/panel.h>
#include <quiesce/kernels/linear.h>

#include <stdbool.h>

struct qsc_linear_way {
    const char *name;
    void (*fini)(qsc_linear *plan); // frees what a plan has beside itself; NULL: nothing
    size_t (*packed_bytes)(const qsc_linear *plan);
    size_t (*packed_t_bytes)(const qsc_linear *plan);
    size_t (*scratch_bytes)(const qsc_linear *plan);
    void (*pack)(const qsc_linear *plan, void *packed, const float *w);
    void (*pack_t)(const qsc_linear *plan, void *packed_t, const float *w);
    int (*forward)(const qsc_linear *plan, float *y, const float *x, const void *packed, const float *bias,
                   int m, void *scratch);
    // What follows, packed_t_bytes and pack_t are NULL in a way that has no gradients.
    int (*backward_input)(const qsc_linear *plan, float *dx, const float *dy, const void *packed_t, int m,
                          void *scratch);
    int (*backward_weight)(const qsc_linear *plan, float *dw, float *db, const float *dy, const float *x,
                           int m, void *scratch);
    // For the backward_weight below: dw = dy^T x for `tokens` rows, outer_tokens at most, or dw += that.
    void (*add_outer)(const qsc_linear *plan, float *dw, const float *dy, const float *x, int tokens,
                      bool add, void *scratch);
    int outer_tokens;
};

struct qsc_linear {
    const struct qsc_linear_way *way;
    int n, k;
};

// A backward_weight for ways that have add_outer.
int qsc_linear_backward_weight_by_outer(const qsc_linear *plan, float *dw, float *db, const float *dy,
                                        const float *x, int m, void *scratch);

// Our own C, for one of the vector units above. Returns 0, ENOMEM.
int qsc_linear_create_plain(qsc_linear **plan, int n, int k, const struct qsc_panel_unit *unit)
    __attribute__((warn_unused_result));

// oneDNN's products. Returns 0, ENOMEM, or ENOTSUP: a shape, a processor or a build it is not made for.
int qsc_linear_create_onednn(qsc_linear **plan, int n, int k) __attribute__((warn_unused_result));

// bfloat16 factors, by one of the units of bf16.h. Returns 0, ENOMEM.
int qsc_linear_create_bf16(qsc_linear **plan, int n, int k, const struct qsc_bf16_unit *unit)
    __attribute__((warn_unused_result));

// 8-bit integers, forward only, on one of the units of int8.h. Returns 0, ENOMEM, or EINVAL: k is above
// QSC_INT8_MAX_DEPTH.
int qsc_linear_create_int8(qsc_linear **plan, int n, int k, const struct qsc_int8_unit *unit)
    __attribute__((warn_unused_result));

#endif
