/* The C library's own functions behind those that the explorer has put in their place. */
#ifndef QUIESCE_EXPLORE_REAL_H
#define QUIESCE_EXPLORE_REAL_H

#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>

// The next definition of a function of this name, looked up at each call: none of them is called often.
#define QX_REAL(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

#define qx_real_pthread_create QX_REAL(pthread_create)

#endif
