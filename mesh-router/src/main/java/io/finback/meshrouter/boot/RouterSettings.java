package io.finback.meshrouter.boot;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.finback.meshrouter.http.ProxySettings;
import io.finback.meshrouter.names.Dtab;
import io.finback.meshrouter.router.Policies;
import io.finback.runtime.StartFailure;
import io.finback.settings.ClusterSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** The router's settings, read and checked once. */
record RouterSettings(
        ProxySettings proxy,
        String adminHost,
        int adminPort,
        Dtab dtab,
        Optional<Path> fsRoot,
        Duration drainLimit,
        Policies policies,
        int maxNames,
        boolean clustered) {

    /** Throws {@link StartFailure} naming the key, the value and what was expected. */
    static RouterSettings from(Config config) {
        try {
            return read(config);
        } catch (IllegalArgumentException e) {
            throw new StartFailure("finback.router." + e.getMessage(), e);
        } catch (ConfigException e) {
            throw new StartFailure(String.valueOf(e.getMessage()), e);
        }
    }

    private static RouterSettings read(Config config) {
        Config router = config.getConfig("finback.router");
        if (!router.getString("linkerd-yaml").isEmpty()) {
            throw new IllegalArgumentException("linkerd-yaml: '" + router.getString("linkerd-yaml")
                    + "' is not supported yet (expected: empty; use finback.router.dtab and the keys beside it)");
        }
        Optional<Duration> totalTimeout = router.getString("total-timeout").equals("infinite")
                ? Optional.empty()
                : Optional.of(router.getDuration("total-timeout"));
        Config limits = router.getConfig("limits");
        ProxySettings proxy = new ProxySettings(
                router.getString("http.host"),
                router.getInt("http.port"),
                ioThreads(router.getString("io-threads")),
                limits.getInt("max-connections"),
                limits.getInt("max-initial-line-bytes"),
                limits.getInt("max-header-bytes"),
                limits.getInt("max-call-depth"),
                limits.getInt("max-idle-per-endpoint"),
                router.getInt("retries.limit"),
                router.getDuration("connect-timeout"),
                router.getDuration("binding-timeout"),
                router.getDuration("client-idle-timeout"),
                router.getDuration("exchange-idle-timeout"),
                router.getDuration("upstream-idle-timeout"));
        int maxNames = limits.getInt("max-names");
        if (maxNames < 1 || maxNames > 1_000_000) {
            throw new IllegalArgumentException("limits.max-names: " + maxNames + " (expected: 1..1000000)");
        }
        return new RouterSettings(
                proxy,
                router.getString("admin.host"),
                router.getInt("admin.port"),
                dtab(router.getString("dtab")),
                fsRoot(router.getString("namers.fs.root-dir")),
                router.getDuration("drain-limit"),
                Policies.of(
                        PolicySettings.client(router.getConfig("client")),
                        PolicySettings.service(router.getConfig("service"), totalTimeout)),
                maxNames,
                ClusterSettings.from(config).knowsMasters());
    }

    private static int ioThreads(String text) {
        if (text.equals("auto")) {
            return Runtime.getRuntime().availableProcessors();
        }
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("io-threads: '" + text + "' (expected: auto or 1..1024)", e);
        }
    }

    private static Dtab dtab(String text) {
        try {
            return Dtab.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("dtab: " + e.getMessage(), e);
        }
    }

    private static Optional<Path> fsRoot(String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        Path root = Path.of(text);
        if (!Files.isDirectory(root)) {
            throw new IllegalArgumentException("namers.fs.root-dir: '" + text + "' (expected: an existing directory)");
        }
        return Optional.of(root);
    }
}
