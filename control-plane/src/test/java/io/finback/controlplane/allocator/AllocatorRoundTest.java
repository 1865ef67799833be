package io.finback.controlplane.allocator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AllocatorRoundTest {
    private static final FrameworkId F1 = FrameworkId.of("f1");
    private static final FrameworkId F2 = FrameworkId.of("f2");
    private static final AgentId A1 = AgentId.of("a1");
    private static final Resources FOUR = Resources.of(4, 4096, 0);
    private static final Instant NOW = Instant.EPOCH;

    private final AllocatorState state = new AllocatorState();
    private final OfferBook book = new OfferBook("e", new OfferPolicy(Duration.ofSeconds(5), 10, 32_000));

    @BeforeEach
    void oneAgent() {
        assertThat(admit(A1, FOUR)).isInstanceOf(AllocatorRound.Admitted.class);
    }

    @Test
    void theMesosFigure() {
        join(F1, false);
        Offered offer = onlyOffer(NOW);
        assertThat(offer.framework()).isEqualTo(F1);
        assertThat(offer.resources()).isEqualTo(FOUR);
        AllocatorRound round = new AllocatorRound(state, book, NOW);
        ClaimRound.Outcome outcome = round.claim(request(
                offer.id(),
                Duration.ofSeconds(5),
                wish("t1", Resources.of(2, 1024, 0)),
                wish("t2", Resources.of(1, 2048, 0))));
        assertThat(outcome.granted()).hasSize(2);
        settle(round);
        join(F2, false);
        Offered rest = onlyOffer(NOW);
        assertThat(rest.framework()).isEqualTo(F2);
        assertThat(rest.resources()).isEqualTo(Resources.of(1, 1024, 0));
    }

    @Test
    void theNeediestFrameworkIsOfferedFirst() {
        join(F1, false);
        Offered offer = onlyOffer(NOW);
        claim(offer, "t1", Resources.of(3, 1024, 0));
        join(F2, false);
        assertThat(onlyOffer(NOW).framework()).isEqualTo(F2);
    }

    @Test
    void aFilterHidesWhatWasRefusedUntilItEndsOrMoreIsFree() {
        join(F1, false);
        Offered offer = onlyOffer(NOW);
        claim(offer, "t1", Resources.of(1, 1024, 0));
        Offered rest = onlyOffer(NOW);
        assertThat(new AllocatorRound(state, book, NOW).decline(F1, List.of(rest.id()), Duration.ofSeconds(10)))
                .containsExactly(rest);
        assertThat(book.pass(state, NOW)).isEmpty();
        assertThat(book.nextDue()).contains(NOW.plusSeconds(10));
        AllocatorRound round = new AllocatorRound(state, book, NOW);
        round.release(new TaskKey(F1, TaskId.of("t1")));
        settle(round);
        Offered more = onlyOffer(NOW);
        assertThat(more.resources()).isEqualTo(FOUR);
        assertThat(new AllocatorRound(state, book, NOW).decline(F1, List.of(more.id()), Duration.ofSeconds(10)))
                .containsExactly(more);
        assertThat(book.pass(state, NOW.plusSeconds(9))).isEmpty();
        assertThat(onlyOffer(NOW.plusSeconds(10)).resources()).isEqualTo(FOUR);
        book.revive(F1, Set.of());
        assertThat(book.remove(F1, List.of(book.outstanding().iterator().next().id())))
                .hasSize(1);
        assertThat(onlyOffer(NOW.plusSeconds(10)).resources()).isEqualTo(FOUR);
    }

    @Test
    void anUnansweredOfferExpires() {
        join(F1, false);
        Offered offer = onlyOffer(NOW);
        assertThat(book.expire(NOW.plusMillis(4999))).isEmpty();
        assertThat(book.expire(NOW.plusMillis(5000))).containsExactly(offer);
        assertThat(book.standing(F1, A1, List.of(offer.id()))).isEmpty();
    }

    @Test
    void anAgentThatShrankBelowItsTasksIsRefused() {
        join(F1, false);
        claim(onlyOffer(NOW), "t1", Resources.of(3, 1024, 0));
        assertThat(admit(A1, Resources.of(2, 4096, 0))).isInstanceOf(AllocatorRound.Refused.class);
        assertThat(admit(A1, Resources.of(3, 1024, 0))).isInstanceOf(AllocatorRound.Admitted.class);
        assertThat(state.agent(A1).orElseThrow().unallocated()).isEqualTo(Resources.EMPTY);
    }

    @Test
    void suppressedFrameworksAndLostAgentsGetNothing() {
        join(F1, true);
        assertThat(book.pass(state, NOW)).isEmpty();
        join(F1, false);
        Offered offer = onlyOffer(NOW);
        AllocatorRound round = new AllocatorRound(state, book, NOW);
        assertThat(round.lose(A1)).isEmpty();
        assertThat(round.withdrawn()).containsExactly(offer);
        settle(round);
        assertThat(book.pass(state, NOW)).isEmpty();
        assertThat(admit(A1, FOUR)).isInstanceOf(AllocatorRound.Admitted.class);
        assertThat(onlyOffer(NOW).resources()).isEqualTo(FOUR);
    }

    @Test
    void anEventThatGivesTooMuchIsRefusedByTheStateItself() {
        AllocatorEvent tooMuch = AllocatorEvent.of(
                List.of(), List.of(new Holding(new TaskKey(F1, TaskId.of("t")), A1, Resources.of(5, 1, 0))));
        assertThatThrownBy(() -> state.apply(tooMuch)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aClaimOfMoreThanOfferedIsInvalidAndOneWithoutOfferIsRefused() {
        join(F1, false);
        Offered offer = onlyOffer(NOW);
        AllocatorRound round = new AllocatorRound(state, book, NOW);
        ClaimRound.Outcome outcome = round.claim(request(offer.id(), Duration.ZERO, wish("t1", Resources.of(5, 1, 0))));
        assertThat(outcome.refused().get(TaskId.of("t1")))
                .isEqualTo(
                        new ClaimRound.Refused(
                                ClaimRound.Why.INVALID,
                                "resources: cpus:5;mem:1 lack cpus:1 (expected: within what is left of the offers, cpus:4;mem:4096)"));
        ClaimRound.Outcome none =
                round.claim(request(OfferId.of("x"), Duration.ZERO, wish("t2", Resources.of(1, 1, 0))));
        assertThat(none.refused().get(TaskId.of("t2")).why()).isEqualTo(ClaimRound.Why.INVALID_OFFERS);
    }

    private AllocatorRound.Admission admit(AgentId id, Resources total) {
        AllocatorRound round = new AllocatorRound(state, book, NOW);
        AllocatorRound.Admission admission =
                round.admit(new AgentSpec(id, "host", 5051, total, Map.of(), "1"), List.of(), round.nextSession(id, 0));
        settle(round);
        assertThat(book.setOfferable(id, true)).isEmpty();
        return admission;
    }

    private void join(FrameworkId framework, boolean suppressed) {
        assertThat(book.join(framework, ClientSpec.of("*", suppressed))).isEmpty();
    }

    private void claim(Offered offer, String task, Resources resources) {
        AllocatorRound round = new AllocatorRound(state, book, NOW);
        assertThat(round.claim(new ClaimRound.Request(
                                offer.framework(),
                                offer.agent(),
                                List.of(offer.id()),
                                List.of(ClaimRound.Step.launch(List.of(wish(task, resources)))),
                                Duration.ZERO,
                                Set.of("*"),
                                Optional.empty(),
                                false))
                        .granted())
                .hasSize(1);
        settle(round);
    }

    private void settle(AllocatorRound round) {
        round.event().ifPresent(event -> assertThat(state.apply(event)).isSameAs(state));
        round.check();
    }

    private Offered onlyOffer(Instant now) {
        List<Offered> made = book.pass(state, now);
        assertThat(made).hasSize(1);
        return made.get(0);
    }

    private static ClaimRound.Request request(OfferId offer, Duration refuse, ClaimRound.Wish... wishes) {
        return new ClaimRound.Request(
                F1,
                A1,
                List.of(offer),
                List.of(ClaimRound.Step.launch(List.of(wishes))),
                refuse,
                Set.of("*"),
                Optional.empty(),
                false);
    }

    private static ClaimRound.Wish wish(String task, Resources resources) {
        return new ClaimRound.Wish(TaskId.of(task), resources);
    }
}
