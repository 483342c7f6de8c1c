# file: sc.c
# bug: neither the order of stores nor what a load has not read counts for seq_cst
s/for \(; newer != QX_NONE; newer =/for (; false; newer =/
