package io.finback.nodeagent.boot;

import com.typesafe.config.Config;
import io.finback.nodeagent.node.ExecutorDoor;
import io.finback.runtime.StartFailure;
import io.finback.security.SecuritySettings;
import io.finback.tls.TlsSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Optional;

/** What executors of this agent prove themselves with, kept in {@code <data-dir>/meta/executor-key} so that they still can when it has restarted. */
final class ExecutorKey {
    private static final int BYTES = 32;

    private ExecutorKey() {}

    /** Throws {@link StartFailure} when the key cannot be read or written. */
    static ExecutorDoor door(Config config, Path dataDir) {
        TlsSettings tls = TlsSettings.from(config);
        return ExecutorDoor.of(
                SecuritySettings.from(config).executors() ? Optional.of(key(dataDir)) : Optional.empty(),
                tls.http()
                        ? Map.of(
                                "LIBPROCESS_SSL_ENABLED",
                                "true",
                                "LIBPROCESS_SSL_VERIFY_SERVER_CERT",
                                "true",
                                "LIBPROCESS_SSL_CA_FILE",
                                tls.files().orElseThrow().authorities().toString())
                        : Map.of());
    }

    private static byte[] key(Path dataDir) {
        Path file = dataDir.resolve("meta").resolve("executor-key");
        try {
            if (Files.exists(file)) {
                byte[] known = Files.readAllBytes(file);
                if (known.length != BYTES) {
                    throw new StartFailure(file + ": " + known.length + " bytes (expected: " + BYTES
                            + "); remove it, and executors that run must be started anew");
                }
                return known;
            }
            byte[] fresh = new byte[BYTES];
            new SecureRandom().nextBytes(fresh);
            Files.createDirectories(file.getParent());
            Path unfinished = file.resolveSibling("executor-key.new");
            Files.deleteIfExists(unfinished);
            Files.createFile(
                    unfinished, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.write(unfinished, fresh);
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
            return fresh;
        } catch (IOException e) {
            throw new StartFailure("finback.data-dir: " + file + " cannot be written: " + e, e);
        }
    }
}
