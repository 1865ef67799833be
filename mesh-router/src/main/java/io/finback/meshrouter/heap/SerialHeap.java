package io.finback.meshrouter.heap;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The heap of the serial collector, whose first generation has a size that follows the second one's: after each full collection that one is
 * made as large as it has to be for a share of it to be free, and the first is a fixed part of it. The share may be set while the JVM
 * runs, so a full collection with another share gives the first generation another size. What the second one has and nobody uses costs
 * addresses and no memory. Not thread-safe.
 *
 * <p>Source: OpenJDK 17 {@code gc/serial/defNewGeneration.cpp compute_new_size}, {@code gc/shared/cardGeneration.cpp compute_new_size}.
 */
final class SerialHeap {
    private static final String MIN_FREE = "MinHeapFreeRatio";
    private static final String MAX_FREE = "MaxHeapFreeRatio";

    /** Beyond it a step of one in a hundred changes the size by a quarter and more. */
    private static final long MOST_FREE = 96;

    private final GarbageCollectorMXBean collector;
    private final Map<String, MemoryPoolMXBean> pools;
    private final long youngAtFirst;

    private SerialHeap(GarbageCollectorMXBean collector, Map<String, MemoryPoolMXBean> pools) {
        this.collector = collector;
        this.pools = pools;
        this.youngAtFirst = young();
    }

    /** Empty where the JVM has another collector. */
    static Optional<SerialHeap> ofThisJvm() {
        Map<String, MemoryPoolMXBean> pools = new HashMap<>();
        ManagementFactory.getMemoryPoolMXBeans().forEach(pool -> pools.put(pool.getName(), pool));
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .filter(bean -> bean.getName().equals("Copy") && pools.containsKey("Tenured Gen"))
                .findFirst()
                .map(bean -> new SerialHeap(bean, pools));
    }

    /** Collections of the first generation so far. */
    long collections() {
        return collector.getCollectionCount();
    }

    /** Bytes of the first generation: what objects are made in, and the two halves of what outlives a collection. */
    long young() {
        return committed("Eden Space") + 2 * committed("Survivor Space");
    }

    /** What it was when this was made. */
    long youngAtFirst() {
        return youngAtFirst;
    }

    /** Bytes in the second generation: what has been alive for a while. */
    long old() {
        return pool("Tenured Gen").getUsage().getUsed();
    }

    private long committed(String name) {
        return pool(name).getUsage().getCommitted();
    }

    private MemoryPoolMXBean pool(String name) {
        MemoryPoolMXBean pool = pools.get(name);
        if (pool == null) {
            throw new IllegalStateException("no memory pool is called " + name);
        }
        return pool;
    }

    /**
     * Makes the first generation about {@code bytes} large, or as large as the JVM may. Stops all threads for a full collection: some 2 ms
     * for each megabyte that is alive. What was set for later collections is as before.
     */
    void resize(long bytes) {
        HotSpotDiagnosticMXBean jvm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        String min = value(jvm, MIN_FREE);
        String max = value(jvm, MAX_FREE);
        long free = freeShare(old(), bytes * Long.parseLong(value(jvm, "NewRatio")));
        jvm.setVMOption(MAX_FREE, "100");
        try {
            jvm.setVMOption(MIN_FREE, Long.toString(free));
            jvm.setVMOption(MAX_FREE, Long.toString(free + 1));
            System.gc();
        } finally {
            jvm.setVMOption(MAX_FREE, "100");
            jvm.setVMOption(MIN_FREE, min);
            jvm.setVMOption(MAX_FREE, max);
        }
    }

    /** Of a hundred, for {@code live} bytes to have {@code whole} around them. */
    static long freeShare(long live, long whole) {
        long used = (100 * live + whole - 1) / whole;
        return Math.max(0, Math.min(MOST_FREE, 100 - used));
    }

    private static String value(HotSpotDiagnosticMXBean jvm, String name) {
        return jvm.getVMOption(name).getValue();
    }
}
