package io.finback.nodeagent.task;

import io.finback.resources.Resources;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How a task's process ended. */
public sealed interface Exit {
    /** True for status 0 and nothing else. */
    default boolean successful() {
        return false;
    }

    /** For people: {@code Command exited with status 3}, {@code Command terminated with signal Killed}, as Mesos says it. */
    String describe();

    record Exited(int status) implements Exit {
        @Override
        public boolean successful() {
            return status == 0;
        }

        @Override
        public String describe() {
            return "Command exited with status " + status;
        }
    }

    record Signaled(int signal, boolean coreDumped) implements Exit {
        @Override
        public String describe() {
            return "Command terminated with signal " + signalName(signal) + (coreDumped ? " (core dumped)" : "");
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

    /** {@code Terminated} for 15, as {@code strsignal(3)}; {@code Unknown signal 200} for one without a name. Linux numbers (all but MIPS, Alpha and SPARC). */
    static String signalName(int signal) {
        return signal >= Names.FIRST_REAL_TIME && signal <= Names.LAST_REAL_TIME
                ? "Real-time signal " + (signal - Names.FIRST_REAL_TIME)
                : Names.BY_NUMBER.getOrDefault(signal, "Unknown signal " + signal);
    }

    /** The number of {@code SIGQUIT}, {@code QUIT}, {@code 3}, {@code SIGRTMIN+3}; empty for what is none. Linux numbers, as above. */
    static OptionalInt signalNumber(String text) {
        String name = text.strip().toUpperCase(Locale.ROOT).replaceFirst("^SIG", "");
        int fixed = Names.SHORT.indexOf(name);
        if (fixed > 0) {
            return OptionalInt.of(fixed);
        }
        Matcher other = Names.NUMBERED.matcher(name);
        if (!other.matches()) {
            return OptionalInt.empty();
        }
        int number = Integer.parseInt(other.group(2));
        int signal =
                switch (other.group(1)) {
                    case "RTMIN+" -> Names.FIRST_REAL_TIME + number;
                    case "RTMAX-" -> Names.LAST_REAL_TIME - number;
                    default -> number;
                };
        return signal >= 1 && signal <= Names.LAST_REAL_TIME ? OptionalInt.of(signal) : OptionalInt.empty();
    }

    /** Signals that end processes. */
    final class Names {
        /** Of glibc, whose own two come before them. */
        private static final int FIRST_REAL_TIME = 34;

        private static final int LAST_REAL_TIME = 64;

        private static final Map<Integer, String> BY_NUMBER = Map.ofEntries(
                Map.entry(1, "Hangup"),
                Map.entry(2, "Interrupt"),
                Map.entry(3, "Quit"),
                Map.entry(4, "Illegal instruction"),
                Map.entry(5, "Trace/breakpoint trap"),
                Map.entry(6, "Aborted"),
                Map.entry(7, "Bus error"),
                Map.entry(8, "Floating point exception"),
                Map.entry(9, "Killed"),
                Map.entry(10, "User defined signal 1"),
                Map.entry(11, "Segmentation fault"),
                Map.entry(12, "User defined signal 2"),
                Map.entry(13, "Broken pipe"),
                Map.entry(14, "Alarm clock"),
                Map.entry(15, "Terminated"),
                Map.entry(16, "Stack fault"),
                Map.entry(24, "CPU time limit exceeded"),
                Map.entry(25, "File size limit exceeded"),
                Map.entry(26, "Virtual timer expired"),
                Map.entry(27, "Profiling timer expired"),
                Map.entry(29, "I/O possible"),
                Map.entry(30, "Power failure"),
                Map.entry(31, "Bad system call"));

        private static final Pattern NUMBERED = Pattern.compile("(RTMIN\\+|RTMAX-|)([0-9]{1,2})");

        /** By their numbers, the first being 0. */
        private static final List<String> SHORT = List.of(
                "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
                "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
                "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

        private Names() {}
    }
}
