/* A cell that guards the current version of an object by reference counts, one to a CPU: the rival of
 * snapshot.h.
 *
 * It does in C what TensorFlow Serving's FastReadDynamicPtr does with its default ShardedReadPtrs
 * (tensorflow_serving/util/fast_read_dynamic_ptr.h): each CPU has a mutex and two counted references to the
 * object; a reader locks its CPU's mutex and takes the reference that a common index points at; an update
 * fills the other reference of every CPU, flips the index, drops the former references and waits until the
 * last reader of the former object has gone. So there are never more than two objects, and the updater waits
 * for its readers.
 *
 * Kept here to be compared with: the demo's serving load and bench/ run it beside the snapshot. Its mutex is
 * ours. */
#ifndef QUIESCE_MODEL_REFCOUNT_CELL_H
#define QUIESCE_MODEL_REFCOUNT_CELL_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qsc_refcount_cell qsc_refcount_cell;

/* A counted reference. All-zero bytes hold nothing. */
typedef struct {
    const void *object; /* NULL where the cell was empty */
    void *share;
} qsc_refcount_cell_ref;

/* Makes a cell that holds NULL, for as many CPUs as the system has.
 * Returns: 0; ENOMEM. Blocks: no. Progress: blocking (allocates). Memory order: none. Threads: one. */
int qsc_refcount_cell_create(qsc_refcount_cell **cell) __attribute__((warn_unused_result));

/* Frees the cell, once the last reader has put its reference; what it held last is returned to its owner.
 * Returns: the object, or NULL. Blocks: until the last reference is put. Progress: blocking.
 * Memory order: all uses of the object happen before the return.
 * Threads: one, while no other gets. Who holds a reference waits for himself. */
const void *qsc_refcount_cell_destroy(qsc_refcount_cell *cell);

/* Takes a reference to the current object.
 * Returns: nothing; reference->object may be NULL. Blocks: while another thread holds this CPU's mutex: for a
 * few instructions, unless that thread is preempted in them. Progress: blocking. Memory order: acquire; pairs
 * with the release of update. Threads: any. Not inside: a signal handler. */
void qsc_refcount_cell_get(qsc_refcount_cell *cell, qsc_refcount_cell_ref *reference);

/* Gives a reference back and clears it. One that holds nothing is left alone.
 * Returns: nothing. Blocks: no. Progress: lock-free.
 * Memory order: release; everything done with the object happens before the return of the update that
 * replaced it. Threads: any, not only the one that took it. */
void qsc_refcount_cell_put(qsc_refcount_cell_ref *reference);

/* Makes `object` (NULL is allowed) the current one and waits until nobody refers to the former one.
 * Returns: 0, and the former object in *former, from now on the caller's alone; ENOMEM: nothing has changed.
 * Blocks: until all references to the former object are put. Progress: blocking.
 * Memory order: release for `object`; all uses of *former happen before the return.
 * Threads: any; they take turns. Who holds a reference to the current object waits for himself. */
int qsc_refcount_cell_update(qsc_refcount_cell *cell, const void *object, const void **former)
    __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif

#endif
