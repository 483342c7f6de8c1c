/* The execution that went last, as a picture: threads are columns, events rows, arrows what orders them. */
#ifndef QUIESCE_EXPLORE_DRAW_H
#define QUIESCE_EXPLORE_DRAW_H

/* Each writes a file, or says on stderr why it cannot. The second one needs nothing but a browser. */
void qx_draw_dot(const char *path);
void qx_draw_html(const char *path);

#endif
