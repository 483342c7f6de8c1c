# file: machine.c
# bug: a checkpoint lacks who sleeps, and who was woken
# noticed-by: checkpoints
/^static void keep\(void\)/,/^}/s/qx_park_keep\(\);//
