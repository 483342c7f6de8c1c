// Inference with 8-bit integers: weights with a scale for each channel, rows of x with a scale for each row,
// found when they come (Dettmers et al., LLM.int8(), 2022, call it vector-wise).
#include <quiesce/kernels/cpu/int8.h>
#include <quiesce/kernels/cpu/least.h>
#include <quiesce/kernels/cpu/linear_plan.h>
#include <quiesce/kernels/cpu/quantize.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct int8 {
    qsc_linear base;
    const struct qsc_int8_unit *unit;
};

// A packed matrix, and a thread's scratch, as they stand in the caller's memory.
struct packed {
    int8_t *w;      // (panels, tiles, QSC_INT8_TILE_BYTES)
    float *scale;   // (panels * QSC_INT8_SIDE)
    int32_t *start; // (panels * QSC_INT8_SIDE)
};

struct scratch {
    uint8_t *x;       // (QSC_INT8_ROWS, tiles * QSC_INT8_STEP), in tiles
    float *scale;     // (QSC_INT8_ROWS)
    int32_t *sums[2]; // each (QSC_INT8_ROWS, QSC_INT8_COLUMNS)
};

static const struct int8 *self(const qsc_linear *plan)
{
    return (const struct int8 *)plan;
}

static size_t panels_of(const qsc_linear *plan)
{
    return ((size_t)plan->n + QSC_INT8_SIDE - 1) / QSC_INT8_SIDE;
}

static size_t panel_bytes(const qsc_linear *plan)
{
    return qsc_int8_tiles(plan->k) * QSC_INT8_TILE_BYTES;
}

static struct packed packed_at(const qsc_linear *plan, const void *packed)
{
    struct packed p = {.w = (int8_t *)packed};
    p.scale = (float *)(void *)(p.w + panels_of(plan) * panel_bytes(plan));
    p.start = (int32_t *)(p.scale + panels_of(plan) * QSC_INT8_SIDE);
    return p;
}

static struct scratch scratch_at(const qsc_linear *plan, void *scratch)
{
    struct scratch s = {.x = scratch};
    s.scale = (float *)(void *)(s.x + QSC_INT8_ROWS / QSC_INT8_SIDE * panel_bytes(plan));
    s.sums[0] = (int32_t *)(s.scale + QSC_INT8_ROWS);
    s.sums[1] = s.sums[0] + QSC_INT8_ROWS * QSC_INT8_COLUMNS;
    return s;
}

static size_t packed_bytes(const qsc_linear *plan)
{
    return panels_of(plan) * (panel_bytes(plan) + QSC_INT8_SIDE * (sizeof(float) + sizeof(int32_t)));
}

static size_t scratch_bytes(const qsc_linear *plan)
{
    return QSC_INT8_ROWS / QSC_INT8_SIDE * panel_bytes(plan) + QSC_INT8_ROWS * sizeof(float) +
           2 * QSC_INT8_ROWS * QSC_INT8_COLUMNS * sizeof(int32_t);
}

// A tile of activations, its rows the channels, becomes one of weights: a square of four bytes each is
// transposed, and the 128 are taken off.
static void turn_tile(int8_t *tile, uint32_t *start)
{
    uint32_t from[QSC_INT8_SIDE][QSC_INT8_SIDE], to[QSC_INT8_SIDE][QSC_INT8_SIDE];
    memcpy(from, tile, sizeof from);
    for (int i = 0; i < QSC_INT8_SIDE; i++) {
        for (int j = 0; j < QSC_INT8_SIDE; j++)
            to[i][j] = from[j][i] ^ 0x80808080;
    }
    memcpy(tile, to, sizeof to);
    for (int i = 0; i < QSC_INT8_TILE_BYTES; i++)
        start[i / 4 % QSC_INT8_SIDE] -= 128 * (uint32_t)tile[i];
}

static void pack(const qsc_linear *plan, void *packed, const float *w)
{
    struct packed p = packed_at(plan, packed);
    for (int c = 0; c < plan->n; c += QSC_INT8_SIDE) {
        int channels = qsc_least(QSC_INT8_SIDE, plan->n - c);
        int8_t *panel = p.w + (size_t)(c / QSC_INT8_SIDE) * panel_bytes(plan);
        uint32_t *start = (uint32_t *)p.start + c;
        memset(panel, 128, panel_bytes(plan)); // zeros, where there are no channels
        memset(start, 0, QSC_INT8_SIDE * sizeof *start);
        qsc_quantize_rows((uint8_t *)panel, p.scale + c, w + (size_t)c * (size_t)plan->k, channels, plan->k);
        for (size_t t = 0; t < qsc_int8_tiles(plan->k); t++)
            turn_tile(panel + t * QSC_INT8_TILE_BYTES, start);
    }
}

// The sums of some rows in the scratch for the channels that begin at one.
static void multiply(const qsc_linear *plan, int32_t *sums, const struct scratch *s, const struct packed *p,
                     int channel, int rows)
{
    int channels = qsc_least(QSC_INT8_COLUMNS, plan->n - channel);
    self(plan)->unit->multiply(&(struct qsc_int8_block){
        .sums = sums,
        .x = s->x,
        .w = p->w + (size_t)(channel / QSC_INT8_SIDE) * panel_bytes(plan),
        .start = p->start + channel,
        .tiles = qsc_int8_tiles(plan->k),
        .rows = rows,
        .panels = (channels + QSC_INT8_SIDE - 1) / QSC_INT8_SIDE,
    });
}

static void finish(const qsc_linear *plan, float *y, const int32_t *sums, const struct scratch *s,
                   const struct packed *p, const float *bias, int channel, int rows)
{
    qsc_dequantize(y + channel, (size_t)plan->n, sums, QSC_INT8_COLUMNS, s->scale, p->scale + channel,
                   bias ? bias + channel : NULL, rows, qsc_least(QSC_INT8_COLUMNS, plan->n - channel));
}

// Some rows at a time, and for each of them all channels, so that y is written as it lies. A block's sums are
// finished after the next block's have been started, so that the two overlap: products of tiles and the rest
// are the work of different units.
static int forward(const qsc_linear *plan, float *y, const float *x, const void *packed, const float *bias,
                   int m, void *scratch)
{
    const struct qsc_int8_unit *unit = self(plan)->unit;
    const struct packed p = packed_at(plan, packed);
    const struct scratch s = scratch_at(plan, scratch);
    if (unit->begin)
        unit->begin();
    for (int row = 0, rows; row < m; row += rows) {
        rows = qsc_least(QSC_INT8_ROWS, m - row);
        qsc_quantize_rows(s.x, s.scale, x, rows, plan->k);
        multiply(plan, s.sums[0], &s, &p, 0, rows);
        int channel = 0, turn = 0;
        for (; channel + QSC_INT8_COLUMNS < plan->n; channel += QSC_INT8_COLUMNS, turn = !turn) {
            multiply(plan, s.sums[!turn], &s, &p, channel + QSC_INT8_COLUMNS, rows);
            finish(plan, y, s.sums[turn], &s, &p, bias, channel, rows);
        }
        finish(plan, y, s.sums[turn], &s, &p, bias, channel, rows);
        x += (size_t)rows * (size_t)plan->k;
        y += (size_t)rows * (size_t)plan->n;
    }
    if (unit->end)
        unit->end();
    return 0;
}

int qsc_linear_create_int8(qsc_linear **plan, int n, int k, const struct qsc_int8_unit *unit)
{
    static const struct qsc_linear_way way = {
        .name = "int8",
        .packed_bytes = packed_bytes,
        .scratch_bytes = scratch_bytes,
        .pack = pack,
        .forward = forward,
    };
    if (k > QSC_INT8_MAX_DEPTH)
        return EINVAL;
    struct int8 *p = malloc(sizeof *p);
    if (!p)
        return ENOMEM;
    *p = (struct int8){.base = {.way = &way, .n = n, .k = k}, .unit = unit};
    *plan = &p->base;
    return 0;
}
