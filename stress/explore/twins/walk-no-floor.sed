# file: walk.c
# bug: a walk reads and places beyond what coherence allows
# noticed-by: fuzz
s/if \(s == floor\)/if (s == QX_NONE)/
