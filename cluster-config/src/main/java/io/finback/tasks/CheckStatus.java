package io.finback.tasks;

import java.util.Optional;

/**
 * What a {@link CheckInfo} saw last. A kind with nothing in it: the check has not come to an end yet, or could not be made. Source:
 * Mesos {@code CheckStatusInfo}.
 *
 * @param exitCode of a command check
 * @param statusCode of an HTTP check
 * @param succeeded of a TCP check
 */
public record CheckStatus(
        Type type, Optional<Integer> exitCode, Optional<Integer> statusCode, Optional<Boolean> succeeded) {
    /** Before the first look: the kind alone, which Mesos puts into every status of a task with a check. */
    public static CheckStatus none(Probe probe) {
        return new CheckStatus(type(probe), Optional.empty(), Optional.empty(), Optional.empty());
    }

    private static Type type(Probe probe) {
        if (probe.command().isPresent()) {
            return Type.COMMAND;
        }
        return probe.http().isPresent() ? Type.HTTP : Type.TCP;
    }

    /** The kind of check. */
    public enum Type {
        COMMAND,
        HTTP,
        TCP
    }
}
