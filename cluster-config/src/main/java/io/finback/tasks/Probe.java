package io.finback.tasks;

import java.util.List;
import java.util.Optional;

/**
 * One way to look at a task: exactly one of {@code command}, {@code http} and {@code tcp}. Source: the three kinds of Mesos' {@code
 * HealthCheck} and {@code CheckInfo}.
 */
public record Probe(Optional<CommandInfo> command, Optional<Http> http, Optional<Tcp> tcp) {
    /**
     * A GET to the task.
     *
     * @param scheme {@code http} or {@code https} (whose certificate is not verified)
     * @param path empty, or begins with a slash
     * @param statuses that are good; empty: 200 to 399
     */
    public record Http(String scheme, int port, String path, boolean ipv6, List<Integer> statuses) {
        public Http {
            statuses = List.copyOf(statuses);
        }
    }

    /** A connection to the task. */
    public record Tcp(int port, boolean ipv6) {}

    public Probe {
        int kinds = (command.isPresent() ? 1 : 0) + (http.isPresent() ? 1 : 0) + (tcp.isPresent() ? 1 : 0);
        if (kinds != 1) {
            throw new IllegalArgumentException("check: " + kinds + " kinds (expected: one of command, http and tcp)");
        }
    }

    public static Probe of(CommandInfo command) {
        return new Probe(Optional.of(command), Optional.empty(), Optional.empty());
    }

    public static Probe of(Http http) {
        return new Probe(Optional.empty(), Optional.of(http), Optional.empty());
    }

    public static Probe of(Tcp tcp) {
        return new Probe(Optional.empty(), Optional.empty(), Optional.of(tcp));
    }
}
