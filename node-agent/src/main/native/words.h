/* What the holder was told, in words and numbers, and how it tells people what failed. */
#ifndef FINBACK_WORDS_H
#define FINBACK_WORDS_H

#include "system.h"

enum { MESSAGE = 512 };

static char **environment;
static char **words, **command;
static int ready_pipe[2]; /* who listens to what is being made; the second end is written to */

static u64 number(const char *text, u64 base) {
    u64 n = 0;
    for (; *text && *text != ','; text++) {
        char c = *text;
        n = n * base + (u64)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return n;
}

static char *put(char *at, char *end, const char *text) {
    while (*text && at < end) *at++ = *text++;
    return at;
}

static char *digits(char *at, char *end, u64 n) {
    char text[24], *p = text + sizeof text;
    *--p = 0;
    do *--p = (char)('0' + n % 10); while (n /= 10);
    return put(at, end, p);
}

/* Says what failed to "to", in one piece, and ends. The agent ("!" before it), or the task's stderr, shows it to people. */
static void fail(int to, const char *what, const char *which, long result) {
    char text[MESSAGE], *end = text + sizeof text - 1, *at = put(text, end, what);
    at = put(put(at, end, *which ? " " : ""), end, which);
    at = put(at, end, ": errno ");
    at = digits(at, end, (u64)-result);
    *at++ = '\n';
    CALL3(write, to, text, at - text);
    finish(result == -ENOENT ? 127 : 126);
}

static void must(const char *what, const char *which, long result) {
    if (result < 0) fail(ready_pipe[1], what, which, result);
}

#endif
