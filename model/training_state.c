#include <quiesce/model/training_state.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/safetensors.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *add_trait(struct qsc_training_identity *identity, const char *name)
{
    identity->trait[identity->count].name = name;
    return identity->trait[identity->count++].value;
}

void qsc_training_identity_number(struct qsc_training_identity *identity, const char *name, double value)
{
    snprintf(add_trait(identity, name), sizeof identity->trait[0].value, "%.17g", value);
}

void qsc_training_identity_text(struct qsc_training_identity *identity, const char *name, const char *value)
{
    snprintf(add_trait(identity, name), sizeof identity->trait[0].value, "%s", value);
}

void qsc_training_identity_hash(struct qsc_training_identity *identity, const char *name, uint64_t hash)
{
    snprintf(add_trait(identity, name), sizeof identity->trait[0].value, "%016" PRIx64, hash);
}

uint64_t qsc_training_hash(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *next = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ next[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static float *zeroed(size_t floats)
{
    float *array = qsc_alloc_aligned(floats * sizeof *array, 64);
    if (array)
        memset(array, 0, floats * sizeof *array);
    return array;
}

int qsc_training_state_init(struct qsc_training_state *state, float *params, size_t floats, int with_v,
                            int with_best, struct qsc_error *err)
{
    *state = (struct qsc_training_state){.floats = floats, .params = params, .best_f1 = -1};
    state->m = zeroed(floats);
    state->v = with_v ? zeroed(floats) : NULL;
    state->best = with_best ? zeroed(floats) : NULL;
    if (state->m && (state->v || !with_v) && (state->best || !with_best))
        return 0;
    qsc_training_state_fini(state);
    return qsc_fail(err, ENOMEM, "no memory for the optimiser's state of %zu parameters", floats);
}

void qsc_training_state_fini(struct qsc_training_state *state)
{
    qsc_free(state->m);
    qsc_free(state->v);
    qsc_free(state->best);
    *state = (struct qsc_training_state){0};
}

// The arrays there are, under their names in the file. Returns how many.
static size_t list_arrays(const struct qsc_training_state *state, const char *names[4], float *arrays[4])
{
    const char *const all[] = {"params", "m", "v", "best"};
    float *const there[] = {state->params, state->m, state->v, state->best};
    size_t count = 0;
    for (size_t i = 0; i < 4; i++) {
        if (there[i]) {
            names[count] = all[i];
            arrays[count++] = there[i];
        }
    }
    return count;
}

int qsc_training_state_save(const struct qsc_training_state *state,
                            const struct qsc_training_identity *identity, const char *path,
                            struct qsc_error *err)
{
    enum { own = 4 };
    char text[own][40];
    struct qsc_tensor_metadata metadata[own + QSC_TRAINING_TRAITS_MAX] = {{"state: step", text[0]},
                                                                          {"state: best step", text[1]},
                                                                          {"state: stale", text[2]},
                                                                          {"state: best F1", text[3]}};
    snprintf(text[0], sizeof text[0], "%" PRIu64, state->step);
    snprintf(text[1], sizeof text[1], "%" PRIu64, state->best_step);
    snprintf(text[2], sizeof text[2], "%" PRIu64, state->stale);
    snprintf(text[3], sizeof text[3], "%a", state->best_f1);
    for (int i = 0; i < identity->count; i++)
        metadata[own + i] = (struct qsc_tensor_metadata){identity->trait[i].name, identity->trait[i].value};
    const char *names[4];
    float *arrays[4];
    struct qsc_tensor_data tensors[4];
    size_t count = list_arrays(state, names, arrays);
    for (size_t i = 0; i < count; i++)
        tensors[i] = (struct qsc_tensor_data){
            .name = names[i], .dtype = QSC_DTYPE_F32, .rank = 1, .shape = {state->floats}, .data = arrays[i]};
    return qsc_safetensors_write(path, tensors, count, metadata, own + (size_t)identity->count, err);
}

static int check_identity(const qsc_safetensors *file, const struct qsc_training_identity *identity,
                          const char *path, struct qsc_error *err)
{
    for (int i = 0; i < identity->count; i++) {
        const char *name = identity->trait[i].name, *there = qsc_safetensors_metadata(file, name);
        if (!there)
            return qsc_fail(err, EINVAL, "%s: is no checkpoint of a training; delete it to begin anew", path);
        if (strcmp(there, identity->trait[i].value) != 0)
            return qsc_fail(err, EINVAL,
                            "%s: belongs to a training with another %s (%s, now %s); delete it to begin anew",
                            path, name, there, identity->trait[i].value);
    }
    return 0;
}

static int read_count(const qsc_safetensors *file, const char *name, uint64_t *value)
{
    const char *text = qsc_safetensors_metadata(file, name);
    char *end;
    if (!text || !*text)
        return EINVAL;
    *value = strtoull(text, &end, 10);
    return *end ? EINVAL : 0;
}

static int read_state(struct qsc_training_state *state, const qsc_safetensors *file, const char *path,
                      struct qsc_error *err)
{
    const char *f1 = qsc_safetensors_metadata(file, "state: best F1"), *names[4];
    float *arrays[4];
    size_t count = list_arrays(state, names, arrays);
    int code = !f1 || read_count(file, "state: step", &state->step) ||
                       read_count(file, "state: best step", &state->best_step) ||
                       read_count(file, "state: stale", &state->stale)
                   ? EINVAL
                   : 0;
    for (size_t i = 0; i < count && !code; i++) {
        const struct qsc_tensor_info *tensor = qsc_safetensors_find(file, names[i]);
        if (!tensor || tensor->dtype != QSC_DTYPE_F32 || tensor->elements != state->floats)
            code = EINVAL;
    }
    if (code)
        return qsc_fail(err, code, "%s: is damaged; delete it to begin anew", path);
    state->best_f1 = strtod(f1, NULL);
    for (size_t i = 0; i < count && !code; i++)
        code = qsc_safetensors_read_floats(file, qsc_safetensors_find(file, names[i]), arrays[i], err);
    return code;
}

int qsc_training_state_load(struct qsc_training_state *state, const struct qsc_training_identity *identity,
                            const char *path, struct qsc_error *err)
{
    qsc_safetensors *file;
    int code = qsc_safetensors_open(&file, path, err);
    if (code)
        return code;
    code = check_identity(file, identity, path, err);
    if (!code)
        code = read_state(state, file, path, err);
    qsc_safetensors_close(file);
    return code;
}
