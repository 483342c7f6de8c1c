/* The panels of the page: in each, plots over one axis of the cells that differ in nothing else, and their
 * figures. */
#ifndef QUIESCE_LAB_REPORT_PANEL_H
#define QUIESCE_LAB_REPORT_PANEL_H

#include "model/text.h"
#include "plot.h"
#include "table.h"

struct lab_panels {
    const struct lab_table *table;
    unsigned processors;
    enum lab_axis_name x;
    double places[LAB_VALUES_MAX]; /* the values on the x axis, the smallest first */
    char grey_words[64], x_label[32], ratio_title[LAB_NAME_MAX + 32];
    struct lab_plot throughput, ratio, jain; /* of the panel that is being written */
};

/* The plots point into the panels, which must not be moved. Returns 0 or ENOMEM. */
__attribute__((warn_unused_result)) int lab_panels_init(struct lab_panels *panels,
                                                        const struct lab_table *table, enum lab_axis_name x,
                                                        unsigned processors);
void lab_panels_fini(struct lab_panels *panels);

/* All of them. Returns 0 or ENOMEM; that of the text shows in its code. */
__attribute__((warn_unused_result)) int lab_panels_print(struct lab_panels *panels, struct qsc_text *out);

/* Whether the cell's threads are more than the processors. */
bool lab_panels_shared(const struct lab_panels *panels, const struct lab_cell *cell);

/* "section 500 ns, outside 500 ns": the cell's values but for x, either those that tell it from other panels'
 * or those that all cells have. */
void lab_load_print(struct qsc_text *out, const struct lab_campaign *campaign, enum lab_axis_name x,
                    const struct lab_cell *cell, bool distinguishing);

#endif
