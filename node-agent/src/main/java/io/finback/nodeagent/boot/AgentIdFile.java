package io.finback.nodeagent.boot;

import io.finback.nodeagent.checkpoint.AtomicFiles;
import io.finback.resources.AgentId;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** The agent's name: {@code <data-dir>/agent-id}, made on the first start and kept until an operator removes the agent. */
final class AgentIdFile {
    private static final String NAME = "agent-id";

    private AgentIdFile() {}

    /** The next agent on this directory is a new one. */
    static void forget(Path dataDir) throws IOException {
        AtomicFiles.delete(dataDir.resolve(NAME));
    }

    static AgentId of(Path dataDir) {
        Path file = dataDir.resolve(NAME);
        try {
            if (!Files.exists(file)) {
                Files.createDirectories(dataDir);
                AgentId made = AgentId.of(UUID.randomUUID().toString());
                AtomicFiles.write(file, (made.value() + "\n").getBytes(StandardCharsets.UTF_8));
                return made;
            }
            return AgentId.of(Files.readString(file).strip());
        } catch (IOException | IllegalArgumentException e) {
            throw new StartFailure(
                    file + ": no agent id (" + e.getMessage()
                            + "); restore it, or remove the data directory to start as a new agent",
                    e);
        }
    }
}
