/* Where the runs of a sweep's file are from: the campaign, the command line, the program, the machine. */
#ifndef QUIESCE_LAB_SESSION_H
#define QUIESCE_LAB_SESSION_H

#include "campaign.h"

/* Of this process on this machine, as a line of the file. The caller's, or NULL where there is no memory. */
__attribute__((warn_unused_result)) json_t *lab_session_describe(const struct lab_campaign *campaign,
                                                                 int argc, char **argv);

/* What of a file's first session forbids to go on with it, as words that follow the file's name; NULL:
 * nothing. */
const char *lab_session_difference(const json_t *before, const json_t *now);

#endif
