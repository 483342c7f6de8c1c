/* precision_option.h: --precision, the same for all commands that make products. */
#ifndef QUIESCE_TOOLS_PRECISION_OPTION_H
#define QUIESCE_TOOLS_PRECISION_OPTION_H

#include "options.h"

#include <quiesce/kernels/precision.h>

/* `to` points to an int, which becomes an enum qsc_precision. */
#define QSC_OPTION_PRECISION(to)                                                                        \
    {                                                                                                   \
        .name = "precision", .kind = QSC_OPTION_CHOICE, .target = (to), .choices = qsc_precision_names, \
        .help = "numbers that the matrix products are made of"                                          \
    }

#endif
