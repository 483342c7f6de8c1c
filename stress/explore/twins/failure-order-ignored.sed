# file: graph.c
# bug: a compare-exchange that fails has the order of one that succeeds
s/load->order = qx_graph_writes\(g, e\) \? load->rmw\.order : load->rmw\.failure_order;/load->order = load->rmw.order;/
