package io.finback.verification.frameworks;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** One of the two encodings: calls to bytes, bytes to events. */
interface Wire {
    String mediaType();

    byte[] subscribe(String name, Optional<String> frameworkId);

    byte[] accept(String frameworkId, Offer offer, List<Task> tasks);

    byte[] decline(String frameworkId, String offerId, double refuseSeconds);

    byte[] revive(String frameworkId);

    byte[] acknowledge(String frameworkId, Status status);

    byte[] reconcile(String frameworkId, List<String> tasks);

    byte[] teardown(String frameworkId);

    Event read(byte[] record) throws IOException;

    /** What is launched: {@code sh -c command} with a tenth of a core and 32 MiB. */
    record Task(String id, String command) {}

    record Offer(String id, String agent, double cpus, double mem) {}

    /** {@code uuid} in base64; empty: not to be acknowledged. */
    record Status(String task, String agent, String state, String uuid, String message) {}

    /** One event; what its type does not have is empty. */
    record Event(
            String type,
            String frameworkId,
            double heartbeatSeconds,
            List<Offer> offers,
            Optional<Status> status,
            String message) {
        static Event of(String type) {
            return new Event(type, "", 0, List.of(), Optional.empty(), "");
        }
    }
}
