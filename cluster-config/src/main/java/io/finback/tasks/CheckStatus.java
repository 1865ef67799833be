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
    /** The kind of check. */
    public enum Type {
        COMMAND,
        HTTP,
        TCP
    }
}
