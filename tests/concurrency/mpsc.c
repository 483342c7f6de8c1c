#include <criterion/criterion.h>
#include <errno.h>
#include <quiesce/concurrency/mpsc.h>

static qsc_mpsc queue; // all bytes zero: empty
static qsc_mpsc_node nodes[5];

static int pop_number(void)
{
    qsc_mpsc_node *node;
    int error = qsc_mpsc_trypop(&queue, &node);
    return error ? -error : (int)(node - nodes);
}

Test(mpsc, first_in_first_out_and_empty_again)
{
    queue = (qsc_mpsc){0};
    cr_assert_eq(pop_number(), -EAGAIN);
    for (int n = 1; n <= 5; n++) {
        for (int i = 0; i < n; i++)
            qsc_mpsc_push(&queue, &nodes[i]);
        for (int i = 0; i < n; i++)
            cr_assert_eq(pop_number(), i);
        cr_assert_eq(pop_number(), -EAGAIN);
    }
}

// Two pushes, of which the first has come to its exchange and the second has returned. The queue's words are
// written by hand, as the first push would.
Test(mpsc, a_cut_list_is_busy_not_empty)
{
    queue = (qsc_mpsc){.back = (uintptr_t)&nodes[0]};
    nodes[0].next = NULL;
    cr_assert_eq(pop_number(), -EBUSY, "nothing to see, but not empty");
    qsc_mpsc_push(&queue, &nodes[1]);
    cr_assert_eq(pop_number(), -EBUSY, "also where a later push has returned");
    queue.first = &nodes[0];
    cr_assert_eq(pop_number(), 0);
    cr_assert_eq(pop_number(), 1);
    cr_assert_eq(pop_number(), -EAGAIN);

    qsc_mpsc_push(&queue, &nodes[2]);
    queue.back = (uintptr_t)&nodes[3];
    nodes[3].next = NULL;
    cr_assert_eq(pop_number(), -EBUSY, "the last node before the cut stays: it is to be linked from");
    nodes[2].next = &nodes[3];
    cr_assert_eq(pop_number(), 2);
    cr_assert_eq(pop_number(), 3);
    cr_assert_eq(pop_number(), -EAGAIN);
}
