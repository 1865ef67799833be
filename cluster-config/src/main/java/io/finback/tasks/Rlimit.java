package io.finback.tasks;

import java.util.Optional;

/**
 * A limit of a process. Source: Mesos {@code RLimitInfo.RLimit}.
 *
 * @param type Mesos' name without {@code RLMT_}, such as {@code NOFILE}
 * @param soft and {@code hard}: both, or neither for no limit
 */
public record Rlimit(String type, Optional<Long> soft, Optional<Long> hard) {}
