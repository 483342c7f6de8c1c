// The linear layer Y = X W^T + b and its gradients, for weights that many calls use again: they are packed
// once, in the order in which the products read them.
#ifndef QUIESCE_KERNELS_LINEAR_H
#define QUIESCE_KERNELS_LINEAR_H

#include <quiesce/kernels/precision.h>

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How to multiply by an (N,K) matrix on this machine. Immutable: all threads share one. */
typedef struct qsc_linear qsc_linear;

/* Plans the products of an (n,k) matrix: n outputs, k inputs.
   Returns 0; ENOMEM; EINVAL: n or k is below 1, the precision is none of the enum's, or it is int8 and k is
   above 133144, so that a sum might leave 32 bits. Never blocks. No order given. Any thread. */
int qsc_linear_create(qsc_linear **plan, int n, int k, enum qsc_precision precision)
    __attribute__((warn_unused_result));
/* Frees a plan that nobody uses any more; NULL does nothing. Never blocks. Any thread. */
void qsc_linear_destroy(qsc_linear *plan);

/* The bytes of a packed matrix as forward, and as backward_input, reads it (int8: 0, it has no gradients);
   and of the scratch that each calling thread brings. Never blocks, wait-free. Any thread. */
size_t qsc_linear_packed_bytes(const qsc_linear *plan);
size_t qsc_linear_packed_t_bytes(const qsc_linear *plan);
size_t qsc_linear_scratch_bytes(const qsc_linear *plan);

/* Packs w for forward; w again, transposed, for backward_input. int8: pack_t does nothing, packed_t may be
   NULL. Returns nothing. Never blocks. No order given. Any thread, on buffers of its own. Shapes: w (N,K);
   packed, packed_t as many bytes as above says, at a multiple of 64 bytes. */
void qsc_linear_pack(const qsc_linear *plan, void *packed, const float *w);
void qsc_linear_pack_t(const qsc_linear *plan, void *packed_t, const float *w);

/* y = x w^T + bias. A row of y depends on that row of x alone, to the bit: not on m, not on its place, not on
   its neighbours.
   Returns 0; ENOMEM or EIO where oneDNN computes and fails. Never blocks. No order given. Any thread, on
   buffers of its own; no other thread is started or used; y is not x. Shapes: y (M,N); x (M,K); bias (N),
   NULL = none; m may be 0; scratch as above, at a multiple of 64 bytes.
   bf16: the elements of w and x are rounded to the nearest bfloat16, halves to the even one, denormals to 0;
   the sums are f32 and have the same bits on every processor, but for those that f32 holds as denormals.
   int8: the elements of w are rounded to 127 steps of each sign, as wide as each output's weights need, those
   of x as wide as each row needs. The sums are exact, so that y has the same bits on every processor. An
   infinity or NaN in x makes its row of y NaN, one in w its column. */
int qsc_linear_forward(const qsc_linear *plan, float *y, const float *x, const void *packed,
                       const float *bias, int m, void *scratch) __attribute__((warn_unused_result));

/* dx = dy w, the gradient with respect to x; rows as in forward.
   Returns as forward, or ENOTSUP: int8 has no gradients, nothing is read or written. Blocks, orders and may
   be called as forward. Shapes: dx (M,K); dy (M,N). */
int qsc_linear_backward_input(const qsc_linear *plan, float *dx, const float *dy, const void *packed_t, int m,
                              void *scratch) __attribute__((warn_unused_result));

/* dw = dy^T x and db = the sum of the rows of dy, overwritten; zeros if m is 0. The same inputs give the same
   bits.
   Returns as backward_input. Blocks, orders and may be called as forward. Shapes: dw (N,K); db (N), NULL =
   not wanted; dy (M,N); x (M,K). */
int qsc_linear_backward_weight(const qsc_linear *plan, float *dw, float *db, const float *dy, const float *x,
                               int m, void *scratch) __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
