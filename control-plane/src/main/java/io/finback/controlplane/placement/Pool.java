package io.finback.controlplane.placement;

import io.finback.resources.Kind;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** What is left of one kind of resources in one offer: unreserved, or reserved in one way. */
final class Pool {
    static final int CPUS = 0;
    static final int MEM = 1;
    static final int DISK = 2;
    static final int GPUS = 3;
    /** How many; all others in thousandths. */
    static final int PORTS = 4;

    static final int AMOUNTS = 5;
    private static final List<String> SCALARS = List.of(Resources.CPUS, Resources.MEM, Resources.DISK, Resources.GPUS);

    final Kind kind;
    final long[] left;
    Ranges ports;

    private Pool(Kind kind, Resources amount) {
        this.kind = kind;
        this.left = amounts(amount);
        this.ports = amount.ports();
    }

    /** Of an offer, what is reserved first: volumes, own disks and what is revocable are not for placing. */
    static Pool[] of(Resources resources) {
        if (resources.isPlain()) {
            return new Pool[] {new Pool(Kind.PLAIN, resources)};
        }
        List<Pool> pools = new ArrayList<>();
        resources.special().stream()
                .filter(s -> s.kind().isReserved()
                        && s.kind().disk().isEmpty()
                        && !s.kind().revocable()
                        && !s.kind().shared())
                .forEach(s -> pools.add(new Pool(s.kind(), s.amount())));
        pools.add(new Pool(Kind.PLAIN, resources.plain()));
        return pools.toArray(Pool[]::new);
    }

    static long[] amounts(Resources amount) {
        long[] amounts = new long[AMOUNTS];
        for (int i = 0; i < PORTS; i++) {
            amounts[i] = amount.milli(SCALARS.get(i));
        }
        amounts[PORTS] = amount.ports().size();
        return amounts;
    }

    /** What is left, as a plain amount. */
    Resources amount() {
        TreeMap<String, Long> scalars = new TreeMap<>();
        for (int i = 0; i < PORTS; i++) {
            scalars.put(SCALARS.get(i), left[i]);
        }
        TreeMap<String, Ranges> ranges = new TreeMap<>();
        ranges.put(Resources.PORTS, ports);
        return new Resources(scalars, ranges);
    }

    boolean mayServe(Request request) {
        return kind.isReserved()
                ? request.takesReserved() && kind.isAllocatableTo(request.role())
                : request.takesUnreserved();
    }

    /** Takes all of {@code wanted}, which is there, and these ports. */
    void take(long[] wanted, Ranges numbers) {
        for (int i = 0; i < AMOUNTS; i++) {
            left[i] -= wanted[i];
        }
        if (!numbers.isEmpty()) {
            ports = ports.minus(numbers);
        }
    }

    /** Takes as much of {@code wanted} as there is, and these ports; lowers {@code wanted} and returns what was taken. */
    Resources takeSome(long[] wanted, Ranges numbers) {
        TreeMap<String, Long> scalars = new TreeMap<>();
        for (int i = 0; i < PORTS; i++) {
            long taken = Math.min(left[i], wanted[i]);
            left[i] -= taken;
            wanted[i] -= taken;
            scalars.put(SCALARS.get(i), taken);
        }
        Ranges mine = numbers.isEmpty() ? Ranges.EMPTY : ports.intersect(numbers);
        if (!mine.isEmpty()) {
            ports = ports.minus(mine);
            left[PORTS] -= mine.size();
        }
        TreeMap<String, Ranges> ranges = new TreeMap<>();
        ranges.put(Resources.PORTS, mine);
        return Resources.of(kind, new Resources(scalars, ranges));
    }
}
