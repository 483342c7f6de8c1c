# file: concurrency/spin.c
# bug: unlock of the MCS lock leaves behind who has joined the line and not yet said so (it is preempted there)
# killed-by: native tsan
/^static qsc_mcs_node \*mcs_successor/,/^}/{
s/^    while \(\(next = /    static qsc_mcs_node nobody;\n    if ((next = /
s/^        qsc_port_turn\(&spent, 1\);/        next = spent ? NULL : \&nobody;/
}
s/^    if \(before\) \{/&\n        qsc_port_yield();/
