package io.finback.meshrouter.router;

import java.util.Map;

/**
 * What the router knows of all apps, at one moment. Immutable.
 *
 * @param apps by app id, such as {@code /shop/api}
 * @param appsVersion grows when an app appears or disappears, not when its instances change
 * @param link which membership is the present one, from 1; 0 before the first
 * @param connected whether a master is a reachable member now
 * @param heardAtNanos when masters were last heard (the nanoTime clock); of no meaning before the first time
 * @param fed whether it was ever told about endpoints, or has been connected long enough to say that there are none
 */
public record EndpointsSnapshot(
        Map<String, KnownApp> apps, long appsVersion, int link, boolean connected, long heardAtNanos, boolean fed) {
    public static final EndpointsSnapshot NOTHING = new EndpointsSnapshot(Map.of(), 0, 0, false, 0, false);

    public EndpointsSnapshot {
        apps = Map.copyOf(apps);
    }

    /** Age of the information in milliseconds: 0 while connected, -1 if masters were never heard. */
    public long ageMillis(long nowNanos) {
        if (connected) {
            return 0;
        }
        return heardAtNanos == 0 ? -1 : Math.max(0, (nowNanos - heardAtNanos) / 1_000_000);
    }
}
