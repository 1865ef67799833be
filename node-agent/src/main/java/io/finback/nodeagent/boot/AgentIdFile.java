package io.finback.nodeagent.boot;

import io.finback.nodeagent.checkpoint.AtomicFiles;
import io.finback.resources.AgentId;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** The agent's name: {@code <data-dir>/agent-id}, made on the first start and kept. */
final class AgentIdFile {
    private AgentIdFile() {}

    static AgentId of(Path dataDir) {
        Path file = dataDir.resolve("agent-id");
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
