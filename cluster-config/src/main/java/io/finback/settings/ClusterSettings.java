package io.finback.settings;

import com.typesafe.config.Config;
import java.util.List;

/**
 * {@code finback.cluster}: where this member is reached and whom it joins.
 *
 * @param listen the Artery address; other members use exactly this host and port
 * @param seeds masters to join, in the order written; empty for a lone master
 */
public record ClusterSettings(HttpListen listen, List<HostPort> seeds) {
    public ClusterSettings {
        seeds = List.copyOf(seeds);
    }

    /** Throws {@link io.finback.runtime.StartFailure} that names the key, its value and what was expected. */
    public static ClusterSettings from(Config config) {
        SettingsReader reader = SettingsReader.of(config, "finback.cluster");
        HttpListen listen = reader.listen();
        if (listen.host().equals("0.0.0.0") || listen.host().equals("::")) {
            throw reader.refuse("host", "the address others reach this node at, not all interfaces");
        }
        return new ClusterSettings(listen, reader.addresses("seeds"));
    }
}
