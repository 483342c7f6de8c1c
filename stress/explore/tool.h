/* Tools of binutils, asked about the program: processes that live while the program does not run, so that it
 * never finds a child that it did not make. */
#ifndef QUIESCE_EXPLORE_TOOL_H
#define QUIESCE_EXPLORE_TOOL_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct qx_tool {
    pid_t pid;    // 0: it does not run
    FILE *answer; // what it writes
};

/* Starts the tool; the arguments, its name first, end with NULL. False: it is not to be had. */
bool qx_tool_start(struct qx_tool *tool, const char *const *arguments);

/* Writes to its input. False: it has died. */
bool qx_tool_ask(const struct qx_tool *tool, const char *question);

/* The next line of its output, without its end; what does not fit is left out. False: there is none. */
bool qx_tool_line(const struct qx_tool *tool, char *line, size_t size);

/* Ends it, if it runs, and waits for that. */
void qx_tool_end(struct qx_tool *tool);

#endif
