package io.finback.controlplane.schedule;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names of jobs and of their tasks. Source: Chronos' JobUtils (both its patterns), TaskUtils. */
public final class JobNames {
    /** The union of Chronos 2's and 3's patterns. */
    private static final Pattern NAME = Pattern.compile("[\\w\\s#.-]+");
    /** A task id becomes a file name of at most 255: 20 digits, two counters and some arguments must fit. */
    private static final int MAX_LENGTH = 150;

    private static final int MAX_ARGUMENTS = 60;
    private static final Pattern TASK = Pattern.compile("ct:(-?\\d{1,19}):(\\d{1,9}):([^:]+):.*", Pattern.DOTALL);
    private static final Pattern UNSAFE = Pattern.compile("[^\\w .=,@+-]");

    private JobNames() {}

    /** A task's job, occurrence and attempt. */
    public record Task(String job, long key, int attempt) {}

    /** Says what is wrong with a name; empty when nothing is. */
    public static Optional<String> problem(String name) {
        if (name.length() > MAX_LENGTH || name.isBlank()) {
            return Optional.of("name: " + name.length() + " characters (expected: 1 to " + MAX_LENGTH + ", not blank)");
        }
        if (!NAME.matcher(name).matches() || name.chars().anyMatch(c -> c < ' ')) {
            return Optional.of("name: '" + name + "' (expected: letters, digits, spaces and the characters # _ . -)");
        }
        return name.equals(".") || name.equals("..")
                ? Optional.of("name: '" + name + "' (expected: a name that is no path)")
                : Optional.empty();
    }

    /** {@code ct:<due>:<attempt>:<job>:<arguments>}; the arguments only as far as an id may hold them. */
    public static String taskId(String job, Run run) {
        String clean = UNSAFE.matcher(run.arguments().orElse("")).replaceAll("_");
        String shown = clean.length() > MAX_ARGUMENTS ? clean.substring(0, MAX_ARGUMENTS) : clean;
        return "ct:" + run.key() + ":" + run.attempt() + ":" + job + ":" + shown;
    }

    /** Empty when the id was not made by {@link #taskId}. */
    public static Optional<Task> ofTask(String taskId) {
        Matcher m = TASK.matcher(taskId);
        return m.matches()
                ? Optional.of(new Task(m.group(3), Long.parseLong(m.group(1)), Integer.parseInt(m.group(2))))
                : Optional.empty();
    }
}
