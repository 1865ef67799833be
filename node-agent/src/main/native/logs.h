/*
 * The files of what a task prints (docs/adr/0017): names are of the sandbox, which is the current directory; whatever a task puts there is
 * never written through.
 */
#ifndef FINBACK_LOGS_H
#define FINBACK_LOGS_H

#include "words.h"

enum { BUFFER = 16384, NONE = -1 };

struct stream {
    const char *name;
    u64 most;   /* bytes of one file */
    u64 files;  /* that are kept */
    int pipe;   /* what is read; NONE after its end */
    int writer; /* the task's end of it */
    int file;
    int lost;   /* nothing can be written: file is the null device */
    u64 drops;  /* bytes given to it */
};

static char buffer[BUFFER];

static void numbered(char *to, const char *name, u64 n) {
    char *end = to + 63, *at = put(to, end, name);
    if (n) at = digits(put(at, end, "."), end, n);
    *at = 0;
}

static void make_file(struct stream *s) {
    s->file = (int)CALL4(openat, AT_FDCWD, s->name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, F_RIGHTS);
    s->lost = s->file < 0;
    s->drops = 0;
    if (s->lost) s->file = (int)CALL4(openat, AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC, 0);
}

static void rotate(struct stream *s) {
    char from[64], to[64];
    CALL1(close, s->file);
    if (s->files < 2) CALL3(unlinkat, AT_FDCWD, s->name, 0);
    for (u64 i = s->files - 1; i > 0; i--) {
        numbered(from, s->name, i - 1);
        numbered(to, s->name, i);
        CALL4(renameat, AT_FDCWD, from, AT_FDCWD, to);
    }
    make_file(s);
}

static void open_file(struct stream *s) {
    s->file = (int)CALL4(openat, AT_FDCWD, s->name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    if (s->file >= 0 && CALL3(lseek, s->file, 0, SEEK_END) >= 0) return;
    make_file(s);
    if (s->lost) rotate(s);
}

/* The size is asked of the open file: a task may have emptied it. */
static u64 filled(struct stream *s) {
    long size = s->lost ? (long)s->drops : CALL3(lseek, s->file, 0, SEEK_END);
    return size < 0 ? 0 : (u64)size;
}

/* Up to the last line that fits whole into "room"; 0: none does. */
static u64 lines(const char *text, u64 room) {
    while (room > 0 && text[room - 1] != '\n') room--;
    return room;
}

static void pump(struct stream *s) {
    long n = CALL3(read, s->pipe, buffer, BUFFER);
    if (n <= 0) {
        if (n == 0 || n == -EIO /* a terminal that nobody has open any more */) {
            CALL1(close, s->pipe);
            CALL1(close, s->file);
            s->pipe = NONE;
        }
        return;
    }
    for (u64 at = 0, left = (u64)n; left > 0;) {
        u64 size = filled(s), room = size < s->most ? s->most - size : 0, part = left;
        if (part > room) {
            part = lines(buffer + at, room);
            if (part == 0 && size == 0) part = room;
            if (part == 0) {
                rotate(s);
                continue;
            }
        }
        long written = CALL3(write, s->file, buffer + at, part);
        if (written <= 0) return; /* The disk is full: the task goes on. */
        s->drops += (u64)written;
        at += (u64)written;
        left -= (u64)written;
    }
}

#endif
