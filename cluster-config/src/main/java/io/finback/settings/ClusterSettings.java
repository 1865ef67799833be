package io.finback.settings;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * {@code finback.cluster}: where this member is reached and whom it joins.
 *
 * @param listen the Artery address; other members use exactly this host and port
 * @param seeds masters to join, in the order written; empty for a lone master, and where discovery finds them
 * @param aloneAfter how long the first of several seeds waits for those that do not answer before it forms a cluster without them
 * @param stableAfter how long members have to go on missing each other before any is removed
 * @param settleAfter how long a master has been there before entities move to it
 * @param returnAfter how long a master whose last life was cut off waits before it starts, while others are there
 * @param lookEvery how often each member looks whom to remove
 * @param tenure how masters that share a database say that a cluster uses it
 * @param rejoin how a node that is no master comes back after it was removed
 * @param discovery used when {@code seeds} is empty
 */
public record ClusterSettings(
        HttpListen listen,
        List<HostPort> seeds,
        Duration aloneAfter,
        Duration stableAfter,
        Duration settleAfter,
        Duration returnAfter,
        Duration lookEvery,
        Tenure tenure,
        Rejoin rejoin,
        DiscoverySettings discovery) {
    /**
     * {@code finback.cluster.tenure}.
     *
     * @param renewEvery how often masters renew it
     * @param expiresAfter a tenure so old holds nobody off
     */
    public record Tenure(Duration renewEvery, Duration expiresAfter) {
        private static final Duration SHORTEST = Duration.ofMillis(500);
        private static final Duration LONGEST = Duration.ofMinutes(1);
        private static final Duration LAST = Duration.ofMinutes(10);
        private static final int PERIODS = 5;

        private static Tenure from(SettingsReader reader) {
            Duration every = reader.duration("renew-every", SHORTEST, LONGEST);
            return new Tenure(every, reader.duration("expires-after", every.multipliedBy(PERIODS), LAST));
        }
    }

    /**
     * {@code finback.cluster.rejoin}.
     *
     * @param settledAfter a membership that lasted so long was a good one
     * @param longestWait before joining again
     */
    public record Rejoin(Duration settledAfter, Duration longestWait) {
        private static final Duration SHORTEST_SETTLED = Duration.ofSeconds(10);
        private static final Duration LONGEST_SETTLED = Duration.ofHours(1);
        private static final Duration MOST_WAIT = Duration.ofSeconds(20);

        private static Rejoin from(SettingsReader reader) {
            return new Rejoin(
                    reader.duration("settled-after", SHORTEST_SETTLED, LONGEST_SETTLED),
                    reader.duration("longest-wait", Duration.ZERO, MOST_WAIT));
        }
    }

    private static final Duration SHORTEST_LOOK = Duration.ofMillis(100);
    private static final Duration SHORTEST_ALONE = Duration.ofSeconds(2);
    private static final Duration LONGEST_ALONE = Duration.ofHours(1);
    private static final Duration SHORTEST_STABLE = Duration.ofSeconds(1);
    private static final Duration LONGEST_STABLE = Duration.ofSeconds(15);
    private static final Duration LONGEST_SETTLE = Duration.ofMinutes(10);
    private static final Duration LONGEST_RETURN = Duration.ofMinutes(1);

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
        List<HostPort> seeds = reader.addresses("seeds");
        DiscoverySettings discovery = DiscoverySettings.from(reader.at("discovery"));
        if (discovery.used() && !seeds.isEmpty()) {
            throw reader.refuse("seeds", "none, because finback.cluster.discovery.method finds the masters");
        }
        return new ClusterSettings(
                listen,
                seeds,
                reader.duration("alone-after", SHORTEST_ALONE, LONGEST_ALONE),
                reader.duration("stable-after", SHORTEST_STABLE, LONGEST_STABLE),
                reader.duration("settle-after", Duration.ZERO, LONGEST_SETTLE),
                reader.duration("return-after", Duration.ZERO, LONGEST_RETURN),
                reader.duration("look-every", SHORTEST_LOOK, SHORTEST_STABLE),
                Tenure.from(reader.at("tenure")),
                Rejoin.from(reader.at("rejoin")),
                discovery);
    }

    /**
     * Says that an even number of masters is configured; empty: it is odd. Half of them have no majority, and end when the others are lost: of
     * two masters neither may be.
     */
    public Optional<String> evenMasters() {
        boolean listed = !seeds.isEmpty();
        int masters = listed ? seeds.size() : discovery.used() ? discovery.contactPoints() : 1;
        if (masters % 2 == 1) {
            return Optional.empty();
        }
        String key = listed ? "finback.cluster.seeds" : "finback.cluster.discovery.contact-points";
        return Optional.of(key + ": " + masters + " masters (expected: 1, 3 or 5; "
                + (masters == 2
                        ? "when one is lost the other ends, too"
                        : "when half of them are lost the rest ends, too")
                + ", since it cannot tell whether it is cut off)");
    }

    /** Whether there is a way to masters: without one an agent cannot work, a router runs alone, a master forms a cluster by itself. */
    public boolean knowsMasters() {
        return !seeds.isEmpty() || discovery.used();
    }
}
