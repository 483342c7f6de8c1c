/* qsc-lab list: which locks there are, and what is known of them. */
#include "commands.h"

static const char *yes_or_no(bool yes)
{
    return yes ? "yes" : "-";
}

static int run(int argc, char **argv)
{
    const struct qsc_option options[] = {{0}};
    int status;
    if (!qsc_options_parse(&lab_list_command, options, argc, argv, &status))
        return status;
    printf("%-18s %5s %6s %5s %3s %5s %5s  %-25s %-56s %s\n", "lock", "bytes", "waiter", "reads", "try",
           "timed", "parks", "order", "a waiter is overtaken", "verified by");
    for (const struct lab_lock *lock = lab_lock_after(""); lock; lock = lab_lock_after(lock->name)) {
        printf("%-18s %5zu %6zu %5s %3s %5s %5s  %-25s %-56s %s\n", lock->name,
               lock->bytes ? lock->bytes : lock->lock_size,
               lock->waiter_bytes ? lock->waiter_bytes : lock->waiter_size, yes_or_no(lock->read_lock),
               yes_or_no(lock->trylock), yes_or_no(lock->timed), yes_or_no(lock->parks), lock->order,
               lock->bypass, lock->verified);
    }
    return QSC_EXIT_OK;
}

const struct qsc_command lab_list_command = {
    .name = "list",
    .usage = "",
    .summary = "prints the locks that there are, and what is known of them",
    .details =
        "bytes are those of a lock, waiter those of each thread in line besides. reads: sections that only\n"
        "read may overlap. parks: a waiter falls asleep. docs/lab.md tells how to add a lock.",
    .run = run,
};
