package io.finback.controlplane.allocation;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.persistence.testkit.PersistenceTestKitPlugin;
import akka.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import akka.persistence.testkit.javadsl.PersistenceTestKit;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.typesafe.config.ConfigFactory;
import io.finback.controlplane.allocator.Capability;
import io.finback.controlplane.allocator.ClientSpec;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.allocator.OfferPolicy;
import io.finback.controlplane.allocator.Quota;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.controlplane.ingress.Ingress;
import io.finback.resources.AgentId;
import io.finback.resources.Disk;
import io.finback.resources.FrameworkId;
import io.finback.resources.Kind;
import io.finback.resources.PersistentVolume;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.wire.AgentInfo;
import io.finback.wire.AgentSessionMessage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The allocator's entity alone: restarted at will, with a journal that can fail and a clock that can jump. */
class AllocatorActorTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final FrameworkId F1 = FrameworkId.of("f1");
    private static final FrameworkId F2 = FrameworkId.of("f2");
    private static final AgentId A1 = AgentId.of("a1");
    private static final AgentId A2 = AgentId.of("a2");
    private static final Resources FOUR = Resources.of(4, 4096, 0);

    /** Real time, moved as the test wants. */
    private static final class JumpingClock extends Clock {
        private volatile Duration offset = Duration.ZERO;

        @Override
        public Instant instant() {
            return Clock.systemUTC().instant().plus(offset);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    private final ActorTestKit kit = ActorTestKit.create(PersistenceTestKitPlugin.getInstance()
            .config()
            .withFallback(PersistenceTestKitSnapshotPlugin.config())
            .withFallback(ConfigFactory.load())
            .resolve());
    private final PersistenceTestKit journal = PersistenceTestKit.create(kit.system());
    private final JumpingClock clock = new JumpingClock();
    private final TestProbe<AllocationDelta> views = kit.createTestProbe();
    private final TestProbe<AgentSessionMessage> sessions = kit.createTestProbe();
    private final TestProbe<SessionReply> replies = kit.createTestProbe();
    private final TestProbe<OperatorReply> operator = kit.createTestProbe();
    private final TestProbe<AllocationEvent> f1 = kit.createTestProbe();
    private final TestProbe<AllocationEvent> f2 = kit.createTestProbe();
    private Optional<RemovalRate> rate = Optional.empty();
    private ActorRef<AllocatorMessage> allocator = start();

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    private ActorRef<AllocatorMessage> start() {
        AllocatorSettings settings = new AllocatorSettings(
                new OfferPolicy(Duration.ofMinutes(5), 10, 32_000),
                Duration.ofMillis(5),
                Duration.ofMinutes(5),
                Duration.ofMillis(20),
                Duration.ofMillis(200),
                rate,
                7,
                new Ingress.Settings(100, 10_000));
        return kit.spawn(AllocatorActor.create(
                "test",
                new AllocatorActor.Collaborators(
                        settings,
                        clock,
                        views.ref(),
                        (agent, message) -> sessions.ref().tell(message),
                        new AllocatorMeter())));
    }

    private void restart() {
        kit.stop(allocator);
        allocator = start();
    }

    @Test
    void theMesosFigure() {
        admit(A1, FOUR, "1");
        join(f1, F1);
        AllocationEvent.Made all = offer(f1, made -> made.resources().equals(FOUR));
        claim(f1, F1, all, task("t1", Resources.of(2, 1024, 0)), task("t2", Resources.of(1, 2048, 0)));
        AllocationEvent.ClaimAnswered answer = await(f1, AllocationEvent.ClaimAnswered.class);
        assertThat(answer.granted()).containsExactly(TaskId.of("t1"), TaskId.of("t2"));
        join(f2, F2);
        AllocationEvent.Made rest = offer(f2, made -> true);
        assertThat(rest.resources()).isEqualTo(Resources.of(1, 1024, 0));
        allocator.tell(new AllocatorMessage.NoInterest(F1));
        allocator.tell(new AllocatorMessage.Decline(F2, List.of(rest.id()), Duration.ZERO));
        allocator.tell(new AllocatorMessage.Release(F1, List.of(TaskId.of("t1"), TaskId.of("t2")), f1.ref()));
        await(f1, AllocationEvent.Released.class);
        // Scraps that come before everything is free are handed back.
        AllocationEvent.Made again = offer(f2, made -> {
            boolean whole = made.resources().equals(FOUR);
            if (!whole) {
                allocator.tell(new AllocatorMessage.Decline(F2, List.of(made.id()), Duration.ZERO));
            }
            return whole;
        });
        assertThat(again.agent()).isEqualTo(A1);
    }

    @Test
    void wakesEverySessionWithItsNumberWhenAMasterIsLost() {
        admit(A1, FOUR, "1");
        admit(A2, FOUR, "1");
        allocator.tell(new AllocatorMessage.WakeSessions());
        WakeSession first = sessions.expectMessageClass(WakeSession.class);
        WakeSession second = sessions.expectMessageClass(WakeSession.class);
        assertThat(List.of(first.agent(), second.agent())).containsExactlyInAnyOrder(A1, A2);
        assertThat(List.of(first.session(), second.session())).containsOnly(1L);
    }

    @Test
    void everyStepSurvivesARestart() {
        admit(A1, FOUR, "1");
        admit(A2, FOUR, "1");
        restartAndCompare();
        allocator.tell(new AllocatorMessage.SetOffering(A1, 1, true, replies.ref()));
        join(f1, F1);
        AllocationEvent.Made made = offer(f1, offer -> offer.agent().equals(A1));
        AllocatorMessage.ClaimStep reserve = new AllocatorMessage.ClaimStep(
                List.of(),
                Optional.of(new ResourceOperation(
                        "op",
                        ResourceOperation.Type.RESERVE,
                        Resources.of(
                                Kind.reserved(Reservation.dynamic("eng", Optional.empty())), Resources.of(1, 0, 0)))));
        claim(f1, F1, made, reserve, task("t1", Resources.of(1, 100, 0)));
        AllocationEvent.ClaimAnswered first = await(f1, AllocationEvent.ClaimAnswered.class);
        assertThat(first.applied()).containsExactly("op");
        restartAndCompare();
        claim(f1, F1, made, reserve, task("t1", Resources.of(1, 100, 0)));
        assertThat(await(f1, AllocationEvent.ClaimAnswered.class)).isEqualTo(first);
        done(new OperatorCommand.SetWeights(Map.of("eng", 3.0)));
        restartAndCompare();
        done(new OperatorCommand.SetQuotas(
                List.of(new Quota("eng", new TreeMap<>(Map.of("cpus", 1_000L)), new TreeMap<>(Map.of("cpus", 4_000L)))),
                false));
        restartAndCompare();
        done(new OperatorCommand.Deactivate(A2));
        restartAndCompare();
        done(new OperatorCommand.Drain(A1, Optional.of(Duration.ofSeconds(3)), true));
        restartAndCompare();
        allocator.tell(new AllocatorMessage.Release(F1, List.of(TaskId.of("t1")), f1.ref()));
        await(f1, AllocationEvent.Released.class);
        AllocationDelta end = restartAndCompare();
        assertThat(end.agents().stream().map(agent -> agent.spec().id())).containsExactly(A2);
        assertThat(end.agents().get(0).deactivated()).isTrue();
    }

    @Test
    void nothingIsAnsweredThatWasNotWrittenAndNothingAnsweredIsLost() {
        admit(A1, FOUR, "1");
        done(new OperatorCommand.SetWeights(Map.of("eng", 2.0)));
        journal.failNextPersisted("Allocator|test");
        allocator.tell(new AllocatorMessage.Operate(
                new OperatorCommand.SetWeights(Map.of("eng", 5.0, "ops", 7.0)), operator.ref()));
        operator.expectNoMessage(Duration.ofMillis(500));
        AllocationDelta known = described();
        assertThat(known.pool().orElseThrow().weights()).isEqualTo(Map.of("eng", 2.0));
        assertThat(known.agents()).hasSize(1);
        done(new OperatorCommand.SetWeights(Map.of("ops", 7.0)));
        assertThat(described().pool().orElseThrow().weights()).isEqualTo(Map.of("eng", 2.0, "ops", 7.0));
    }

    @Test
    void sessionNumbersGrowWhateverTheClockSays() {
        long first = admit(A1, FOUR, "1").session();
        assertThat(admit(A1, FOUR, "1").session()).isEqualTo(first);
        long second = admit(A1, FOUR, "2").session();
        assertThat(second).isGreaterThan(first);
        clock.offset = Duration.ofDays(-365);
        restart();
        long third = admit(A1, FOUR, "3").session();
        assertThat(third).isGreaterThan(second);
        allocator.tell(new AllocatorMessage.SetOffering(A1, second, false, replies.ref()));
        assertThat(replies.expectMessageClass(SessionReply.Outdated.class, PATIENCE))
                .isEqualTo(new SessionReply.Outdated(third));
        allocator.tell(new AllocatorMessage.MarkUnreachable(A1, second, replies.ref()));
        assertThat(replies.expectMessageClass(SessionReply.Outdated.class, PATIENCE))
                .isEqualTo(new SessionReply.Outdated(third));
        assertThat(admit(A1, FOUR, "4", third + 1000).session()).isGreaterThan(third + 1000);
    }

    @Test
    void epochsGrowThoughNothingElseIsWritten() {
        join(f1, F1);
        long first = await(f1, AllocationEvent.Welcome.class).epoch();
        for (int i = 1; i <= 3; i++) {
            clock.offset = clock.offset.minusDays(1);
            restart();
            join(f1, F1);
            assertThat(await(f1, AllocationEvent.Welcome.class).epoch()).isEqualTo(first + i);
        }
    }

    @Test
    void silentAgentsAreGivenUpNoFasterThanAllowedAndNotWhenTheySpeakAgain() {
        rate = Optional.of(RemovalRate.parse("1/10mins"));
        restart();
        List<AgentId> agents = List.of(A1, A2, AgentId.of("a3"));
        agents.forEach(agent -> admit(agent, FOUR, "1"));
        agents.forEach(agent -> allocator.tell(new AllocatorMessage.MarkUnreachable(agent, 1, replies.ref())));
        replies.expectMessageClass(SessionReply.MarkedUnreachable.class, PATIENCE);
        replies.expectNoMessage(Duration.ofMillis(200));
        assertThat(unreachable()).containsExactly(A1);
        restart();
        agents.forEach(agent -> allocator.tell(new AllocatorMessage.MarkUnreachable(agent, 1, replies.ref())));
        replies.expectMessageClass(SessionReply.MarkedUnreachable.class, PATIENCE); // a1 again: known already
        replies.expectNoMessage(Duration.ofMillis(200));
        allocator.tell(new AllocatorMessage.SetOffering(A2, 1, true, replies.ref()));
        clock.offset = Duration.ofMinutes(11);
        replies.expectMessageClass(SessionReply.MarkedUnreachable.class, PATIENCE);
        clock.offset = Duration.ofMinutes(60);
        replies.expectNoMessage(Duration.ofMillis(200));
        assertThat(unreachable()).containsExactlyInAnyOrder(A1, AgentId.of("a3"));
    }

    @Test
    void operatorsTermsAreToldUntilTheyAreHeardAndTheHoldingsGoThen() {
        admit(A1, FOUR, "1");
        join(f1, F1);
        AllocationEvent.Made made = offer(f1, offer -> true);
        claim(f1, F1, made, task("t1", Resources.of(1, 100, 0)));
        assertThat(await(f1, AllocationEvent.ClaimAnswered.class).granted()).hasSize(1);
        done(new OperatorCommand.Drain(A1, Optional.of(Duration.ofSeconds(3)), false));
        AgentTerms drain = new AgentTerms(
                Optional.of(new AgentTerms.Drain(Optional.of(Duration.ofSeconds(3)), false)), Optional.empty());
        wake(drain);
        wake(drain);
        restart();
        wake(drain);
        done(new OperatorCommand.MarkGone(A1));
        AgentTerms gone = wake(terms -> terms.removed().isPresent());
        WakeSession wake = (WakeSession) sessions.receiveMessage(PATIENCE);
        assertThat(wake.held()).containsExactly(new SessionReply.HeldTasks(F1, List.of(TaskId.of("t1"))));
        allocator.tell(new AllocatorMessage.TermsHeard(A1, gone));
        views.fishForMessage(
                PATIENCE,
                delta -> delta.agents().stream()
                                .anyMatch(agent -> agent.goneAt().isPresent()
                                        && agent.allocated().isEmpty())
                        ? FishingOutcomes.complete()
                        : FishingOutcomes.continueAndIgnore());
        restart();
        assertThat(described().agents()).isEmpty();
        AllocatorMessage.Admit.of(info(A1, FOUR), "9", 0, List.of(), replies.ref())
                .forEach(allocator::tell);
        assertThat(replies.expectMessageClass(SessionReply.AdmitRefused.class, PATIENCE)
                        .removed())
                .isTrue();
    }

    @Test
    void destroyedVolumesAreToldUntilTheAgentHasEmptiedThemAlsoAfterARestart() {
        admit(A1, FOUR.plus(Resources.of(0, 0, 100)), "1");
        Reservation reservation = Reservation.dynamic("db", Optional.empty());
        Resources reserved = Resources.of(Kind.reserved(reservation), Resources.of(0, 0, 100));
        Disk disk = new Disk(
                Optional.of(new Disk.Persistence("v", Optional.empty())),
                Optional.of(new Disk.Mount("data", Optional.empty(), false)),
                Optional.empty());
        Resources volume =
                Resources.of(new Kind(List.of(reservation), Optional.of(disk), false, false), Resources.of(0, 0, 100));
        done(new OperatorCommand.ChangeResources(
                A1,
                List.of(
                        new ResourceOperation("1", ResourceOperation.Type.RESERVE, reserved),
                        new ResourceOperation("2", ResourceOperation.Type.CREATE, volume)),
                Optional.empty()));
        done(new OperatorCommand.ChangeResources(
                A1, List.of(new ResourceOperation("3", ResourceOperation.Type.DESTROY, volume)), Optional.empty()));
        AgentTerms terms = new AgentTerms(
                Optional.empty(), Optional.empty(), List.of(new PersistentVolume("db", "v", Optional.empty())));
        wake(terms);
        restart();
        wake(terms);
        allocator.tell(new AllocatorMessage.TermsHeard(A1, terms));
        wake(AgentTerms.NONE);
        restart();
        assertThat(wake(any -> true)).isEqualTo(AgentTerms.NONE);
    }

    @Test
    void fiveThousandTasksOfOneAgentComeInParts() {
        List<AllocatorMessage.RunningTask> running = IntStream.range(0, 5_000)
                .mapToObj(i -> new AllocatorMessage.RunningTask(
                        F1, TaskId.of("task-" + i + "x".repeat(100)), Resources.of(0.01, 1, 0), "eng"))
                .toList();
        List<AllocatorMessage.Admit> parts =
                AllocatorMessage.Admit.of(info(A1, Resources.of(100, 10_000, 0)), "1", 0, running, replies.ref());
        assertThat(parts).hasSizeGreaterThan(1);
        parts.subList(1, parts.size()).forEach(allocator::tell);
        replies.expectNoMessage(Duration.ofMillis(200));
        allocator.tell(parts.get(0));
        SessionReply.Admitted admitted = replies.expectMessageClass(SessionReply.Admitted.class, PATIENCE);
        assertThat(admitted.held().get(0).tasks()).hasSize(5_000);
        assertThat(described().agents().get(0).allocated()).isEqualTo(Resources.of(50, 5_000, 0));
    }

    private void wake(AgentTerms expected) {
        assertThat(wake(expected::equals)).isEqualTo(expected);
    }

    @CanIgnoreReturnValue
    private AgentTerms wake(Predicate<AgentTerms> wanted) {
        return sessions
                .fishForMessage(
                        PATIENCE,
                        message -> message instanceof WakeSession wake && wanted.test(wake.terms())
                                ? FishingOutcomes.complete()
                                : FishingOutcomes.continueAndIgnore())
                .stream()
                .map(message -> ((WakeSession) message).terms())
                .findFirst()
                .orElseThrow();
    }

    private List<AgentId> unreachable() {
        return described().agents().stream()
                .filter(agent -> agent.lostAt().isPresent())
                .map(agent -> agent.spec().id())
                .toList();
    }

    /** What a restarted allocator says of itself is what it said before. */
    @CanIgnoreReturnValue
    private AllocationDelta restartAndCompare() {
        AllocationDelta before = durable(described());
        restart();
        AllocationDelta after = durable(described());
        assertThat(after).isEqualTo(before);
        return after;
    }

    private AllocationDelta described() {
        TestProbe<AllocationDelta> probe = kit.createTestProbe();
        allocator.tell(new AllocatorMessage.Describe(probe.ref()));
        return probe.receiveMessage(PATIENCE);
    }

    private static AllocationDelta durable(AllocationDelta delta) {
        List<AllocationDelta.Agent> agents = new ArrayList<>();
        delta.agents()
                .forEach(agent -> agents.add(new AllocationDelta.Agent(
                        agent.spec(),
                        agent.admittedAt(),
                        agent.lostAt(),
                        false,
                        agent.allocated(),
                        Resources.EMPTY,
                        agent.total(),
                        agent.deactivated(),
                        agent.drain(),
                        agent.goneAt(),
                        List.of())));
        return new AllocationDelta(0, 0, agents, delta.pool());
    }

    private void done(OperatorCommand command) {
        allocator.tell(new AllocatorMessage.Operate(command, operator.ref()));
        operator.expectMessage(PATIENCE, new OperatorReply.Done());
    }

    @CanIgnoreReturnValue
    private SessionReply.Admitted admit(AgentId agent, Resources total, String ask) {
        return admit(agent, total, ask, 0);
    }

    @CanIgnoreReturnValue
    private SessionReply.Admitted admit(AgentId agent, Resources total, String ask, long lastSession) {
        AllocatorMessage.Admit.of(info(agent, total), ask, lastSession, List.of(), replies.ref())
                .forEach(allocator::tell);
        return replies.expectMessageClass(SessionReply.Admitted.class, PATIENCE);
    }

    private static AgentInfo info(AgentId agent, Resources total) {
        return new AgentInfo(agent, "host-" + agent, 5051, total, Map.of(), "1");
    }

    private void join(TestProbe<AllocationEvent> probe, FrameworkId framework) {
        ClientSpec spec =
                new ClientSpec(Set.of("eng"), Set.of(), Set.of(Capability.values()), OfferConstraints.NONE, Map.of());
        allocator.tell(new AllocatorMessage.Interest(framework, spec, probe.ref()));
    }

    private static AllocatorMessage.ClaimStep task(String id, Resources resources) {
        return new AllocatorMessage.ClaimStep(
                List.of(new AllocatorMessage.ClaimedTask(TaskId.of(id), resources)), Optional.empty());
    }

    private void claim(
            TestProbe<AllocationEvent> probe,
            FrameworkId framework,
            AllocationEvent.Made offer,
            AllocatorMessage.ClaimStep... steps) {
        allocator.tell(new AllocatorMessage.Claim(
                framework,
                1,
                offer.agent(),
                List.of(offer.id()),
                List.of(steps),
                Duration.ZERO,
                new AllocatorMessage.Claimant(Set.of("eng"), Optional.empty(), true),
                probe.ref()));
    }

    private static AllocationEvent.Made offer(
            TestProbe<AllocationEvent> probe, Predicate<AllocationEvent.Made> wanted) {
        for (int i = 0; i < 1_000; i++) {
            AllocationEvent.OffersMade event = await(probe, AllocationEvent.OffersMade.class);
            Optional<AllocationEvent.Made> found =
                    event.offers().stream().filter(wanted).findFirst();
            if (found.isPresent()) {
                return found.get();
            }
        }
        throw new AssertionError("no such offer");
    }

    @CanIgnoreReturnValue
    private static <T extends AllocationEvent> T await(TestProbe<AllocationEvent> probe, Class<T> type) {
        for (int i = 0; i < 1_000; i++) {
            AllocationEvent event = probe.receiveMessage(PATIENCE);
            if (type.isInstance(event)) {
                return type.cast(event);
            }
        }
        throw new AssertionError("no " + type.getSimpleName());
    }
}
