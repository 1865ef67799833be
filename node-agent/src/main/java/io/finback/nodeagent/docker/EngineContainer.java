package io.finback.nodeagent.docker;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.nodeagent.task.Exit;
import io.finback.resources.Resources;
import io.finback.tasks.NetworkInfo;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the engine says of one container. Source: the answer of {@code GET /containers/{id}/json}. */
record EngineContainer(JsonNode json) {
    private static final int NEVER_BEFORE_YEAR = 1970;
    private static final int STATUS_KILLED = 128 + 9;

    Optional<Long> pid() {
        long pid = json.path("State").path("Pid").asLong(0);
        return pid > 0 ? Optional.of(pid) : Optional.empty();
    }

    boolean isRunning() {
        return json.path("State").path("Running").asBoolean(false);
    }

    /** It was made, and its command has never been started. */
    boolean isCreated() {
        return json.path("State").path("Status").asText("").equals("created");
    }

    /** The engine's own name for it; empty if it has none. */
    String id() {
        return json.path("Id").asText("");
    }

    Optional<String> label(String name) {
        JsonNode label = json.path("Config").path("Labels").path(name);
        return label.isTextual() ? Optional.of(label.textValue()) : Optional.empty();
    }

    Optional<Path> path(String label) {
        return label(label).map(Path::of);
    }

    /** The signal its image or its task wants to be ended with. */
    String stopSignal() {
        String signal = json.path("Config").path("StopSignal").asText("");
        return signal.isEmpty() ? "SIGTERM" : signal;
    }

    Optional<Instant> finishedAt() {
        try {
            Instant at = Instant.parse(json.path("State").path("FinishedAt").asText(""));
            // The engine's way to say never is the year 1.
            return at.toString().startsWith("0001") || at.getEpochSecond() < NEVER_BEFORE_YEAR
                    ? Optional.empty()
                    : Optional.of(at);
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    /** Ended as one does that was killed with SIGKILL, by the engine's account for no reason of memory; it has a limit of it. */
    boolean isKilledWithoutReason() {
        JsonNode state = json.path("State");
        return state.path("ExitCode").asInt(-1) == STATUS_KILLED
                && !state.path("OOMKilled").asBoolean(false)
                && memory() > 0;
    }

    /**
     * What it did to end; it does not run.
     *
     * @param outOfMemory known from elsewhere than the engine
     */
    Exit exit(boolean outOfMemory) {
        JsonNode state = json.path("State");
        int status = state.path("ExitCode").asInt(-1);
        Exit how = new Exit.Exited(status);
        if ((outOfMemory || state.path("OOMKilled").asBoolean(false)) && status != 0) {
            long limit = memory() / (1024 * 1024);
            return new Exit.Limited(
                    "CONTAINER_LIMITATION_MEMORY",
                    "Memory limit exceeded: allowed " + limit + " MiB, all of which was used",
                    Optional.of(Resources.EMPTY.withScalar(Resources.MEM, (double) limit)),
                    how);
        }
        String error = state.path("Error").asText("");
        return error.isEmpty() ? how : new Exit.Unknown("exited with status " + status + ": " + error);
    }

    /** Bytes; 0 without a limit. */
    private long memory() {
        return json.path("HostConfig").path("Memory").asLong(0);
    }

    /** Where it is reached: an address per network of its own; none where it uses the machine's. */
    List<NetworkInfo> networks() {
        List<NetworkInfo> networks = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry :
                json.path("NetworkSettings").path("Networks").properties()) {
            List<String> addresses = new ArrayList<>();
            for (String field : List.of("IPAddress", "GlobalIPv6Address")) {
                String address = entry.getValue().path(field).asText("");
                if (!address.isEmpty()) {
                    addresses.add(address);
                }
            }
            if (!addresses.isEmpty()) {
                networks.add(new NetworkInfo(Optional.of(entry.getKey()), addresses, List.of(), Map.of()));
            }
        }
        return networks;
    }
}
