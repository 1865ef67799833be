package io.finback.verification.bench;

import io.finback.controlplane.allocator.AllocatorState;
import io.finback.controlplane.allocator.OfferBook;
import io.finback.controlplane.allocator.Offered;
import io.finback.controlplane.allocator.Quota;
import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Mesos' LargeAndSmallQuota at 3,000 roles with a framework each: 2,500 roles are guaranteed and limited to one agent, 500 to two. 4,000
 * agents, so that 500 are left that nobody may have.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = "-Xmx6g")
@Warmup(iterations = 8)
@Measurement(iterations = 10)
public class QuotaBench {
    private static final int SMALL = 2_500;
    private static final int LARGE = 500;
    private static final int OFFERS = SMALL + 2 * LARGE;
    private static final int AGENTS = OFFERS + 500;

    private AllocatorState state = new AllocatorState();
    private OfferBook fresh = Pools.book(0);
    private OfferBook served = Pools.book(0);

    @Setup(Level.Trial)
    public void pool() {
        Resources machine = Resources.of(2, 1_024, 0);
        List<Quota> quotas = new ArrayList<>();
        for (int i = 0; i < SMALL + LARGE; i++) {
            int machines = i < SMALL ? 1 : 2;
            TreeMap<String, Long> amount = new TreeMap<>();
            machine.milli().forEach((name, value) -> amount.put(name, value * machines));
            quotas.add(new Quota(role(i), amount, amount));
        }
        state = Pools.empty(AGENTS, machine).apply(Pools.quotas(quotas));
        served = newBook();
        Pools.atLeast(OFFERS, served.pass(state, Pools.START)).size();
    }

    @Setup(Level.Invocation)
    public void books() {
        fresh = newBook();
        for (int i = 0; i < AGENTS; i++) {
            served.touch(Pools.agent(i));
        }
    }

    /** 3,500 offers, each to a role that is owed it. */
    @Benchmark
    public List<Offered> allocations() {
        return Pools.atLeast(OFFERS, fresh.pass(state, Pools.START));
    }

    /** Every agent is looked at, 500 of them are free, and every role is at its limit. */
    @Benchmark
    public List<Offered> idleCycle() {
        return served.pass(state, Pools.START);
    }

    /** 3,000 frameworks, each in a role of its own. */
    @Benchmark
    public OfferBook addFrameworks() {
        OfferBook book = Pools.book(0);
        Pools.join(book, SMALL + LARGE, QuotaBench::role);
        return book;
    }

    private static OfferBook newBook() {
        OfferBook book = Pools.book(AGENTS);
        Pools.join(book, SMALL + LARGE, QuotaBench::role);
        return book;
    }

    private static String role(int number) {
        return "role-" + number;
    }
}
