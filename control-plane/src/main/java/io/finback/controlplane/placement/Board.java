package io.finback.controlplane.placement;

import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * The candidates of one cycle in the order in which they are filled: those with least left first, so that large holes stay for large
 * instances, and those with GPUs last. What is taken only makes them fuller; the order stays.
 */
final class Board {
    private final List<Candidate> candidates;
    private final Pool[][] pools;
    private final FitTree tree;
    private final Map<String, Field> fields = new HashMap<>();

    Board(List<Candidate> given) {
        long[] most = new long[Pool.AMOUNTS];
        List<Row> rows = new ArrayList<>(given.size());
        for (Candidate candidate : given) {
            Row row = new Row(candidate, Pool.of(candidate.resources()));
            rows.add(row);
            for (int i = 0; i < most.length; i++) {
                most[i] = Math.max(most[i], row.sum[i]);
            }
        }
        rows.forEach(row -> row.fill(most));
        rows.sort(Comparator.<Row>comparingInt(row -> row.sum[Pool.GPUS] > 0 ? 1 : 0)
                .thenComparingDouble(row -> row.roominess)
                .thenComparing(row -> row.candidate.offer().value()));
        this.candidates = new ArrayList<>(rows.size());
        this.pools = new Pool[rows.size()][];
        this.tree = new FitTree(rows.size());
        for (int i = 0; i < rows.size(); i++) {
            candidates.add(rows.get(i).candidate);
            pools[i] = rows.get(i).pools;
            tree.put(i, rows.get(i).sum);
        }
        tree.build();
    }

    private static final class Row {
        final Candidate candidate;
        final Pool[] pools;
        final long[] sum;
        double roominess;

        Row(Candidate candidate, Pool[] pools) {
            this.candidate = candidate;
            this.pools = pools;
            this.sum = sum(pools);
        }

        void fill(long[] most) {
            roominess = share(Pool.CPUS, most) + share(Pool.MEM, most);
        }

        private double share(int amount, long[] most) {
            return most[amount] == 0 ? 0 : (double) sum[amount] / most[amount];
        }
    }

    int size() {
        return candidates.size();
    }

    Candidate at(int place) {
        return candidates.get(place);
    }

    FitTree tree() {
        return tree;
    }

    Field field(String name) {
        String key = name.equals("hostname") ? Spot.HOSTNAME : name;
        return fields.computeIfAbsent(key, k -> new Field(k, candidates));
    }

    /** What of it may serve the request. */
    long[] left(int place, Request request) {
        long[] sum = new long[Pool.AMOUNTS];
        for (Pool pool : pools[place]) {
            if (pool.mayServe(request)) {
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += pool.left[i];
                }
            }
        }
        return sum;
    }

    Resources unreserved(int place) {
        Pool[] all = pools[place];
        return all[all.length - 1].amount();
    }

    boolean holdsReserved(int place, Request request) {
        for (Pool pool : pools[place]) {
            if (pool.kind.isReserved() && pool.mayServe(request)) {
                return true;
            }
        }
        return false;
    }

    Ranges ports(int place, Request request) {
        Pool[] all = pools[place];
        if (all.length == 1) {
            return all[0].mayServe(request) ? all[0].ports : Ranges.EMPTY;
        }
        Ranges union = Ranges.EMPTY;
        for (Pool pool : all) {
            if (pool.mayServe(request)) {
                union = union.plus(pool.ports);
            }
        }
        return union;
    }

    /** True if there is enough for one instance. */
    boolean fits(int place, Request request, long[] needs) {
        if (!tree.fits(place, needs)) {
            return false;
        }
        Pool[] all = pools[place];
        if (all.length > 1 || !all[0].mayServe(request)) {
            long[] left = left(place, request);
            for (int i = 0; i < left.length; i++) {
                if (left[i] < needs[i]) {
                    return false;
                }
            }
        }
        List<Integer> fixed = request.fixedPorts();
        if (fixed.isEmpty()) {
            return true;
        }
        Ranges free = ports(place, request);
        return fixed.stream().allMatch(free::contains);
    }

    /** Gives one instance its share, reserved resources first. {@link #fits} has said so. */
    Assignment take(int place, Request request, String taskId, long[] needs, RandomGenerator random) {
        List<Integer> ports = pick(place, request, random);
        Ranges numbers = Ranges.ofValues(ports);
        Pool[] all = pools[place];
        Resources taken;
        if (all.length == 1) {
            all[0].take(needs, numbers);
            taken = ports.isEmpty() ? request.each() : request.each().withPorts(numbers);
        } else {
            taken = takeOfSeveral(all, request, needs.clone(), numbers);
        }
        tree.set(place, sum(all));
        return new Assignment(request.group(), taskId, candidates.get(place), ports, taken);
    }

    private static Resources takeOfSeveral(Pool[] all, Request request, long[] wanted, Ranges numbers) {
        Resources taken = Resources.EMPTY;
        for (Pool pool : all) {
            if (pool.mayServe(request)) {
                taken = taken.plus(pool.takeSome(wanted, numbers));
            }
        }
        return taken;
    }

    /** One number for each port of the request. */
    private List<Integer> pick(int place, Request request, RandomGenerator random) {
        int count = request.ports().size();
        if (count == 0) {
            return List.of();
        }
        List<Integer> fixed = request.fixedPorts();
        Ranges free = ports(place, request).minus(Ranges.ofValues(fixed));
        List<Integer> any = new ArrayList<>();
        // From a random number on: ports just given back are not reused at once.
        long size = free.size();
        long start = size == 0 ? 0 : random.nextLong(size);
        for (int i = 0; i < count - fixed.size(); i++) {
            any.add((int) free.nth((start + i) % size).orElseThrow());
        }
        Iterator<Integer> next = any.iterator();
        return request.ports().stream()
                .map(port -> request.exactPorts() && port != 0 ? port : next.next())
                .toList();
    }

    private static long[] sum(Pool[] pools) {
        long[] sum = new long[Pool.AMOUNTS];
        for (Pool pool : pools) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += pool.left[i];
            }
        }
        return sum;
    }
}
