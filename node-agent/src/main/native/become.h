/* What a process does before it becomes a command: namespaces, limits, rights, and the command itself (docs/adr/0011). */
#ifndef FINBACK_BECOME_H
#define FINBACK_BECOME_H

#include "words.h"

enum { PATH_BYTES = 4096, GROUPS = 1024 };

static void handle(int signal, u64 handler) {
    struct action action = {.handler = handler};
    CALL4(rt_sigaction, signal, &action, 0, 8);
}

static void unshare_all(void) {
    int flags = 0, proc = 0;
    const char *tmp = 0, *shm = 0;
    for (char **w = words; *w; w++) {
        if (same(*w, "mnt")) flags |= CLONE_NEWNS;
        if (same(*w, "ipc")) flags |= CLONE_NEWIPC;
        if (same(*w, "proc")) proc = 1;
        if (same(*w, "tmp")) tmp = *++w;
        else if (same(*w, "shm")) shm = *++w;
    }
    if (flags) must("!cannot make namespaces of its own", "", CALL1(unshare, flags));
    if (flags & CLONE_NEWNS) must("!cannot part its mounts", "", CALL5(mount, "none", "/", 0, MS_REC | MS_SLAVE, 0));
    if (proc) {
        must("!cannot part", "/proc", CALL5(mount, "none", "/proc", 0, MS_REC | MS_PRIVATE, 0));
        must("!cannot mount", "/proc", CALL5(mount, "proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, 0));
    }
    if (shm) must("!cannot mount", "/dev/shm", CALL5(mount, "shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, shm));
    if (tmp) must("!cannot put over /tmp:", tmp, CALL5(mount, tmp, "/tmp", 0, MS_BIND, 0));
}

static void limit_all(void) {
    for (char **w = words; *w; w++) {
        if (same(*w, "rlimit")) {
            struct limit limit = {
                same(w[2], "-") ? ~0UL : number(w[2], 10),
                same(w[3], "-") ? ~0UL : number(w[3], 10),
            };
            must("!cannot set limit", w[1], CALL4(prlimit64, 0, number(w[1], 10), &limit, 0));
            w += 3;
        }
    }
}

static void become_user(char **w) {
    u32 groups[GROUPS];
    u64 count = 0;
    if (!same(w[3], "-")) {
        for (const char *at = w[3]; *at && count < GROUPS; count++) {
            groups[count] = (u32)number(at, 10);
            while (*at && *at != ',') at++;
            if (*at) at++;
        }
    }
    u64 uid = number(w[1], 10), gid = number(w[2], 10);
    must("!cannot take the groups", w[3], CALL2(setgroups, count, groups));
    must("!cannot take the group", w[2], CALL3(setresgid, gid, gid, gid));
    must("!cannot become the user", w[1], CALL3(setresuid, uid, uid, uid));
}

static void hold_rights(const char *mask) {
    u64 rights = number(mask, 16);
    struct capheader header = {0x20080522, 0};
    struct capset sets[2] = {{(u32)rights, (u32)rights, (u32)rights}, {(u32)(rights >> 32), (u32)(rights >> 32), (u32)(rights >> 32)}};
    must("!cannot take the capabilities", mask, CALL2(capset, &header, sets));
    for (u64 one = 0; one < 64; one++) {
        if (rights >> one & 1) must("!cannot keep the capabilities", mask, CALL4(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, one, 0));
    }
}

/* The order matters: what can be got at most is decided while it is root, what it has after it has become the user. */
static void give_up_rights(void) {
    char **user = 0;
    const char *bound = 0, *rights = 0;
    int no_more = 0;
    for (char **w = words; *w; w++) {
        if (same(*w, "bound")) bound = *++w;
        else if (same(*w, "caps")) rights = *++w;
        else if (same(*w, "nnp")) no_more = 1;
        else if (same(*w, "uid")) user = w, w += 3;
    }
    if (rights) must("!cannot lock root's rights", "", CALL2(prctl, PR_SET_SECUREBITS, SECURE));
    for (u64 one = 0; bound && one < 64; one++) {
        if (!(number(bound, 16) >> one & 1) && CALL2(prctl, PR_CAPBSET_DROP, one) < 0) {
            /* The kernel knows no more of them, or this process must not. */
            must("!cannot bound the capabilities to", bound, one == 0 ? CALL2(prctl, PR_CAPBSET_DROP, 0) : 0);
            break;
        }
    }
    if (user) become_user(user);
    if (rights) hold_rights(rights);
    if (no_more) must("!cannot set no_new_privs", "", CALL5(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static long run(const char *file) {
    long result = CALL3(execve, file, command, environment);
    if (result == -ENOEXEC) {
        /* As execvp: a script without "#!". */
        u64 count = 0;
        while (command[count]) count++;
        char *script[count + 2];
        script[0] = "/bin/sh";
        script[1] = (char *)file;
        for (u64 i = 1; i <= count; i++) script[i + 1] = command[i];
        result = CALL3(execve, script[0], script, environment);
    }
    return result;
}

static void become_command(void) {
    const char *path = "/bin:/usr/bin";
    char file[PATH_BYTES], *end = file + sizeof file - 1;
    long result = -ENOENT;
    for (const char *c = command[0]; *c; c++) {
        if (*c == '/') {
            result = run(command[0]);
            fail(2, "cannot run", command[0], result);
        }
    }
    for (char **e = environment; *e; e++) {
        if ((*e)[0] == 'P' && (*e)[1] == 'A' && (*e)[2] == 'T' && (*e)[3] == 'H' && (*e)[4] == '=') path = *e + 5;
    }
    for (;;) {
        char *at = file;
        while (*path && *path != ':' && at < end) *at++ = *path++;
        at = put(put(at, end, at == file ? "./" : "/"), end, command[0]);
        *at = 0;
        long one = run(file);
        if (one == -EACCES) result = one;
        else if (one != -ENOENT && one != -ENOTDIR) fail(2, "cannot run", file, one);
        if (!*path++) fail(2, "cannot run", command[0], result);
    }
}

#endif
