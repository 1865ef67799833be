package io.finback.controlplane.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.resources.AgentId;
import io.finback.resources.Disk;
import io.finback.resources.FrameworkId;
import io.finback.resources.Kind;
import io.finback.resources.OfferId;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** A pool in memory that can be told to forget what is not durable, and checks itself after every round. */
final class PoolFixture {
    static final FrameworkId F1 = FrameworkId.of("f1");
    static final FrameworkId F2 = FrameworkId.of("f2");
    static final AgentId A1 = AgentId.of("a1");
    static final Resources FOUR = Resources.of(4, 4096, 1000);

    AllocatorState state = new AllocatorState();
    OfferBook book = newBook();
    Instant now = Instant.EPOCH;
    List<Offered> withdrawn = List.of();
    private int incarnation;

    private OfferBook newBook() {
        return new OfferBook("e" + incarnation++, new OfferPolicy(Duration.ofSeconds(5), 10, 32_000));
    }

    /** Everything that is not durable is lost; what is comes from a snapshot. */
    @CanIgnoreReturnValue
    PoolFixture restart() {
        state = AllocatorState.of(state.snapshot());
        book = newBook();
        state.agents().forEach(entry -> assertThat(
                        book.setOfferable(entry.spec().id(), entry.record().isOpen() && !state.isDown(entry.spec())))
                .isEmpty());
        return this;
    }

    @CanIgnoreReturnValue
    <T> T round(Function<AllocatorRound, T> action) {
        AllocatorRound round = new AllocatorRound(state, book, now);
        T result = action.apply(round);
        round.event().ifPresent(event -> assertThat(state.apply(event)).isSameAs(state));
        round.check();
        withdrawn = round.withdrawn();
        return result;
    }

    @CanIgnoreReturnValue
    AllocatorRound.Admission admit(AgentId id, Resources total) {
        AllocatorRound.Admission admission =
                round(round -> round.admit(spec(id, total), List.of(), round.nextSession(id, 0)));
        boolean open = state.agent(id).filter(entry -> entry.record().isOpen()).isPresent();
        book.setOfferable(id, open).forEach(offer -> {});
        return admission;
    }

    static AgentSpec spec(AgentId id, Resources total) {
        return new AgentSpec(id, "host-" + id, 5051, total, Map.of(), "1");
    }

    void join(FrameworkId framework, String role) {
        ClientSpec spec = new ClientSpec(
                Set.of(role), Set.of(), EnumSet.allOf(Capability.class), OfferConstraints.NONE, Map.of());
        assertThat(book.join(framework, spec)).isEmpty();
    }

    Offered onlyOffer() {
        List<Offered> made = book.pass(state, now);
        assertThat(made).hasSize(1);
        return made.get(0);
    }

    @CanIgnoreReturnValue
    ClaimRound.Outcome claim(Offered offer, ClaimRound.Step... steps) {
        return claim(offer.framework(), offer.agent(), List.of(offer.id()), steps);
    }

    @CanIgnoreReturnValue
    ClaimRound.Outcome claim(FrameworkId framework, AgentId agent, List<OfferId> offers, ClaimRound.Step... steps) {
        return round(round -> round.claim(new ClaimRound.Request(
                framework,
                agent,
                offers,
                List.of(steps),
                Duration.ZERO,
                Set.of("eng", "eng/dev"),
                Optional.of("ops"),
                true)));
    }

    void release(FrameworkId framework, String task) {
        round(round -> {
            round.release(new TaskKey(framework, TaskId.of(task)));
            return true;
        });
    }

    Resources total(AgentId id) {
        return state.agent(id).orElseThrow().total();
    }

    static ClaimRound.Step launch(String task, Resources resources) {
        return ClaimRound.Step.launch(List.of(new ClaimRound.Wish(TaskId.of(task), resources)));
    }

    static ClaimRound.Step change(String id, ResourceOperation.Type type, Resources resources) {
        return ClaimRound.Step.change(new ResourceOperation(id, type, resources));
    }

    static Resources reserved(String role, Resources amount) {
        return Resources.of(Kind.reserved(Reservation.dynamic(role, Optional.of("ops"))), amount);
    }

    static Resources volume(String role, String id, double mib, boolean shared) {
        Disk disk = new Disk(
                Optional.of(new Disk.Persistence(id, Optional.of("ops"))),
                Optional.of(new Disk.Mount("data", Optional.empty(), false)),
                Optional.empty());
        Kind kind = Kind.reserved(Reservation.dynamic(role, Optional.of("ops")))
                .withDisk(Optional.of(disk))
                .withShared(shared);
        return Resources.of(kind, Resources.of(0, 0, mib));
    }
}
