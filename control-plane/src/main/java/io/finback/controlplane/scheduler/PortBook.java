package io.finback.controlplane.scheduler;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which app holds which service ports. Ports people chose themselves may repeat (as in Marathon); assigned ones are unique. */
public record PortBook(Map<String, Holding> holdings) {
    public static final int FIRST = 10000;
    public static final int LAST = 20000;
    public static final PortBook EMPTY = new PortBook(Map.of());

    /** {@code revision}: the app's sequence number; what an older one says is ignored. */
    public record Holding(long revision, List<Integer> ports) {
        public Holding {
            ports = List.copyOf(ports);
        }
    }

    public PortBook {
        holdings = PortMap.of(holdings);
    }

    /** {@code wanted} with each 0 replaced by the lowest port nobody holds; empty when there are not enough. */
    public Optional<List<Integer>> assign(String appId, List<Integer> wanted) {
        BitSet taken = PortMap.of(holdings).takenWithout(appId);
        wanted.stream().filter(port -> port > 0).forEach(taken::set);
        List<Integer> ports = new ArrayList<>();
        int next = FIRST;
        for (int port : wanted) {
            if (port != 0) {
                ports.add(port);
                continue;
            }
            next = taken.nextClearBit(next);
            if (next > LAST) {
                return Optional.empty();
            }
            ports.add(next++);
        }
        return Optional.of(ports);
    }

    public List<Integer> portsOf(String appId) {
        Holding holding = holdings.get(appId);
        return holding == null ? List.of() : holding.ports();
    }

    public boolean outdated(String appId, long revision) {
        Holding holding = holdings.get(appId);
        return holding != null && holding.revision() > revision;
    }

    public PortBook with(String appId, Holding holding) {
        return new PortBook(PortMap.of(holdings).with(appId, holding));
    }
}
