package io.finback.wire;

import akka.cluster.ddata.Key;
import akka.cluster.ddata.LWWMap;
import akka.cluster.ddata.LWWMapKey;
import akka.cluster.ddata.LWWRegister;
import java.util.List;
import java.util.stream.IntStream;

/** Where {@link DtabSnapshot}s live in distributed data: a fixed number of maps (namespace to snapshot). See {@link EndpointsKeys}. */
public final class DtabKeys {
    /** Part of the wire: changing it needs a full stop. */
    public static final int BUCKETS = 16;

    private DtabKeys() {}

    public static Key<LWWMap<String, DtabSnapshot>> of(String namespace) {
        return bucket(Math.floorMod(namespace.hashCode(), BUCKETS));
    }

    public static List<Key<LWWMap<String, DtabSnapshot>>> all() {
        return IntStream.range(0, BUCKETS).mapToObj(DtabKeys::bucket).toList();
    }

    /** The larger version wins, whatever the clocks of two masters say. */
    public static LWWRegister.Clock<DtabSnapshot> clock() {
        return (current, value) -> value.version();
    }

    private static Key<LWWMap<String, DtabSnapshot>> bucket(int number) {
        return LWWMapKey.create("dtabs-" + number);
    }
}
