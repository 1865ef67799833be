package io.finback.settings;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.List;

/**
 * {@code finback.cluster}: where this member is reached and whom it joins.
 *
 * @param listen the Artery address; other members use exactly this host and port
 * @param seeds masters to join, in the order written; empty for a lone master
 * @param aloneAfter how long the first of several seeds looks for the others before it forms a cluster without them
 */
public record ClusterSettings(HttpListen listen, List<HostPort> seeds, Duration aloneAfter) {
    private static final Duration SHORTEST_ALONE = Duration.ofSeconds(2);
    private static final Duration LONGEST_ALONE = Duration.ofHours(1);

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
        return new ClusterSettings(
                listen, reader.addresses("seeds"), reader.duration("alone-after", SHORTEST_ALONE, LONGEST_ALONE));
    }
}
