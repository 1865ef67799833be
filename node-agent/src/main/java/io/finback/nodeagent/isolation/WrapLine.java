package io.finback.nodeagent.isolation;

import io.finback.tasks.Rlimit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A {@link Wrap} as the programs a process becomes, one after the other, before it becomes its command: each takes something away and
 * goes on to the next. None of them forks, so the pid stays the same. What concerns pids is not here: no program can enter a PID
 * namespace for itself.
 */
public final class WrapLine {
    /** Runs in the task's own mount namespace; the directory is argument 1, the mount program 2. */
    private static final String PRIVATE_TMP = "\"$2\" --bind \"$1\" /tmp && shift 2 && exec \"$@\"";

    /** The same; the options of a mount are argument 1. */
    private static final String SHM = "\"$2\" -t tmpfs -o \"nosuid,nodev,$1\" shm /dev/shm && shift 2 && exec \"$@\"";

    private final Wrap wrap;
    private final LinuxTools tools;
    private final List<String> line = new ArrayList<>();

    private WrapLine(Wrap wrap, LinuxTools tools) {
        this.wrap = wrap;
        this.tools = tools;
    }

    /** What is to be put before the command; may be empty. */
    public static List<String> of(Wrap wrap, LinuxTools tools) {
        WrapLine made = new WrapLine(wrap, tools);
        made.unshare();
        made.tmp();
        made.shm();
        made.rlimits();
        made.credentials();
        return made.line;
    }

    private void unshare() {
        List<String> options = new ArrayList<>();
        if (wrap.ownMounts()) {
            options.addAll(List.of("--mount", "--propagation", "slave"));
            if (wrap.ownPids()) {
                options.add("--mount-proc");
            }
        }
        if (wrap.ownIpc()) {
            options.add("--ipc");
        }
        if (!options.isEmpty()) {
            line.add(tools.unshare().orElseThrow().toString());
            line.addAll(options);
        }
    }

    private void tmp() {
        wrap.tmp().ifPresent(directory -> tools.mount()
                .ifPresent(mount -> line.addAll(
                        List.of(tools.shell().toString(), "-c", PRIVATE_TMP, "tmp", directory, mount.toString()))));
    }

    private void shm() {
        wrap.shmMegabytes().ifPresent(size -> tools.mount()
                .ifPresent(mount -> line.addAll(
                        List.of(tools.shell().toString(), "-c", SHM, "shm", Wrap.shmOptions(size), mount.toString()))));
    }

    private void rlimits() {
        if (wrap.rlimits().isEmpty()) {
            return;
        }
        line.add(tools.prlimit().orElseThrow().toString());
        for (Rlimit limit : wrap.rlimits()) {
            line.add("--" + limit.type().toLowerCase(Locale.ROOT) + "=" + shown(limit.soft()) + ":"
                    + shown(limit.hard()));
        }
    }

    private static String shown(Optional<Long> limit) {
        return limit.map(number -> Long.toString(number)).orElse("unlimited");
    }

    private void credentials() {
        List<String> options = new ArrayList<>();
        wrap.account().ifPresent(who -> {
            options.addAll(List.of("--reuid", Integer.toString(who.uid()), "--regid", Integer.toString(who.gid())));
            options.add(who.inDatabase() ? "--init-groups" : "--clear-groups");
        });
        wrap.bounding().ifPresent(set -> options.addAll(List.of("--bounding-set", Capability.exactly(set))));
        wrap.effective().ifPresent(set -> {
            String effective = Capability.exactly(set);
            // Ambient: also a user that is not root has them. No root: root has no others.
            options.addAll(List.of("--inh-caps", effective, "--ambient-caps", effective));
            options.addAll(List.of("--securebits", "+noroot,+noroot_locked"));
        });
        if (wrap.noNewPrivileges()) {
            options.add("--no-new-privs");
        }
        if (!options.isEmpty()) {
            line.add(tools.setpriv().orElseThrow().toString());
            line.addAll(options);
        }
    }
}
