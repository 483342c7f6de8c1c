#include <quiesce/kernels/cpu/least.h>
#include <quiesce/kernels/cpu/linear_plan.h>
#include <quiesce/kernels/cpu/sum_rows.h>

int qsc_linear_backward_weight_by_outer(const qsc_linear *plan, float *dw, float *db, const float *dy,
                                        const float *x, int m, void *scratch)
{
    const int step = plan->way->outer_tokens;
    int token = 0;
    do { // once even for no tokens: dw is zeros then
        plan->way->add_outer(plan, dw, dy + (size_t)token * (size_t)plan->n,
                             x + (size_t)token * (size_t)plan->k, qsc_least(step, m - token), token > 0,
                             scratch);
        token += step;
    } while (token < m);
    if (db)
        qsc_sum_rows(db, dy, m, plan->n);
    return 0;
}
