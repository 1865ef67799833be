/*
 * The terminal of a container that a runtime makes (OCI runtime command line, "--console-socket"): the runtime sends its end through a
 * socket, and what stays beside the holder keeps it.
 */
#ifndef FINBACK_CONSOLE_H
#define FINBACK_CONSOLE_H

#include "terminal.h"

static const char *const console_name = "console";

/* A socket of that name in the directory: a path of its own could be too long for one. */
static int console_in(const char *directory) {
    struct unix_address address = {.family = AF_UNIX};
    put(address.path, address.path + sizeof address.path - 1, console_name);
    long here = CALL4(openat, AT_FDCWD, ".", O_DIRECTORY | O_CLOEXEC, 0);
    long server = CALL3(socket, AF_UNIX, SOCK_STREAM | O_CLOEXEC, 0), done = CALL1(chdir, directory);
    if (done >= 0) done = CALL3(bind, server, &address, sizeof address);
    if (done >= 0) done = CALL2(listen, server, 1);
    if (done < 0) fail(1, "!cannot listen in", directory, done);
    CALL1(fchdir, here);
    CALL1(close, here);
    return (int)server;
}

/* The one descriptor that comes with the first message. */
static int passed_through(int server) {
    char text[MESSAGE];
    struct passed passed = {.fd = NONE};
    struct piece piece = {text, sizeof text};
    struct message message = {.pieces = &piece, .piece_count = 1, .control = &passed, .control_bytes = sizeof passed};
    long from = CALL4(accept4, server, 0, 0, O_CLOEXEC);
    if (from < 0 || CALL3(recvmsg, from, &message, MSG_CMSG_CLOEXEC) < 0) return NONE;
    CALL1(close, from);
    return passed.level == SOL_SOCKET && passed.type == SCM_RIGHTS ? passed.fd : NONE;
}

/* Until nobody has the container's end open any more. */
static void show(struct stream *out) {
    struct pollfd watched[] = {{terminal, POLLIN, 0}, {input, POLLIN, 0}};
    while (out->pipe != NONE) {
        watched[0].events = is_typing() ? POLLIN | POLLOUT : POLLIN;
        watched[1].fd = is_typing() ? NONE : input;
        call(SYS_ppoll, (long)watched, 2, 0, 0, 8);
        if (watched[0].revents & POLLOUT) type();
        if (watched[0].revents & ~POLLOUT) pump(out);
        if (watched[1].fd != NONE && watched[1].revents) type();
    }
    finish(0);
}

#endif
