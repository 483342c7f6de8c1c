#include <quiesce/model/trie.h>

#include <quiesce/concurrency/alloc.h>

#include <errno.h>

static uint64_t key_of(uint32_t node, char byte)
{
    return (uint64_t)node << 8 | (unsigned char)byte;
}

static struct qsc_trie_edge *slot_of(struct qsc_trie_edge *edges, size_t slots, uint64_t key)
{
    size_t at = (size_t)((key * 0x9e3779b97f4a7c15u) >> 32) & (slots - 1); // Fibonacci hashing
    while (edges[at].child && edges[at].key != key)
        at = (at + 1) & (slots - 1);
    return &edges[at];
}

static int grow_edges(struct qsc_trie *trie)
{
    const size_t slots = trie->slots ? 2 * trie->slots : 1024;
    struct qsc_trie_edge *edges = qsc_alloc_zeroed(slots, sizeof *edges);
    if (!edges)
        return ENOMEM;
    for (size_t i = 0; i < trie->slots; i++)
        if (trie->edges[i].child)
            *slot_of(edges, slots, trie->edges[i].key) = trie->edges[i];
    qsc_free(trie->edges);
    trie->edges = edges;
    trie->slots = slots;
    return 0;
}

static int add_node(struct qsc_trie *trie)
{
    if (trie->nodes == trie->node_capacity) {
        const size_t capacity = trie->node_capacity ? 2 * trie->node_capacity : 512;
        int32_t *ids = qsc_realloc(trie->ids, capacity * sizeof *ids);
        if (!ids)
            return ENOMEM;
        trie->ids = ids;
        trie->node_capacity = capacity;
    }
    trie->ids[trie->nodes++] = -1;
    return 0;
}

int qsc_trie_add(struct qsc_trie *trie, const char *text, size_t bytes, int32_t id)
{
    if (trie->nodes == 0 && add_node(trie))
        return ENOMEM;
    uint32_t node = QSC_TRIE_ROOT;
    for (size_t i = 0; i < bytes; i++) {
        if (2 * trie->nodes >= trie->slots && grow_edges(trie))
            return ENOMEM;
        struct qsc_trie_edge *edge = slot_of(trie->edges, trie->slots, key_of(node, text[i]));
        if (!edge->child) {
            if (add_node(trie))
                return ENOMEM;
            *edge = (struct qsc_trie_edge){key_of(node, text[i]), (uint32_t)(trie->nodes - 1)};
        }
        node = edge->child;
    }
    trie->ids[node] = id;
    return 0;
}

uint32_t qsc_trie_step(const struct qsc_trie *trie, uint32_t node, char byte)
{
    return trie->slots ? slot_of(trie->edges, trie->slots, key_of(node, byte))->child : QSC_TRIE_ROOT;
}

int32_t qsc_trie_id(const struct qsc_trie *trie, uint32_t node)
{
    return trie->nodes ? trie->ids[node] : -1;
}

uint32_t qsc_trie_find(const struct qsc_trie *trie, const char *text)
{
    uint32_t node = QSC_TRIE_ROOT;
    for (; *text; text++) {
        node = qsc_trie_step(trie, node, *text);
        if (node == QSC_TRIE_ROOT)
            break;
    }
    return node;
}

void qsc_trie_fini(struct qsc_trie *trie)
{
    qsc_free(trie->edges);
    qsc_free(trie->ids);
    *trie = (struct qsc_trie){0};
}
