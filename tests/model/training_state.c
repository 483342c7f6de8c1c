#include "trainer_fixture.h"

TestSuite(training_state, .init = scratch_make, .fini = scratch_remove);

struct stopper {
    uint64_t at;
};

static int stop_step(void *context, const struct qsc_trainer_step *step)
{
    const struct stopper *stopper = context;
    return step->step == stopper->at ? EINTR : 0;
}

static int stop_evaluation(void *context, const struct qsc_trainer_evaluation *evaluation)
{
    const struct stopper *stopper = context;
    return evaluation->step == stopper->at ? EINTR : 0;
}

/* Stopped after each step in turn, by either hook, and resumed with other threads and another split. */
Test(training_state, stopped_and_resumed_is_never_stopped)
{
    struct setting s;
    char path[600];
    struct stopper stopper;
    open_setting(&s, 30);
    s.trainer.config.evaluate_every = 3;
    must_train(&s);
    float *expected = copy_params(&s);
    uint64_t steps = s.result.steps;
    double f1 = s.result.best_f1;
    strcpy(path, in_scratch("checkpoint"));
    for (uint64_t at = 1; at <= steps; at++) {
        for (int kind = 0; kind < 2; kind++) {
            if (kind == 1 && at % 3 != 0)
                continue;
            struct qsc_trainer_hooks *hooks = &s.trainer.hooks;
            stopper.at = at;
            *hooks = kind ? (struct qsc_trainer_hooks){.context = &stopper, .evaluation = stop_evaluation}
                          : (struct qsc_trainer_hooks){.context = &stopper, .step = stop_step};
            s.trainer.config.checkpoint = path;
            s.trainer.config.checkpoint_every = 1000;
            s.trainer.config.resume = false;
            s.trainer.config.batch = 8;
            s.trainer.config.accumulate = 1;
            cr_assert_eq(train_again(&s), EINTR, "%s", error.text);
            cr_assert(same_params(&s, s.start), "a stopped training changed the model");
            *hooks = (struct qsc_trainer_hooks){0};
            s.trainer.config.resume = true;
            s.trainer.config.batch = 4;
            s.trainer.config.accumulate = 2;
            open_pool(&s, 2);
            must_train(&s);
            cr_assert(same_params(&s, expected), "stopped after %d, hook %d", (int)at, kind);
            cr_assert_eq(s.result.best_f1, f1);
            cr_assert_eq(s.result.steps, steps);
        }
    }
    free(expected);
    close_setting(&s);
}

/* The training as it has been changed is not the checkpoint's, and says why; then it is as it was. */
static void expect_another(struct setting *s, const struct qsc_trainer *kept, const char *because)
{
    cr_assert_eq(train_again(s), EINVAL, "accepted with another %s", because);
    cr_assert_not_null(strstr(error.text, because), "expected \"%s\", got: %s", because, error.text);
    s->trainer = *kept;
}

Test(training_state, a_checkpoint_of_another_training_is_refused)
{
    struct setting s;
    char path[600];
    open_setting(&s, 30);
    strcpy(path, in_scratch("checkpoint"));
    s.trainer.config.checkpoint = path;
    must_train(&s);
    float *expected = copy_params(&s);
    s.trainer.config.resume = true;
    must_train(&s); /* the end again, from the last checkpoint */
    cr_assert(same_params(&s, expected));
    const struct qsc_trainer kept = s.trainer;
    struct qsc_trainer_config *config = &s.trainer.config;
    config->learning_rate *= 2;
    expect_another(&s, &kept, "learning rate");
    config->seed++;
    expect_another(&s, &kept, "seed");
    config->freeze = "layer.0";
    expect_another(&s, &kept, "freeze list");
    config->batch = 7;
    expect_another(&s, &kept, "batch * accumulate");
    config->epochs++;
    expect_another(&s, &kept, "number of epochs");
    config->optimizer = QSC_OPTIMIZER_SGD;
    expect_another(&s, &kept, "optimizer");
    s.trainer.valid = &s.train;
    expect_another(&s, &kept, "validation data");
    s.trainer.train = &s.valid;
    expect_another(&s, &kept, "training data");
    float start = s.start[5];
    s.start[5] += 1;
    expect_another(&s, &kept, "model");
    s.start[5] = start;
    set_precision(&s, QSC_BF16);
    expect_another(&s, &kept, "precision");
    set_precision(&s, QSC_F32);
    size_t length;
    char *bytes = read_bytes(path, &length);
    write_bytes(path, bytes, length - 1);
    cr_assert_eq(train_again(&s), EINVAL);
    cr_assert_not_null(strstr(error.text, "truncated"), "%s", error.text);
    free(bytes);
    free(expected);
    close_setting(&s);
}

Test(training_state, a_checkpoint_that_cannot_be_written_ends_the_training)
{
    struct setting s;
    open_setting(&s, 30);
    s.trainer.config.checkpoint = "/no/such/directory/checkpoint";
    cr_assert_eq(train_again(&s), ENOENT, "%s", error.text);
    cr_assert(same_params(&s, s.start));
    close_setting(&s);
}
