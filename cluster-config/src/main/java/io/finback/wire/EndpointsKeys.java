package io.finback.wire;

import akka.cluster.ddata.Key;
import akka.cluster.ddata.LWWMap;
import akka.cluster.ddata.LWWMapKey;
import akka.cluster.ddata.LWWRegister;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Where {@link AppEndpoints} live in distributed data: a fixed number of maps (app id to endpoints), so that one change ships one
 * small map. Replicated to members with the role {@link #ROLE} (masters and routers).
 */
public final class EndpointsKeys {
    /** The Akka Cluster role of nodes that hold a replica; {@code akka.cluster.distributed-data.role} names it. */
    public static final String ROLE = "endpoints";

    /** Part of the wire: changing it needs a full stop. */
    public static final int BUCKETS = 32;

    private EndpointsKeys() {}

    public static Key<LWWMap<String, AppEndpoints>> of(String appId) {
        return bucket(Math.floorMod(appId.hashCode(), BUCKETS));
    }

    public static List<Key<LWWMap<String, AppEndpoints>>> all() {
        return IntStream.range(0, BUCKETS).mapToObj(EndpointsKeys::bucket).toList();
    }

    /** The larger revision wins, whatever the clocks of two masters say. */
    public static LWWRegister.Clock<AppEndpoints> clock() {
        return (current, value) -> value.revision();
    }

    private static Key<LWWMap<String, AppEndpoints>> bucket(int number) {
        return LWWMapKey.create("endpoints-" + number);
    }
}
