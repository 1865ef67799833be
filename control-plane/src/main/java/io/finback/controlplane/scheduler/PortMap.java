package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.PortBook.Holding;
import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Holdings by app, for tens of thousands of them: a change copies one cell of {@value #CELLS} and which ports are taken, not all there is. In
 * no order. Immutable.
 */
final class PortMap extends AbstractMap<String, Holding> {
    private static final int CELLS = 256;
    private static final int PORTS = PortBook.LAST - PortBook.FIRST + 1;
    private static final PortMap EMPTY = new PortMap(emptyCells(), 0, new short[PORTS]);

    private final Map<String, Holding>[] cells;
    private final int size;
    /** By how many apps each assignable port is held. */
    private final short[] holders;

    private PortMap(Map<String, Holding>[] cells, int size, short[] holders) {
        this.cells = cells;
        this.size = size;
        this.holders = holders;
    }

    static PortMap of(Map<String, Holding> map) {
        if (map instanceof PortMap same) {
            return same;
        }
        PortMap all = EMPTY;
        for (Map.Entry<String, Holding> entry : map.entrySet()) {
            all = all.changed(entry.getKey(), entry.getValue(), false);
        }
        return all;
    }

    /** No ports: the app holds none any more. */
    PortMap with(String appId, Holding holding) {
        return changed(appId, holding, holding.ports().isEmpty());
    }

    private PortMap changed(String appId, Holding holding, boolean remove) {
        int cell = cell(appId);
        Map<String, Holding> changed = new HashMap<>(cells[cell]);
        Holding old = remove ? changed.remove(appId) : changed.put(appId, holding);
        short[] counts = holders.clone();
        count(counts, old, -1);
        count(counts, holding, 1);
        Map<String, Holding>[] copies = cells.clone();
        copies[cell] = changed;
        return new PortMap(copies, size + changed.size() - cells[cell].size(), counts);
    }

    private static void count(short[] counts, @Nullable Holding holding, int by) {
        if (holding != null) {
            for (int port : holding.ports()) {
                if (port >= PortBook.FIRST && port <= PortBook.LAST) {
                    counts[port - PortBook.FIRST] += (short) by;
                }
            }
        }
    }

    /** The assignable ports that others than this app hold. */
    BitSet takenWithout(String appId) {
        short[] counts = holders.clone();
        count(counts, get(appId), -1);
        BitSet taken = new BitSet(PortBook.LAST + 2);
        for (int i = 0; i < PORTS; i++) {
            if (counts[i] > 0) {
                taken.set(PortBook.FIRST + i);
            }
        }
        return taken;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public @Nullable Holding get(@Nullable Object key) {
        return key instanceof String id ? cells[cell(id)].get(id) : null;
    }

    @Override
    public boolean containsKey(@Nullable Object key) {
        return get(key) != null;
    }

    @Override
    public Set<Map.Entry<String, Holding>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public int size() {
                return size;
            }

            @Override
            public Iterator<Map.Entry<String, Holding>> iterator() {
                return Arrays.stream(cells)
                        .flatMap(cell -> cell.entrySet().stream())
                        .map(entry -> Map.entry(entry.getKey(), entry.getValue()))
                        .iterator();
            }
        };
    }

    private static int cell(String id) {
        int hash = id.hashCode();
        return (hash ^ (hash >>> 16)) & (CELLS - 1);
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // Java makes no arrays of generic types
    private static Map<String, Holding>[] emptyCells() {
        Map[] cells = new Map[CELLS];
        Arrays.fill(cells, Map.of());
        return cells;
    }
}
