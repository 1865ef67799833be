package io.finback.nodeagent.task;

import io.finback.resources.Resources;
import java.util.Map;
import java.util.Optional;

/** How a task's process ended. */
public sealed interface Exit {
    /** True for status 0 and nothing else. */
    default boolean successful() {
        return false;
    }

    /** For people: {@code exited with status 3}, {@code killed by signal 9 (SIGKILL)}. */
    String describe();

    record Exited(int status) implements Exit {
        @Override
        public boolean successful() {
            return status == 0;
        }

        @Override
        public String describe() {
            return "exited with status " + status;
        }
    }

    record Signaled(int signal, boolean coreDumped) implements Exit {
        @Override
        public String describe() {
            return "killed by signal " + signal + " (" + signalName(signal) + ")" + (coreDumped ? ", core dumped" : "");
        }
    }

    /** It has ended, and nobody can say how. */
    record Unknown(String why) implements Exit {
        @Override
        public String describe() {
            return why;
        }
    }

    /** It could not be started: its command never ran. */
    record NotStarted(String why) implements Exit {
        @Override
        public String describe() {
            return why;
        }
    }

    /**
     * It was ended because it broke a limit.
     *
     * @param reason Mesos' reason without {@code REASON_}, such as {@code CONTAINER_LIMITATION_MEMORY}
     * @param message for people: the limit, and the most that was used
     * @param limitation how much of what it was allowed
     * @param how the process's own end
     */
    record Limited(String reason, String message, Optional<Resources> limitation, Exit how) implements Exit {
        @Override
        public String describe() {
            return message + "; " + how.describe();
        }
    }

    /** Reads the number {@code wait(2)} gives and {@code /proc/<pid>/stat} shows as its 52nd field. Source: {@code wait(2)}. */
    static Exit ofWaitStatus(int status) {
        int signal = status & 0x7f;
        return signal == 0 ? new Exited((status >> 8) & 0xff) : new Signaled(signal, (status & 0x80) != 0);
    }

    /** {@code SIGTERM} for 15; {@code signal 40} for one without a name. Linux numbers (all but MIPS, Alpha and SPARC). */
    static String signalName(int signal) {
        return Names.BY_NUMBER.getOrDefault(signal, "signal " + signal);
    }

    /** Signals that end processes. */
    final class Names {
        private static final Map<Integer, String> BY_NUMBER = Map.ofEntries(
                Map.entry(1, "SIGHUP"),
                Map.entry(2, "SIGINT"),
                Map.entry(3, "SIGQUIT"),
                Map.entry(4, "SIGILL"),
                Map.entry(5, "SIGTRAP"),
                Map.entry(6, "SIGABRT"),
                Map.entry(7, "SIGBUS"),
                Map.entry(8, "SIGFPE"),
                Map.entry(9, "SIGKILL"),
                Map.entry(10, "SIGUSR1"),
                Map.entry(11, "SIGSEGV"),
                Map.entry(12, "SIGUSR2"),
                Map.entry(13, "SIGPIPE"),
                Map.entry(14, "SIGALRM"),
                Map.entry(15, "SIGTERM"),
                Map.entry(24, "SIGXCPU"),
                Map.entry(25, "SIGXFSZ"),
                Map.entry(31, "SIGSYS"));

        private Names() {}
    }
}
