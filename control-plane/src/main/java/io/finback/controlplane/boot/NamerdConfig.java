package io.finback.controlplane.boot;

import com.typesafe.config.Config;
import io.finback.controlplane.namerdapi.NamerdSettings;
import io.finback.settings.SettingsReader;
import java.time.Duration;

/** Reads {@code finback.namerd}. A wrong value is a {@link io.finback.runtime.StartFailure} that names its key. */
final class NamerdConfig {
    private static final long MIN_DTAB = 1024;
    /** A bucket of tables must fit one message between masters. */
    private static final long MAX_DTAB = 256 * 1024;

    private NamerdConfig() {}

    static NamerdSettings from(Config config) {
        SettingsReader namerd = SettingsReader.of(config, "finback.namerd");
        return new NamerdSettings(
                namerd.duration("ask-timeout", Duration.ofMillis(10), Duration.ofHours(1)),
                namerd.bytes("max-dtab", MIN_DTAB, MAX_DTAB),
                namerd.intIn("max-namespaces", 1, 10_000),
                namerd.intIn("max-watches", 1, 100_000));
    }
}
