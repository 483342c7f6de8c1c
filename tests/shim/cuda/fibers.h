/* The threads of a block: stacks that one real thread runs in turn. AddressSanitizer is told of each switch.
 */
#ifndef QSC_SHIM_CUDA_FIBERS_H
#define QSC_SHIM_CUDA_FIBERS_H

#include <cstdint>

enum { SHIM_FIBERS = 1024 };

/* The fiber will begin with a call of entry(), which ends by fiber_end(). What it did before is forgotten. */
void fiber_prepare(unsigned fiber, void (*entry)());

/* Lets it go on until it pauses or ends. */
void fiber_resume(unsigned fiber);

/* Called on a fiber: goes back to who resumed it. */
void fiber_pause();
[[noreturn]] void fiber_end();

/* The one that runs, or ran last. */
unsigned fiber_current();

/* Does the address lie on a stack of a fiber? */
bool fiber_owns(uintptr_t address);

#endif
