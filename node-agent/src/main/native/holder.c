/*
 * The holder of a task: its parent, which never waits for it, so that the kernel keeps how it ended (docs/adr/0003); the writer of its
 * log files (docs/adr/0017); and what puts it into its namespaces, as its user, with its rights (docs/adr/0011). One process that is
 * started once per task and makes the others by fork, so that a task costs one start of a program besides its own.
 *
 * Arguments: a number that says what this process is; then words, each followed by what it needs; then "--" and the command.
 *   away                              who started this waits until the command may run, and no longer: then it is nobody's child
 *   begun FILE                        made before the command can run
 *   log BYTES FILES BYTES FILES       what is kept of stdout, of stderr
 *   below NAME UID GID                go to this directory of where it is; one that is missing is made, for that user ("-": nobody's)
 *   tty ROWS COLUMNS FILE             a terminal instead of stdin, stdout and stderr; what comes through the pipe FILE is typed
 *   pid | mnt | proc | ipc            namespaces of its own; /proc of them
 *   tmp DIRECTORY                     is its /tmp
 *   shm OPTIONS                       a /dev/shm of its own, as mount takes them
 *   rlimit NUMBER SOFT HARD           "-": no limit
 *   bound MASK | caps MASK | nnp      capabilities in hexadecimal: the most it can get; what it has. No way to more
 *   uid N GID GROUPS                  numbers, with commas between them; "-": no groups
 *   try                               do all of it, start nothing
 * Standard input is the gate: a byte lets the command run, its end (the agent died, or changed its mind) ends everything. Standard
 * output hears one line: the pids of holder, task and init (0: none), or "!" and what failed. The environment is the command's own.
 * SIGTERM asks it to end the task politely: it passes it on to the task's process group.
 *
 * "enter" instead of the number: become a command where a task is. Then the words are
 *   group FILE                        a control group's cgroup.procs
 *   ns FILE                           a namespace of the task; "pid" before one of pids
 *   dir DIRECTORY                     where to go in there; if it is not there, it is the root
 *   apart                             a PID namespace of its own beneath that one, which ends whole with the command, and with who started this
 * and mnt, proc, bound, caps, uid, nnp as above. What fails is said on standard error; status 126 or 127, as a shell's.
 *
 * "console" instead of the number: keep the terminal of a container a runtime will make beside the command, which becomes its holder and
 * has 5 and 6 as outputs for what it starts. Words: log and tty as above; "in DIRECTORY" for the socket "console".
 * "adopt": become the command, as the parent of whatever it starts that loses its own.
 */
#include "become.h"
#include "console.h"

static int alone_in_pids, trying, apart, away, go_pipe[2], away_pipe[2];
static const char *begun;
static struct stream out = {.name = "stdout", .most = 10 << 20, .files = 10}, err = {.name = "stderr", .most = 10 << 20, .files = 10};

static void be_task(void) {
    char go;
    int nothing = (int)CALL4(openat, AT_FDCWD, "/dev/null", 0, 0);
    must("!cannot open", "/dev/null", nothing);
    CALL3(dup3, nothing, 0, 0);
    CALL3(dup3, out.writer, 1, 0);
    CALL3(dup3, err.writer, 2, 0);
    CALL1(close, nothing);
    CALL1(close, go_pipe[1]);
    if (away) CALL1(close, away_pipe[1]);
    CALL1(setsid, 0);
    if (terminal != NONE) {
        CALL3(dup3, out.writer, 0, 0);
        must("!cannot take its terminal", "", CALL3(ioctl, 0, TIOCSCTTY, 0));
    }
    for (int s = 1; s <= SIGNALS; s++) handle(s, 0);
    unshare_all();
    limit_all();
    give_up_rights();
    CALL3(write, ready_pipe[1], "+", 1);
    if (trying) finish(0);
    /* Whatever else is known of it: it did not end by itself. */
    if (CALL3(read, go_pipe[0], &go, 1) != 1) CALL2(kill, CALL1(getpid, 0), SIGKILL);
    become_command();
}

/* The first process of a PID namespace: everything in it ends with it, and it ends with its parent. The kernel takes in orphans. */
static void be_init(void) {
    CALL2(prctl, PR_SET_PDEATHSIG, SIGKILL);
    CALL2(prctl, PR_SET_NAME, "finback-init");
    handle(SIGCHLD, 1);
    CALL1(chdir, "/");
    if (!apart) CALL3(write, ready_pipe[1], "+", 1);
    for (int fd = 0; fd < 32; fd++) CALL1(close, fd);
    for (;;) call(SYS_ppoll, 0, 0, 0, 0, 8);
}

static long child(void (*be)(void)) {
    long pid = call(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        be();
        finish(1);
    }
    return pid;
}

static void refuse(const char *what, long result) {
    fail(1, what, "", result);
}

/* Step by step and through no link: the directory is a task's, which may put into it what it likes. Then this is where the files are. */
static void go_below(void) {
    for (char **w = words; *w; w++) {
        if (!same(*w, "below")) continue;
        long made = CALL3(mkdirat, AT_FDCWD, w[1], D_RIGHTS);
        long directory = CALL4(openat, AT_FDCWD, w[1], O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
        if (directory < 0) fail(1, "!cannot go below, to", w[1], made < 0 && made != -EEXIST ? made : directory);
        if (made == 0 && !same(w[2], "-")) {
            long given = CALL3(fchown, directory, number(w[2], 10), number(w[3], 10));
            if (given < 0) fail(1, "!cannot give away", w[1], given);
        }
        CALL1(fchdir, directory);
        CALL1(close, directory);
        w += 3;
    }
}

static void open_pipe(struct stream *s) {
    int ends[2];
    long result = CALL2(pipe2, ends, O_CLOEXEC);
    if (result < 0) refuse("!cannot make a pipe", result);
    /* A task of another user may open /dev/stdout. */
    CALL2(fchmod, ends[1], 0622);
    s->pipe = ends[0];
    s->writer = ends[1];
    if (!trying) open_file(s);
}

/* Hears of everybody that is ready; passes on what one could not do. */
static void await_ready(int expected) {
    char text[MESSAGE];
    u64 said = 0;
    for (int ready = 0; ready < expected;) {
        long n = CALL3(read, ready_pipe[0], text + said, 1);
        if (n <= 0) refuse("!a process of the task ended at once", n);
        if (said == 0 && text[0] == '+') ready++;
        else if (text[said++] == '\n' || said == sizeof text) {
            CALL3(write, 1, text, said);
            finish(1);
        }
    }
}

static void say_pids(long task, long init) {
    char text[80], *end = text + sizeof text, *at = digits(text, end, (u64)CALL1(getpid, 0));
    at = digits(put(at, end, " "), end, (u64)task);
    at = digits(put(at, end, " "), end, (u64)init);
    *at++ = '\n';
    CALL3(write, 1, text, at - text);
}

/* From now on the command may run, and a file says so. */
static void open_gate(void) {
    char go;
    if (CALL3(read, 0, &go, 1) != 1) finish(1);
    long file = CALL4(openat, AT_FDCWD, begun, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, F_RIGHTS);
    if (file < 0) finish(1);
    CALL1(close, file);
    CALL3(write, go_pipe[1], &go, 1);
    CALL1(close, go_pipe[1]);
    if (away) CALL1(close, away_pipe[1]);
    CALL1(close, 0);
}

/* The agent is a JVM, which can send signals to a process, and not to a group. The task's pid is its own as long as this lives. */
static void pass_on(int signals, long task) {
    char what[SIGNAL_BYTES];
    if (CALL3(read, signals, what, sizeof what) > 0) CALL2(kill, -task, SIGTERM);
}

static void hold(int signals, long task) {
    struct pollfd watched[] = {{0, POLLIN, 0}, {out.pipe, POLLIN, 0}, {err.pipe, POLLIN, 0}, {signals, POLLIN, 0}, {input, POLLIN, 0}};
    for (;;) {
        if (watched[1].fd == NONE && watched[2].fd == NONE) CALL2(prctl, PR_SET_NAME, "finback-drained");
        call(SYS_ppoll, (long)watched, 5, 0, 0, 8);
        if (watched[0].fd == 0 && watched[0].revents) {
            open_gate();
            watched[0].fd = NONE;
        }
        if (watched[1].revents & POLLOUT) type();
        if (watched[1].revents & ~POLLOUT) pump(&out);
        if (watched[2].revents) pump(&err);
        if (watched[3].revents) pass_on(signals, task);
        if (watched[4].revents) type();
        watched[1].fd = out.pipe;
        watched[2].fd = err.pipe;
        watched[1].events = is_typing() ? POLLIN | POLLOUT : POLLIN;
        watched[4].fd = is_typing() || out.pipe == NONE ? NONE : input;
    }
}

/* ---- a command beside a task ---- */

static void be_beside(void) {
    const char *directory = 0;
    for (char **w = words; *w; w++) {
        if (same(*w, "dir")) directory = *++w;
    }
    if (apart) unshare_all();
    if (directory && CALL1(chdir, directory) < 0) CALL1(chdir, "/");
    give_up_rights();
    become_command();
}

/* Ends as the child does; before that everything ends that "init" is the first process of. */
static void end_as(long pid, long init) {
    int status = 0, gone = 0;
    while (CALL4(wait4, pid, &status, 0, 0) != pid) continue;
    if (init) {
        CALL2(kill, init, SIGKILL);
        while (CALL4(wait4, init, &gone, 0, 0) != init) continue;
    }
    int signal = status & 0x7f;
    if (signal) {
        handle(signal, 0);
        CALL2(kill, CALL1(getpid, 0), signal);
        finish(128 + signal);
    }
    finish(status >> 8 & 0xff);
}

/* The parent, in the PID namespace above, of the two that begin one of their own. */
static void keep_apart(void) {
    CALL2(prctl, PR_SET_PDEATHSIG, SIGKILL);
    must("!cannot make a PID namespace", "", CALL1(unshare, CLONE_NEWPID));
    long init = child(be_init), pid;
    must("!cannot fork", "", init);
    must("!cannot fork", "", pid = child(be_beside));
    end_as(pid, init);
}

/* Everything is opened before the first step: after it, the paths may mean something else. */
static void enter(void) {
    int spaces[16], groups[32], space_count = 0, group_count = 0;
    ready_pipe[1] = 2;
    for (int s = 1; s <= SIGNALS; s++) handle(s, 0);
    for (char **w = words; *w; w++) {
        if (same(*w, "pid")) alone_in_pids = 1;
        else if (same(*w, "ns") && space_count < 16) {
            spaces[space_count] = (int)CALL4(openat, AT_FDCWD, *++w, O_CLOEXEC, 0);
            must("!cannot open", *w, spaces[space_count++]);
        } else if (same(*w, "group") && group_count < 32) {
            groups[group_count] = (int)CALL4(openat, AT_FDCWD, *++w, O_WRONLY | O_CLOEXEC, 0);
            must("!cannot open", *w, groups[group_count++]);
        } else if (same(*w, "dir") || same(*w, "bound") || same(*w, "caps")) w++;
        else if (same(*w, "uid")) w += 3;
    }
    CALL1(setsid, 0);
    if (apart) CALL2(prctl, PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < group_count; i++) must("!cannot join a control group", "", CALL3(write, groups[i], "0", 1));
    for (int i = 0; i < space_count; i++) must("!cannot enter a namespace", "", CALL2(setns, spaces[i], 0));
    if (!alone_in_pids && !apart) be_beside();
    /* Only a child is in the PID namespace, and only who is in one can make another beneath it. */
    CALL2(prctl, PR_SET_NAME, "finback-beside");
    long pid = child(apart ? keep_apart : be_beside);
    must("!cannot fork", "", pid);
    end_as(pid, 0);
}

/* ---- the terminal of a container ---- */

static int console_server;

static void be_console(void) {
    static const char ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGXFSZ};
    struct window size = {0};
    long nothing = CALL4(openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
    for (int fd = 0; fd < 3; fd++) CALL3(dup3, nothing, fd, 0);
    CALL2(prctl, PR_SET_NAME, "finback-console");
    CALL2(prctl, PR_SET_PDEATHSIG, SIGKILL);
    for (u64 i = 0; i < sizeof ignored; i++) handle(ignored[i], 1);
    terminal = passed_through(console_server);
    if (terminal == NONE) finish(1);
    CALL1(close, console_server);
    CALL3(fcntl, terminal, F_SETFL, O_NONBLOCK);
    for (char **w = words; *w; w++) {
        if (same(*w, "tty")) size.rows = (unsigned short)number(w[1], 10), size.columns = (unsigned short)number(w[2], 10);
    }
    if (size.rows && size.columns) CALL3(ioctl, terminal, TIOCSWINSZ, &size);
    out.pipe = terminal;
    show(&out);
}

static void begin_console(void) {
    for (char **w = words; *w; w++) {
        if (same(*w, "in")) console_server = console_in(*++w);
        else if (same(*w, "tty")) open_input(w[3]);
    }
    open_file(&out);
    long beside = child(be_console);
    if (beside < 0) refuse("!cannot fork", beside);
    CALL1(close, console_server);
    CALL1(close, input);
    CALL1(close, out.file);
    long nothing = CALL4(openat, AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC, 0);
    CALL3(dup3, nothing, 5, 0);
    CALL3(dup3, nothing, 6, 0);
    become_command();
}

static void read_words(char **arguments) {
    words = arguments;
    command = words + 1;
    for (char **w = words; *w && !same(*w, "--"); w++) {
        if (same(*w, "begun")) begun = *++w;
        else if (same(*w, "log")) {
            out.most = number(w[1], 10), out.files = number(w[2], 10);
            err.most = number(w[3], 10), err.files = number(w[4], 10);
            w += 4;
        } else if (same(*w, "pid")) alone_in_pids = 1;
        else if (same(*w, "try")) trying = 1;
        else if (same(*w, "apart")) apart = 1;
        else if (same(*w, "away")) away = 1;
        else if (same(*w, "tmp") || same(*w, "shm") || same(*w, "bound") || same(*w, "caps")) w++;
        else if (same(*w, "group") || same(*w, "ns") || same(*w, "dir") || same(*w, "in")) w++;
        else if (same(*w, "rlimit") || same(*w, "uid") || same(*w, "below") || same(*w, "tty")) w += 3;
        command = w + 2;
    }
    command[-1] = 0;
}

/* An agent's JVM has a thread for every child it has. Its end of the gate is closed when that child ends, so not before it is open. */
static void go_away(void) {
    char nothing;
    if (CALL2(pipe2, away_pipe, O_CLOEXEC) < 0) refuse("!cannot make a pipe", 0);
    long pid = call(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid < 0) refuse("!cannot fork", pid);
    if (pid == 0) {
        CALL1(close, away_pipe[0]);
        return;
    }
    CALL1(close, away_pipe[1]);
    for (int fd = 0; fd < 3; fd++) CALL1(close, fd);
    CALL3(read, away_pipe[0], &nothing, 1);
    finish(0);
}

static void start(void) {
    u64 no_signals = 0, terminate = 1UL << (SIGTERM - 1);
    static const char ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGXFSZ};
    if (away) go_away();
    CALL2(prctl, PR_SET_NAME, "finback-holder");
    CALL4(rt_sigprocmask, SIG_SETMASK, &no_signals, 0, 8);
    CALL1(setsid, 0);
    handle(SIGCHLD, 0); /* Inherited as ignored, the kernel would keep no end. */
    if (CALL2(pipe2, go_pipe, O_CLOEXEC) < 0 || CALL2(pipe2, ready_pipe, O_CLOEXEC) < 0) refuse("!cannot make a pipe", 0);
    go_below();
    open_terminal(&out, &err);
    if (terminal == NONE) open_pipe(&out), open_pipe(&err);
    long init = 0, task;
    if (alone_in_pids) {
        long parted = CALL1(unshare, CLONE_NEWPID);
        if (parted < 0) refuse("!cannot make a PID namespace", parted);
        if ((init = child(be_init)) < 0) refuse("!cannot fork", init);
    }
    if ((task = child(be_task)) < 0) refuse("!cannot fork", task);
    CALL1(close, ready_pipe[1]);
    CALL1(close, go_pipe[0]);
    CALL1(close, out.writer);
    CALL1(close, err.writer);
    await_ready(alone_in_pids ? 2 : 1);
    CALL1(close, ready_pipe[0]);
    for (u64 i = 0; i < sizeof ignored; i++) handle(ignored[i], 1);
    handle(SIGTERM, 0);
    CALL4(rt_sigprocmask, SIG_BLOCK, &terminate, 0, 8);
    long signals = CALL4(signalfd4, -1, &terminate, 8, O_CLOEXEC);
    if (signals < 0) refuse("!cannot hear of signals", signals);
    say_pids(task, init);
    if (trying) finish(0);
    long nothing = CALL4(openat, AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC, 0);
    CALL3(dup3, nothing, 1, 0);
    CALL3(dup3, nothing, 2, 0);
    CALL1(close, nothing);
    hold((int)signals, task);
}

__attribute__((used, noreturn)) void begin(char **stack) {
    long count = *(long *)stack;
    char **arguments = stack + 1;
    environment = arguments + count + 1;
    if (count < 4) {
        /* Whoever asks is told which source this was made from. */
        CALL3(write, 1, SOURCE "\n", sizeof SOURCE);
        finish(0);
    }
    read_words(arguments + 2);
    if (same(arguments[1], "enter")) enter();
    if (same(arguments[1], "console")) begin_console();
    if (same(arguments[1], "adopt")) {
        CALL2(prctl, PR_SET_CHILD_SUBREAPER, 1);
        become_command();
    }
    start();
    finish(1);
    __builtin_unreachable();
}
