/* Memory in whole cache lines, so that nothing else shares one with it. */
#ifndef QUIESCE_LAB_CACHE_LINES_H
#define QUIESCE_LAB_CACHE_LINES_H

#include <quiesce/concurrency/alloc.h>
#include <string.h>

enum { LAB_LINE = 64 };

/* So many bytes as cache lines; never none. */
static inline size_t lab_whole_lines(size_t bytes)
{
    return (bytes + LAB_LINE) / LAB_LINE * LAB_LINE;
}

/* At the beginning of a line, all zero, for qsc_free; or NULL where there is no memory. */
__attribute__((warn_unused_result)) static inline void *lab_zeroed_lines(size_t bytes)
{
    void *memory = qsc_alloc_aligned(lab_whole_lines(bytes), LAB_LINE);
    return memory ? memset(memory, 0, lab_whole_lines(bytes)) : NULL;
}

#endif
