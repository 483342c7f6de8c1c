#include "lock.h"

#include <string.h>

/* The bounds of the section, made by the linker. */
extern const struct lab_lock *const __start_lab_locks[], *const __stop_lab_locks[];

const struct lab_lock *lab_lock_after(const char *name)
{
    const struct lab_lock *next = NULL;
    for (const struct lab_lock *const *lock = __start_lab_locks; lock < __stop_lab_locks; lock++) {
        if (strcmp((*lock)->name, name) > 0 && (!next || strcmp((*lock)->name, next->name) < 0))
            next = *lock;
    }
    return next;
}

const struct lab_lock *lab_lock_find(const char *name)
{
    for (const struct lab_lock *const *lock = __start_lab_locks; lock < __stop_lab_locks; lock++) {
        if (strcmp((*lock)->name, name) == 0)
            return *lock;
    }
    return NULL;
}
