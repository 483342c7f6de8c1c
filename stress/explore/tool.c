#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 60 }; // seconds: who says nothing for so long says nothing any more

// The program may want to hear of its own children, and never hears of these.
static struct {
    int alive;
    struct sigaction programs;
} child_signal;

static const struct sigaction unheard = {.sa_handler = SIG_DFL};

static void hold_child_signal(void)
{
    if (child_signal.alive++ == 0)
        sigaction(SIGCHLD, &unheard, &child_signal.programs);
}

static void let_child_signal(void)
{
    if (--child_signal.alive > 0)
        return;
    sigaction(SIGCHLD, &unheard, NULL); // forgets one that was blocked
    sigaction(SIGCHLD, &child_signal.programs, NULL);
}

static int spawn(pid_t *pid, int end, const char *const *arguments)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, end, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, end, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    int code =
        posix_spawnp(pid, arguments[0], &files, &attributes, (char *const *)(uintptr_t)arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return code;
}

// One socket for both ways: to write to it raises no SIGPIPE.
bool qx_tool_start(struct qx_tool *tool, const char *const *arguments)
{
    int end[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, end) != 0)
        return false;
    *tool = (struct qx_tool){.answer = fdopen(end[0], "r")};
    setsockopt(end[0], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = PATIENCE},
               sizeof(struct timeval));
    hold_child_signal();
    bool started = tool->answer && spawn(&tool->pid, end[1], arguments) == 0;
    close(end[1]);
    if (started)
        return true;
    let_child_signal();
    if (tool->answer)
        fclose(tool->answer);
    else
        close(end[0]);
    *tool = (struct qx_tool){0};
    return false;
}

bool qx_tool_ask(const struct qx_tool *tool, const char *question)
{
    size_t rest = strlen(question);
    while (rest > 0) {
        ssize_t n = send(fileno(tool->answer), question, rest, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return false;
        question += n < 0 ? 0 : n;
        rest -= n < 0 ? 0 : (size_t)n;
    }
    return true;
}

bool qx_tool_line(const struct qx_tool *tool, char *line, size_t size)
{
    if (!fgets(line, (int)size, tool->answer))
        return false;
    size_t length = strcspn(line, "\n");
    bool whole = line[length] == '\n';
    line[length] = '\0';
    for (int c = 0; !whole && c != '\n' && c != EOF;)
        c = getc(tool->answer);
    return true;
}

void qx_tool_end(struct qx_tool *tool)
{
    if (tool->pid == 0)
        return;
    fclose(tool->answer); // the end of its input, by which it ends
    kill(tool->pid, SIGKILL);
    while (waitpid(tool->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    *tool = (struct qx_tool){0};
    let_child_signal();
}
