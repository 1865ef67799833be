package io.finback.verification.deploy;

import com.typesafe.config.ConfigFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** The source tree, and the names of this build's settings as environment variables. */
final class Tree {
    private Tree() {}

    static Path root() {
        Path here = Path.of("").toAbsolutePath();
        for (Path at = here; at != null; at = at.getParent()) {
            if (Files.isExecutable(at.resolve("finback")) && Files.exists(at.resolve("pom.xml"))) {
                return at;
            }
        }
        throw new AssertionError("no launcher above " + here);
    }

    static Path k8s() {
        return root().resolve("k8s");
    }

    /** {@code FINBACK_CLUSTER_SEEDS} and all others. */
    static Set<String> variables() {
        return ConfigFactory.defaultReference().getConfig("finback").entrySet().stream()
                .map(entry -> "FINBACK_"
                        + entry.getKey()
                                .toUpperCase(Locale.ROOT)
                                .replace('.', '_')
                                .replace('-', '_'))
                .collect(Collectors.toSet());
    }

    static boolean onPath(String program) {
        for (String directory : (System.getenv("PATH") + ":/usr/sbin:/sbin").split(":", -1)) {
            if (Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }
}
