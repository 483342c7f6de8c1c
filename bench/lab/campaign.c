#include "campaign.h"

#include "clock.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const no_or_yes[] = {"no", "yes", NULL};

const struct lab_axis lab_axes[LAB_AXES] = {
    [LAB_AXIS_THREADS] = {"threads", "N,..", "threads that pass through the locks; P: as many as processors",
                          "1..P,2P", "", 1, LAB_THREADS_MAX, true, NULL},
    [LAB_AXIS_SECTION] = {"section", "NS,..", "mean length of the critical section", "500", " ns", 0, 1e8,
                          true, NULL},
    [LAB_AXIS_OUTSIDE] = {"outside", "NS,..", "mean length of what is between two sections", "500", " ns", 0,
                          1e8, true, NULL},
    [LAB_AXIS_SHAPE] = {"shape", "SHAPE,..", "of both lengths: uniform, constant, exponential, bimodal",
                        "uniform", "", 0, 3, true, lab_shape_names},
    [LAB_AXIS_LINES] = {"lines", "N,..", "cache lines that a section touches", "1", "", 1, LAB_LINES_MAX,
                        true, NULL},
    [LAB_AXIS_LOCKS] = {"locks", "N,..", "locks of which each pass takes one", "1", "", 1, LAB_LOCKS_MAX,
                        true, NULL},
    [LAB_AXIS_SKEW] = {"skew", "S,..", "Zipf's exponent of their popularity; 0: all the same", "0", "", 0, 4,
                       false, NULL},
    [LAB_AXIS_READS] = {"reads", "PERCENT,..", "sections that only read", "0", " %", 0, 100, true, NULL},
    [LAB_AXIS_PIN] = {"pin", "no,yes", "keep each thread to one processor", "no", "", 0, 1, true, no_or_yes},
    [LAB_AXIS_BACKGROUND] = {"background", "N,..", "threads besides that only compute", "0", "", 0,
                             LAB_THREADS_MAX, true, NULL},
};

static bool add(struct lab_values *values, const struct lab_axis *axis, double value)
{
    if (axis->whole)
        value = round(value);
    if (!(value >= axis->min && value <= axis->max))
        return false;
    for (unsigned i = 0; i < values->count; i++) {
        if (values->of[i] == value)
            return true;
    }
    if (values->count == LAB_VALUES_MAX)
        return false;
    values->of[values->count++] = value;
    return true;
}

static bool parse_word(double *value, const struct lab_axis *axis, const char *text)
{
    for (unsigned i = 0; axis->words[i]; i++) {
        if (strcmp(axis->words[i], text) == 0) {
            *value = i;
            return true;
        }
    }
    return false;
}

/* A number with its unit, up to *end. */
static bool parse_number(double *value, const char *text, char **end)
{
    if (*text == 'P') {
        *end = (char *)text;
        *value = 1;
    } else if (isdigit((unsigned char)*text)) {
        *value = strtod(text, end);
        *end -= (*end)[-1] == '.'; /* of "1..8" */
    } else {
        return false;
    }
    if (**end == 'P')
        *value = fmax(1, round(*value * qsc_port_processors()));
    else if (**end == 'c')
        *value /= lab_clock_get()->ticks_per_ns;
    *end += **end == 'P' || **end == 'c';
    return isfinite(*value);
}

static bool parse_item(struct lab_values *values, const struct lab_axis *axis, const char *text)
{
    double first, last;
    if (axis->words)
        return parse_word(&first, axis, text) && add(values, axis, first);
    char *end;
    if (!parse_number(&first, text, &end))
        return false;
    if (*end == '\0')
        return add(values, axis, first);
    if (strncmp(end, "..", 2) != 0 || !parse_number(&last, end + 2, &end) || *end != '\0' || first <= 0)
        return false;
    bool fits = true;
    for (double value = first; value < last && fits; value *= 2)
        fits = add(values, axis, value);
    return fits && add(values, axis, last);
}

bool lab_values_parse(struct lab_values *values, enum lab_axis_name axis, const char *text)
{
    values->count = 0;
    for (bool more = true; more;) {
        char item[32];
        size_t length = strcspn(text, ",");
        if (length == 0 || length >= sizeof item)
            return false;
        memcpy(item, text, length);
        item[length] = '\0';
        if (!parse_item(values, &lab_axes[axis], item))
            return false;
        more = text[length] == ',';
        text += length + 1;
    }
    return true;
}

unsigned lab_campaign_cells(const struct lab_campaign *campaign)
{
    uint64_t cells = 1;
    for (unsigned axis = 0; axis < LAB_AXES; axis++) {
        cells *= campaign->axes[axis].count;
        if (cells > LAB_SERIES_MAX)
            return LAB_SERIES_MAX + 1;
    }
    return (unsigned)cells;
}

/* The threads change fastest. */
struct lab_cell lab_campaign_cell(const struct lab_campaign *campaign, unsigned index)
{
    struct lab_cell cell;
    for (unsigned axis = 0; axis < LAB_AXES; axis++) {
        const struct lab_values *values = &campaign->axes[axis];
        cell.at[axis] = values->of[index % values->count];
        index /= values->count;
    }
    return cell;
}

unsigned lab_campaign_find(const struct lab_campaign *campaign, const struct lab_cell *cell)
{
    unsigned index = 0, stride = 1;
    for (unsigned axis = 0; axis < LAB_AXES; axis++) {
        const struct lab_values *values = &campaign->axes[axis];
        unsigned i = 0;
        while (i < values->count && values->of[i] != cell->at[axis])
            i++;
        if (i == values->count)
            return lab_campaign_cells(campaign);
        index += i * stride;
        stride *= values->count;
    }
    return index;
}

struct lab_plan lab_campaign_plan(const struct lab_campaign *campaign, const struct lab_cell *cell,
                                  const struct lab_lock *lock)
{
    const double *at = cell->at;
    return (struct lab_plan){.lock = lock,
                             .threads = (unsigned)at[LAB_AXIS_THREADS],
                             .section_ns = (uint64_t)at[LAB_AXIS_SECTION],
                             .outside_ns = (uint64_t)at[LAB_AXIS_OUTSIDE],
                             .shape = (enum lab_shape)at[LAB_AXIS_SHAPE],
                             .lines = (unsigned)at[LAB_AXIS_LINES],
                             .locks = (unsigned)at[LAB_AXIS_LOCKS],
                             .skew = at[LAB_AXIS_SKEW],
                             .reads = (unsigned)at[LAB_AXIS_READS],
                             .pin = at[LAB_AXIS_PIN] > 0,
                             .background = (unsigned)at[LAB_AXIS_BACKGROUND],
                             .warm_up_ns = (uint64_t)campaign->warm_up_ms * 1000000,
                             .windows = campaign->ms * (1000000 / LAB_WINDOW_NS)};
}

void lab_value_print(char *text, size_t size, enum lab_axis_name axis, double value)
{
    if (lab_axes[axis].words)
        snprintf(text, size, "%s", lab_axes[axis].words[(unsigned)value]);
    else
        snprintf(text, size, "%.10g", value);
}

json_t *lab_value_to_json(enum lab_axis_name axis, double value)
{
    if (lab_axes[axis].words)
        return json_string(lab_axes[axis].words[(unsigned)value]);
    return lab_axes[axis].whole ? json_integer((json_int_t)value) : json_real(value);
}

bool lab_value_from_json(double *value, enum lab_axis_name axis, const json_t *json)
{
    const struct lab_axis *kind = &lab_axes[axis];
    if (kind->words)
        return json_is_string(json) && parse_word(value, kind, json_string_value(json));
    *value = json_number_value(json);
    return json_is_number(json) && *value >= kind->min && *value <= kind->max;
}

json_t *lab_campaign_to_json(const struct lab_campaign *campaign)
{
    json_t *locks = json_array();
    for (unsigned i = 0; i < campaign->lock_count; i++)
        json_array_append_new(locks, json_string(campaign->locks[i]));
    json_t *json = json_pack("{ss? so si si sI}", "preset", campaign->preset[0] ? campaign->preset : NULL,
                             "contenders", locks, "ms", (int)campaign->ms, "warm_up_ms",
                             (int)campaign->warm_up_ms, "seed", (json_int_t)campaign->seed);
    bool whole = json_array_size(locks) == campaign->lock_count;
    for (unsigned axis = 0; axis < LAB_AXES && json; axis++) {
        json_t *values = json_array();
        for (unsigned i = 0; i < campaign->axes[axis].count; i++)
            json_array_append_new(values, lab_value_to_json(axis, campaign->axes[axis].of[i]));
        whole = json_array_size(values) == campaign->axes[axis].count &&
                json_object_set_new(json, lab_axes[axis].name, values) == 0 && whole;
    }
    if (whole)
        return json;
    json_decref(json);
    return NULL;
}

static bool axis_from_json(struct lab_values *values, enum lab_axis_name axis, const json_t *json)
{
    values->count = 0;
    if (json_array_size(json) == 0 || json_array_size(json) > LAB_VALUES_MAX)
        return false;
    for (; values->count < json_array_size(json); values->count++) {
        if (!lab_value_from_json(&values->of[values->count], axis, json_array_get(json, values->count)))
            return false;
    }
    return true;
}

static bool locks_from_json(struct lab_campaign *campaign, const json_t *json)
{
    if (json_array_size(json) == 0 || json_array_size(json) > LAB_CONTENDERS_MAX)
        return false;
    campaign->lock_count = (unsigned)json_array_size(json);
    for (unsigned i = 0; i < campaign->lock_count; i++) {
        const char *name = json_string_value(json_array_get(json, i));
        if (!name || strlen(name) >= LAB_NAME_MAX)
            return false;
        strcpy(campaign->locks[i], name);
    }
    return true;
}

bool lab_campaign_from_json(struct lab_campaign *campaign, const json_t *json)
{
    *campaign = (struct lab_campaign){0};
    const char *preset = json_string_value(json_object_get(json, "preset"));
    json_int_t seed;
    int ms, warm_up_ms;
    if (json_unpack((json_t *)json, "{si si sI}", "ms", &ms, "warm_up_ms", &warm_up_ms, "seed", &seed) != 0 ||
        ms <= 0 || warm_up_ms < 0 || (preset && strlen(preset) >= LAB_NAME_MAX))
        return false;
    campaign->ms = (unsigned)ms;
    campaign->warm_up_ms = (unsigned)warm_up_ms;
    campaign->seed = (uint64_t)seed;
    if (preset)
        strcpy(campaign->preset, preset);
    for (unsigned axis = 0; axis < LAB_AXES; axis++) {
        if (!axis_from_json(&campaign->axes[axis], axis, json_object_get(json, lab_axes[axis].name)))
            return false;
    }
    return locks_from_json(campaign, json_object_get(json, "contenders")) &&
           lab_campaign_cells(campaign) * campaign->lock_count <= LAB_SERIES_MAX;
}
