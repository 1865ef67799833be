/*
 * A terminal for a task: what it prints there is a stream as its outputs are, what others want it to read comes from a pipe with a name,
 * so that an agent that is started later finds it.
 */
#ifndef FINBACK_TERMINAL_H
#define FINBACK_TERMINAL_H

#include "logs.h"

enum { TYPED = 1024 };

static int terminal = NONE, input = NONE;
static char typed[TYPED];
static u64 typed_at, typed_end;

static void open_input(const char *pipe) {
    CALL4(mknodat, AT_FDCWD, pipe, FIFO_RIGHTS, 0);
    input = (int)CALL4(openat, AT_FDCWD, pipe, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0);
    if (input < 0) fail(1, "!cannot open its input", pipe, input);
}

static void open_terminal(struct stream *out, struct stream *err) {
    struct window size = {0};
    const char *pipe = 0, *uid = 0, *gid = 0;
    int unlocked = 0;
    for (char **w = words; *w; w++) {
        if (same(*w, "tty")) {
            size.rows = (unsigned short)number(w[1], 10), size.columns = (unsigned short)number(w[2], 10);
            pipe = w[3];
            w += 3;
        } else if (same(*w, "uid")) uid = w[1], gid = w[2], w += 3;
    }
    if (!pipe) return;
    long made = CALL4(openat, AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0);
    if (made < 0) fail(1, "!cannot make a terminal", "", made);
    terminal = (int)made;
    CALL3(ioctl, terminal, TIOCSPTLCK, &unlocked);
    long theirs = CALL3(ioctl, terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (theirs < 0) fail(1, "!cannot open its terminal", "", theirs);
    if (size.rows && size.columns) CALL3(ioctl, terminal, TIOCSWINSZ, &size);
    CALL2(fchmod, theirs, 0620);
    if (uid) CALL3(fchown, theirs, number(uid, 10), number(gid, 10));
    open_input(pipe);
    out->pipe = terminal;
    out->writer = err->writer = (int)theirs;
    err->pipe = NONE;
    open_file(out);
}

static int is_typing(void) {
    return typed_at < typed_end;
}

/* Never waits: what is not read yet stays here, and then in the pipe. */
static void type(void) {
    if (!is_typing()) {
        long n = CALL3(read, input, typed, sizeof typed);
        if (n <= 0) return;
        typed_at = 0;
        typed_end = (u64)n;
    }
    long written = CALL3(write, terminal, typed + typed_at, typed_end - typed_at);
    if (written != -EAGAIN) typed_at = written > 0 ? typed_at + (u64)written : typed_end;
}

#endif
