#ifndef QUIESCE_MODEL_TRIE_H
#define QUIESCE_MODEL_TRIE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Strings -> ids, walked a byte at a time: the longest piece at a place in a text is found in one pass that
// ends where no piece goes on. Internal to model/. The edges of all nodes share one open-addressing hash
// table. All-zero bytes are a valid, empty trie. Read only once filled.
struct qsc_trie {
    struct qsc_trie_edge {
        uint64_t key;   // node << 8 | byte
        uint32_t child; // 0 = this slot is free
    } * edges;          // (slots), a power of two, at most half of them taken
    size_t slots;
    int32_t *ids; // (nodes): of the string that ends there, or -1
    size_t nodes, node_capacity;
};

enum { QSC_TRIE_ROOT = 0 };

// Adds text[0..bytes); a string that is there gets the new id.
// Returns 0 or ENOMEM (the trie is whole, part of the string's path may be in it). One thread.
int qsc_trie_add(struct qsc_trie *trie, const char *text, size_t bytes, int32_t id)
    __attribute__((warn_unused_result));

// The node that a byte leads to, or QSC_TRIE_ROOT where no string goes on so. Wait-free; any thread.
uint32_t qsc_trie_step(const struct qsc_trie *trie, uint32_t node, char byte);

// The id of the string that ends in the node, or -1. Wait-free; any thread.
int32_t qsc_trie_id(const struct qsc_trie *trie, uint32_t node);

// The node at the end of text, or QSC_TRIE_ROOT (also for the empty text). Wait-free; any thread.
uint32_t qsc_trie_find(const struct qsc_trie *trie, const char *text);

void qsc_trie_fini(struct qsc_trie *trie);

#ifdef __cplusplus
}
#endif
#endif
