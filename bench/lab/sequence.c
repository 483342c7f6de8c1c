#include "sequence.h"

#include "random.h"

#include <math.h>

const char *const lab_verdict_names[] = {"undecided", "faster", "slower", "equivalent"};

enum lab_verdict lab_judge(const struct lab_location *location, double margin)
{
    double bound = log1p(margin);
    if (location->low > -bound && location->high < bound)
        return LAB_EQUIVALENT;
    if (location->low > 0)
        return LAB_FASTER;
    return location->high < 0 ? LAB_SLOWER : LAB_UNDECIDED;
}

static int look(struct lab_sequence *sequence, double margin)
{
    int error = lab_locate(&sequence->location, sequence->log_ratios, sequence->pairs, LAB_LOOK_ALPHA);
    if (error == 0)
        sequence->verdict = lab_judge(&sequence->location, margin);
    return error;
}

static int measure_pair(struct lab_sequence *sequence, uint64_t *random, lab_measure *measure, void *context)
{
    unsigned first = lab_random_below(random, 2);
    double values[2];
    int error = measure(context, first, &values[first]);
    if (error == 0)
        error = measure(context, !first, &values[!first]);
    if (error)
        return error;
    sequence->values[0][sequence->pairs] = values[0];
    sequence->values[1][sequence->pairs] = values[1];
    sequence->log_ratios[sequence->pairs] = log(fmax(values[0], 1) / fmax(values[1], 1));
    sequence->pairs++;
    return 0;
}

int lab_decide(struct lab_sequence *sequence, double margin, uint64_t random, lab_measure *measure,
               void *context)
{
    *sequence = (struct lab_sequence){.location = {.low = -HUGE_VAL, .high = HUGE_VAL, .p = 1}};
    unsigned next = LAB_FIRST_LOOK, looked = 0;
    int error = 0;
    while (error == 0 && sequence->verdict == LAB_UNDECIDED && sequence->pairs < LAB_DIFFERENCES_MAX) {
        error = measure_pair(sequence, &random, measure, context);
        if (error == 0 && sequence->pairs == next) {
            error = look(sequence, margin);
            looked = next;
            next *= 2;
        }
    }
    if (error == LAB_NO_MORE)
        error = sequence->pairs > looked ? look(sequence, margin) : 0;
    return error;
}
