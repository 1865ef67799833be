package io.finback.controlplane.allocator;

import io.finback.controlplane.allocator.OfferConstraints.AttributeConstraint;
import io.finback.controlplane.allocator.OfferConstraints.Group;
import io.finback.controlplane.allocator.OfferConstraints.Pseudo;
import io.finback.resources.AgentId;
import io.finback.resources.Disk;
import io.finback.resources.FaultDomain;
import io.finback.resources.FrameworkId;
import io.finback.resources.Kind;
import io.finback.resources.Ranges;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * A pool to which random things happen, together with what was said to it in plain lists: {@link NaivePool} judges the offers by these
 * lists alone.
 */
final class RandomPool {
    static final OfferPolicy POLICY =
            new OfferPolicy(Duration.ofSeconds(20), 10, 32_000, Optional.of("here"), true, Set.of());
    static final List<String> ROLES = List.of("*", "eng", "eng/be", "eng/be/x", "ops", "ops/a");

    /** A filter as it was asked for. */
    record Refused(FrameworkId framework, String role, AgentId agent, Resources resources, Instant until) {}

    final Random random;
    final Map<FrameworkId, ClientSpec> clients = new LinkedHashMap<>();
    final Set<AgentId> offerable = new HashSet<>();
    final List<Refused> refused = new ArrayList<>();
    private final List<AllocatorEvent> journal = new ArrayList<>();
    AllocatorState state = new AllocatorState();
    OfferBook book;
    Instant now = Instant.ofEpochSecond(1_000);
    private int incarnation;
    private int nextTask;

    RandomPool(long seed) {
        this.random = new Random(seed);
        this.book = newBook();
        for (int i = 0; i < 3; i++) {
            admit(i);
        }
    }

    static Predicate<String> compiled(String expression) {
        Pattern pattern = Pattern.compile(expression);
        return text -> pattern.matcher(text).matches();
    }

    private OfferBook newBook() {
        return new OfferBook("e" + incarnation++, POLICY, expression -> Optional.of(compiled(expression)));
    }

    /** One random thing. */
    void step() {
        now = now.plusMillis(random.nextInt(2_500));
        switch (random.nextInt(18)) {
            case 0 -> admit(random.nextInt(6));
            case 1 -> lose(agent());
            case 2 -> open(agent(), random.nextInt(3) > 0);
            case 3, 4, 5 -> join(framework());
            case 6 -> leave(framework());
            case 7 -> revive(framework());
            case 8 -> setQuota();
            case 9 -> apply(weights(Map.of(ROLES.get(random.nextInt(ROLES.size())), 0.5 + random.nextInt(4))));
            case 10 -> crash();
            case 11, 12 -> release();
            default -> answer();
        }
    }

    private void answer() {
        List<Offered> offers = List.copyOf(book.outstanding());
        for (Offered offer : offers) {
            switch (random.nextInt(5)) {
                case 0 -> decline(offer, random.nextInt(8));
                case 1, 2 -> accept(offer);
                default -> {}
            }
        }
    }

    void decline(Offered offer, int seconds) {
        if (book.remove(offer.framework(), List.of(offer.id())).isEmpty() || seconds == 0) {
            return;
        }
        filter(offer, offer.resources(), seconds);
    }

    private void filter(Offered offer, Resources resources, int seconds) {
        Instant until = now.plusSeconds(seconds);
        book.filter(offer.framework(), offer.role(), offer.agent(), resources, until);
        refused.removeIf(old -> old.framework().equals(offer.framework())
                && old.role().equals(offer.role())
                && old.agent().equals(offer.agent()));
        if (clients.containsKey(offer.framework())) {
            refused.add(new Refused(offer.framework(), offer.role(), offer.agent(), resources, until));
        }
    }

    void accept(Offered offer) {
        Resources taken = part(offer.resources());
        if (taken.isEmpty()
                || book.remove(offer.framework(), List.of(offer.id())).isEmpty()) {
            return;
        }
        Holding holding = new Holding(
                new TaskKey(offer.framework(), TaskId.of("t" + nextTask++)), offer.agent(), taken, offer.role());
        apply(AllocatorEvent.of(List.of(), List.of(holding)));
        book.touch(offer.agent(), offer.framework());
        Resources rest = offer.resources().minus(taken);
        if (!rest.isEmpty() && random.nextBoolean()) {
            filter(offer, rest, 1 + random.nextInt(6));
        }
    }

    /** Half of the plain scalars, and now and then everything. */
    private Resources part(Resources offered) {
        if (random.nextInt(4) == 0) {
            return offered;
        }
        TreeMap<String, Long> half = new TreeMap<>();
        offered.milli().forEach((name, amount) -> half.put(name, amount / 2));
        return new Resources(half, new TreeMap<>());
    }

    private void release() {
        state.holdings().stream()
                .skip(random.nextInt(1 + state.holdingCount()))
                .findFirst()
                .ifPresent(holding -> {
                    apply(AllocatorEvent.of(List.of(holding.key()), List.of()));
                    book.touch(holding.agent(), holding.key().framework());
                });
    }

    private void admit(int number) {
        AgentId id = AgentId.of("a" + number);
        AgentSpec spec = spec(number);
        if (state.agent(id)
                .map(entry -> !spec.total().contains(entry.allocated()))
                .orElse(false)) {
            return;
        }
        ended(book.withdraw(id));
        AgentRecord record = state.agent(id)
                .map(entry -> entry.record().withSpec(spec, spec.total()))
                .orElseGet(() -> AgentRecord.admitted(spec, now));
        apply(agents(record));
        open(id, true);
    }

    /** What an agent is, is decided by its number, but for its size. */
    private AgentSpec spec(int number) {
        Resources total = Resources.of(4 + random.nextInt(3), 4_096, 1_000).withPorts(Ranges.of(31_000, 31_020));
        if (number % 3 == 1) {
            total = total.plus(Resources.of(Kind.reserved(Reservation.fixed("eng")), Resources.of(2, 1_024, 0)));
            total = total.plus(Resources.of(
                    Kind.reserved(Reservation.fixed("eng"))
                            .reservedFurther(Reservation.dynamic("eng/be", Optional.empty())),
                    Resources.of(1, 512, 0)));
        }
        if (number % 3 == 2) {
            total = total.plus(Resources.of(new Kind(List.of(), Optional.empty(), true, false), Resources.of(3, 0, 0)));
            Disk volume = new Disk(
                    Optional.of(new Disk.Persistence("v", Optional.empty())), Optional.empty(), Optional.empty());
            total = total.plus(Resources.of(
                    Kind.reserved(Reservation.fixed("ops"))
                            .withDisk(Optional.of(volume))
                            .withShared(true),
                    Resources.of(0, 0, 100)));
        }
        if (number == 4) {
            total = total.withScalar(Resources.GPUS, 2);
        }
        Optional<FaultDomain> domain = number % 2 == 0
                ? Optional.empty()
                : Optional.of(new FaultDomain(number == 5 ? "there" : "here", "z" + number));
        return new AgentSpec(
                AgentId.of("a" + number), "host" + number, 5051, total, Map.of("rack", "r" + number % 2), "1", domain);
    }

    private void lose(AgentId agent) {
        state.agent(agent).ifPresent(entry -> {
            ended(book.setOfferable(agent, false));
            offerable.remove(agent);
            apply(agents(entry.record().withLostAt(now)));
        });
    }

    private void open(AgentId agent, boolean allowed) {
        ended(book.setOfferable(agent, allowed));
        if (allowed) {
            offerable.add(agent);
        } else {
            offerable.remove(agent);
        }
    }

    private void join(FrameworkId framework) {
        Set<String> roles = some(ROLES);
        Set<String> suppressed = random.nextInt(3) > 0 ? Set.of() : some(roles);
        Set<Capability> capabilities = EnumSet.noneOf(Capability.class);
        for (Capability capability : Capability.values()) {
            if (random.nextBoolean()) {
                capabilities.add(capability);
            }
        }
        Map<String, List<Group>> constraints = new HashMap<>();
        Map<String, List<SortedMap<String, Long>>> minimums = new HashMap<>();
        for (String role : roles) {
            if (random.nextInt(3) == 0) {
                constraints.put(role, List.of(group(), group()));
            }
            if (random.nextInt(4) == 0) {
                minimums.put(role, List.of(new TreeMap<>(Map.of("cpus", 1_000L * random.nextInt(4)))));
            }
        }
        ClientSpec spec = new ClientSpec(roles, suppressed, capabilities, new OfferConstraints(constraints), minimums);
        ended(book.join(framework, spec));
        clients.put(framework, spec);
        refused.removeIf(old -> old.framework().equals(framework) && !roles.contains(old.role()));
    }

    private Group group() {
        List<AttributeConstraint> all = new ArrayList<>();
        for (int i = random.nextInt(2); i >= 0; i--) {
            OfferConstraints.Test test = List.of(OfferConstraints.Test.values()).get(random.nextInt(6));
            Optional<String> text = test == OfferConstraints.Test.EXISTS || test == OfferConstraints.Test.NOT_EXISTS
                    ? Optional.empty()
                    : Optional.of(List.of("r0", "r1", "host2", "here", "(r|z)[0-2]", "host[13]")
                            .get(random.nextInt(6)));
            all.add(
                    random.nextBoolean()
                            ? new AttributeConstraint(Optional.empty(), Optional.of("rack"), test, text)
                            : new AttributeConstraint(
                                    Optional.of(List.of(Pseudo.values()).get(random.nextInt(3))),
                                    Optional.empty(),
                                    test,
                                    text));
        }
        return new Group(all);
    }

    private void leave(FrameworkId framework) {
        ended(book.leave(framework));
        clients.remove(framework);
        refused.removeIf(old -> old.framework().equals(framework));
    }

    private void revive(FrameworkId framework) {
        Set<String> roles = random.nextBoolean() ? Set.of() : some(ROLES);
        book.revive(framework, roles);
        refused.removeIf(old -> old.framework().equals(framework) && (roles.isEmpty() || roles.contains(old.role())));
    }

    private void setQuota() {
        String role = random.nextBoolean() ? "eng" : "ops";
        long guarantee = 1_000L * random.nextInt(8);
        SortedMap<String, Long> guarantees = new TreeMap<>();
        SortedMap<String, Long> limits = new TreeMap<>();
        if (random.nextBoolean()) {
            guarantees.put("cpus", guarantee);
            guarantees.put("mem", guarantee * 1_000);
        }
        if (random.nextBoolean()) {
            limits.put("cpus", guarantee + 1_000L * random.nextInt(6));
        }
        // As the operator's round does: every offer that could be in the way ends.
        List.copyOf(book.outstanding()).forEach(offer -> ended(book.remove(offer.framework(), List.of(offer.id()))));
        apply(quotas(new Quota(role, guarantees, limits)));
    }

    /** Everything volatile is lost; what is durable is replayed. */
    private void crash() {
        AllocatorState replayed = new AllocatorState();
        for (AllocatorEvent event : journal) {
            replayed = replayed.apply(event);
        }
        state = random.nextBoolean() ? replayed : AllocatorState.of(replayed.snapshot());
        book = newBook();
        refused.clear();
        clients.forEach((framework, spec) -> ended(book.join(framework, spec)));
        offerable.forEach(agent -> ended(book.setOfferable(agent, true)));
    }

    private void apply(AllocatorEvent event) {
        journal.add(event);
        state = state.apply(event);
    }

    /** What ended is asked of the book where it matters. */
    private static void ended(List<Offered> offers) {
        offers.forEach(offer -> Objects.requireNonNull(offer.id()));
    }

    private Set<String> some(Iterable<String> from) {
        Set<String> some = new HashSet<>();
        from.forEach(role -> {
            if (random.nextInt(3) == 0) {
                some.add(role);
            }
        });
        return some;
    }

    private FrameworkId framework() {
        return FrameworkId.of("f" + random.nextInt(6));
    }

    private AgentId agent() {
        return AgentId.of("a" + random.nextInt(6));
    }

    static AllocatorEvent agents(AgentRecord... records) {
        return event(List.of(records), Map.of(), List.of());
    }

    static AllocatorEvent weights(Map<String, Double> weights) {
        return event(List.of(), weights, List.of());
    }

    static AllocatorEvent quotas(Quota... quotas) {
        return event(List.of(), Map.of(), List.of(quotas));
    }

    private static AllocatorEvent event(List<AgentRecord> records, Map<String, Double> weights, List<Quota> quotas) {
        return new AllocatorEvent(
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                records,
                List.of(),
                weights,
                quotas,
                Optional.empty(),
                List.of(),
                0);
    }
}
