# Copies of whole structures, which GenMC follows neither through a pointer nor where there is padding: member by member
# here, or none at all where the object is static and zero anyway.
s/^( +)\*lock = \(qsc_clh\)\{\.spare = node\};/\1lock->tail = NULL, lock->spare = node;/
s/^( +)\*\(qsc_tas \*\)lock = .*;/\1((qsc_tas *)lock)->locked = 0;/
s/^( +)\*\(qsc_ticket \*\)lock = .*;/\1((qsc_ticket *)lock)->next = ((qsc_ticket *)lock)->serving = 0;/
s/^( +)\*\(qsc_mcs \*\)lock = .*;/\1((qsc_mcs *)lock)->tail = NULL;/
s/^( +)struct end end = \{(\.mask = size - 1), \.slots = slots\};/\1struct spsc *queue = (struct spsc *)storage;/
s/^( +)\*\(struct spsc \*\)storage = .*;/\1queue->push.mask = queue->pop.mask = size - 1, queue->push.slots = queue->pop.slots = slots;/
s/^( +)\*objects\[i\] = \(struct object\)\{\.users = THREADS\};/\1objects[i]->mutex.word = 0, objects[i]->users = THREADS;/
s/^( +)objects\[i\]->barrier = \(qsc_barrier\)QSC_BARRIER_INIT\(THREADS\);/\1objects[i]->barrier.state = 0, objects[i]->barrier.parties = THREADS;/
s/^( +)objects\[i\]->all = .*;/\1objects[i]->all.word = THREADS + 1;/
s/^( +)members\[i\] = \(struct member\)\{\.index = i\};/\1members[i].index = i, members[i].met = 0;/
s/^( +)objects\[i\]->others = .*;/\1objects[i]->others.word = THREADS - 1;/
s/^( +)struct shared \*shared = aligned_alloc\(.*\);/\1static struct shared zero, *shared = \&zero;/
s/^ +\*shared = \(struct shared\)\{.*\};|^ +free\(shared\);//
s/^( +)\w+ = \(\w+\)\{0\};/\1;/
s/^( +)object->count = \(qsc_refcount\)QSC_REFCOUNT_INIT\(THREADS\);/\1object->count.count = THREADS;/
s/^( +)struct qsc_port_futex futexes\[QSC_PORT_FUTEXES\];/\1static struct qsc_port_futex all[THREADS_AT_MOST][QSC_PORT_FUTEXES];\n\1struct qsc_port_futex *futexes = all[pthread_self()];/
s/^( +)futexes\[(\w+)(\+\+|)\] = qsc_port_futex_on\((.*), (\w+)\);/\1futexes[\2].word = \4, futexes[\2\3].expected = \5;/
s/^( +)shared\.barrier = \(qsc_spinbarrier\)QSC_SPINBARRIER_INIT\(THREADS\);/\1shared.barrier.parties = THREADS;/
s/^( +)\*lock = \(qsc_brlock\)\{\.(has_membarrier = .*)\};/\1lock->\2;/
s/^( +)\*storage = \(qsc_per_thread\)\{\.serial = (.*), \.index = (.*), \.bytes = (.*)\};/\1storage->serial = \2, storage->index = \3, storage->bytes = \4, storage->newest = NULL;/
s/^( +)\*table = \(struct qsc_per_thread_table\)\{(.*), (.*)\};/\1table->entries = \2, table->count = \3;/
s/^( +)\*entry = \(struct qsc_per_thread_entry\)\{(.*), (.*)\};/\1entry->serial = \2, entry->slot = \3;/
s/^( +)\*domain = \(qsc_hazard_domain\)\{\.(slots = .*)\};/\1domain->\2;/
s/^( +)\*node = \(qsc_hazard_node\)\{(.*), (.*), (.*)\};/\1node->next = \2, node->object = \3, node->destroy = \4;/
s/^( +)\*node = \(struct qsc_rcu_node\)\{(.*), (.*), (.*), (.*)\};/\1node->newer = \2, node->destroy = \3, node->bytes = \4, node->number = \5;/
s/^( +)struct hold hold = \{0\};/\1struct hold hold;\n\1hold.id = 0, hold.since_ns = 0, hold.owner = 0;/
s/^( +)struct look look = \{0\};/\1struct look look;\n\1look.ns = 0, look.oldest.id = 0, look.oldest.since_ns = 0, look.oldest.owner = 0, look.unfinished = false;/
s/^( +)reclaimer->oldest_hold = look\.oldest;/\1reclaimer->oldest_hold.id = look.oldest.id;/
s/^( +)\*object = \(struct object\)\{(number), (number)\};/\1object->number = \2, object->copy = \3;/
# Memory that is to be zero, in the sizes in which it is used.
s/^( +)qsc_cancel \*token = calloc\(1, sizeof \*token\);/\1qsc_cancel *token = malloc(sizeof *token);\n\1token->parent = NULL, token->state = 0;/
s/^( +)memset\(slot, 0, bytes\);/\1set_to_zero(slot->content, storage->bytes);/
s/^( +)memset\(serials \+ (.*), 0, \(count - .*\) \* sizeof \*serials\);/\1set_to_zero(serials + \2, (count - \2) * sizeof *serials);/
s/^( +)memset\(entries \+ (.*), 0, \(count - .*\) \* sizeof \*entries\);/\1set_to_zero(entries + \2, (count - \2) * sizeof *entries);/
s/^( +)struct qsc_reclaimer \*reclaimer = qsc_alloc_zeroed\(.*\);/\1static struct qsc_reclaimer zero, *reclaimer = \&zero;/
s/^( +)qsc_task_graph \*graph = qsc_alloc_zeroed\(.*\);/\1static struct { qsc_task_graph graph; struct node nodes[3]; uint32_t order_and_edges[8]; } zero;\n\1qsc_task_graph *graph = \&zero.graph;/
s/^( +)qsc_free\((reclaimer|graph)\);/\1;/
# A sum of 32 bits that wraps around, which GenMC keeps in 64.
s/^( +)\(void\)__atomic_fetch_add\((&lock->readers_in), more - WRITER, (\w+)\);/\1(void)(more ? __atomic_fetch_add(\2, more - WRITER, \3) : __atomic_fetch_sub(\2, WRITER, \3));/
# Structures of a thread's own.
s/^(extern |)__thread struct qsc_per_thread_table qsc_per_thread_table.*;/\1struct qsc_per_thread_table qsc_per_thread_tables[THREADS_AT_MOST];/
s/&qsc_per_thread_table\b/\&qsc_per_thread_tables[pthread_self()]/
s/\bqsc_per_thread_table\.entries/qsc_per_thread_tables[pthread_self()].entries/
s/^( +)qsc_per_thread_table = .*;/\1qsc_per_thread_tables[pthread_self()].entries = NULL, qsc_per_thread_tables[pthread_self()].count = 0;/
s/^( +)static __thread struct qsc_thread_exit at_exit = \{\.(run = \w+)\};/\1static struct qsc_thread_exit at_exits[THREADS_AT_MOST];\n\1struct qsc_thread_exit *at_exit = \&at_exits[pthread_self()];\n\1at_exit->\2;/
s/qsc_thread_exit_add\(&at_exit\)/qsc_thread_exit_add(at_exit)/
