package io.finback.settings;

import com.typesafe.config.Config;

/** {@code finback.management}: where members, readiness and liveness are served, read-only. */
public record ManagementSettings(HttpListen listen) {
    public static ManagementSettings from(Config config) {
        return new ManagementSettings(HttpListen.from(config, "finback.management"));
    }
}
