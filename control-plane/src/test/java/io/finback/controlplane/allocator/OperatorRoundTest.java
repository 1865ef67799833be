package io.finback.controlplane.allocator;

import static io.finback.controlplane.allocator.PoolFixture.A1;
import static io.finback.controlplane.allocator.PoolFixture.F1;
import static io.finback.controlplane.allocator.PoolFixture.FOUR;
import static io.finback.controlplane.allocator.PoolFixture.launch;
import static io.finback.controlplane.allocator.PoolFixture.reserved;
import static io.finback.controlplane.allocator.PoolFixture.volume;
import static io.finback.controlplane.allocator.ResourceOperation.Type.CREATE;
import static io.finback.controlplane.allocator.ResourceOperation.Type.DESTROY;
import static io.finback.controlplane.allocator.ResourceOperation.Type.RESERVE;
import static io.finback.controlplane.allocator.ResourceOperation.Type.UNRESERVE;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.allocator.MaintenanceSchedule.MachineId;
import io.finback.controlplane.allocator.MaintenanceSchedule.Unavailability;
import io.finback.controlplane.allocator.MaintenanceSchedule.Window;
import io.finback.resources.AgentId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Operators' commands: wholly or not at all, and known after a restart. */
class OperatorRoundTest {
    private static final MachineId HOST = new MachineId(Optional.of("HOST-a1"), Optional.empty());
    private static final Unavailability SOON = new Unavailability(Instant.EPOCH.plusSeconds(60), Optional.empty());

    private final PoolFixture pool = new PoolFixture();

    @BeforeEach
    void oneAgentAndOneFramework() {
        assertThat(pool.admit(A1, FOUR)).isInstanceOf(AllocatorRound.Admitted.class);
        pool.join(F1, "eng");
    }

    @Test
    void weightsAreKeptAndBadOnesRefused() {
        Offered offer = pool.onlyOffer();
        assertThat(operate(operator -> operator.setWeights(Map.of("eng", 2.5)))).isEmpty();
        assertThat(pool.withdrawn).containsExactly(offer);
        pool.restart();
        assertThat(pool.state.weight("eng")).isEqualTo(2.5);
        assertThat(pool.state.weight("other")).isEqualTo(1);
        for (Map<String, Double> bad :
                List.of(Map.of("eng", 0.0), Map.of("eng", -1.0), Map.of("eng", Double.NaN), Map.of("a//b", 1.0))) {
            assertThat(operate(operator -> operator.setWeights(bad)))
                    .map(Refusal::why)
                    .contains(Refusal.Why.INVALID);
        }
        assertThat(pool.state.weights()).isEqualTo(Map.of("eng", 2.5));
    }

    @Test
    void quotasAreSetAllOrNone() {
        assertThat(pool.claim(pool.onlyOffer(), launch("t", Resources.of(2, 0, 0)))
                        .granted())
                .hasSize(1);
        Quota low = quota("eng", Map.of(), Map.of("cpus", 1_000L));
        Quota fine = quota("sales", Map.of("cpus", 1_000L), Map.of("cpus", 2_000L));
        assertThat(operate(operator -> operator.setQuotas(List.of(fine, low), false)))
                .map(Refusal::message)
                .contains(
                        "role 'eng' already consumes cpus:2, above the limit cpus:1 (use 'force' to set it all the same)");
        assertThat(pool.state.quotas()).isEmpty();
        assertThat(operate(operator -> operator.setQuotas(List.of(fine, low), true)))
                .isEmpty();
        assertThat(pool.restart().state.quotas()).containsExactly(low, fine);
        Quota huge = quota("sales", Map.of("cpus", 5_000L), Map.of());
        assertThat(operate(operator -> operator.setQuotas(List.of(huge), false)))
                .map(Refusal::message)
                .contains(
                        "guarantees of all roles, cpus:5, exceed the pool's capacity, cpus:4 (use 'force' to set them all the"
                                + " same)");
        for (Quota bad : List.of(
                quota("*", Map.of(), Map.of("cpus", 1L)),
                quota("a/b", Map.of(), Map.of("cpus", 1L)),
                quota("a", Map.of("cpus", 2L), Map.of("cpus", 1L)),
                quota("a", Map.of(), Map.of("cpus", -1L)))) {
            assertThat(operate(operator -> operator.setQuotas(List.of(bad), true)))
                    .map(Refusal::why)
                    .contains(Refusal.Why.INVALID);
        }
        assertThat(operate(operator -> operator.setQuotas(List.of(quota("eng", Map.of(), Map.of())), false)))
                .isEmpty();
        assertThat(pool.restart().state.quotas()).containsExactly(fine);
    }

    @Test
    void reservingTakesBackOffersButNotWhatTasksHold() {
        Offered offer = pool.onlyOffer();
        ResourceOperation reserve = new ResourceOperation("1", RESERVE, reserved("sales", Resources.of(3, 0, 100)));
        assertThat(change(reserve)).isEmpty();
        assertThat(pool.withdrawn).containsExactly(offer);
        assertThat(change(reserve)).isEmpty();
        Resources total = Resources.of(1, 4096, 900).plus(reserved("sales", Resources.of(3, 0, 100)));
        assertThat(pool.restart().total(A1)).isEqualTo(total);
        pool.join(F1, "eng");
        assertThat(pool.claim(pool.onlyOffer(), launch("t", Resources.of(1, 0, 0)))
                        .granted())
                .hasSize(1);
        assertThat(change(new ResourceOperation("2", RESERVE, reserved("sales", Resources.of(1, 0, 0)))))
                .isEqualTo(Optional.of(new Refusal(
                        Refusal.Why.CONFLICT,
                        "RESERVE: lacks cpus:1 (expected: within disk:900;mem:4096;cpus(sales):3;disk(sales):100)")));
        assertThat(change(new ResourceOperation("3", CREATE, volume("sales", "v", 100, false))))
                .isEmpty();
        assertThat(change(
                        new ResourceOperation("4", DESTROY, volume("sales", "v", 100, false)),
                        new ResourceOperation("5", UNRESERVE, reserved("sales", Resources.of(3, 0, 100)))))
                .isEmpty();
        assertThat(pool.total(A1)).isEqualTo(FOUR);
        assertThat(change(new ResourceOperation("6", UNRESERVE, Resources.of(1, 0, 0))))
                .map(Refusal::why)
                .contains(Refusal.Why.INVALID);
    }

    @Test
    void severalChangesAreMadeAllOrNone() {
        assertThat(change(
                        new ResourceOperation("1", RESERVE, reserved("sales", Resources.of(1, 0, 0))),
                        new ResourceOperation("2", RESERVE, reserved("sales", Resources.of(9, 0, 0)))))
                .map(Refusal::why)
                .contains(Refusal.Why.ABSENT);
        assertThat(pool.total(A1)).isEqualTo(FOUR);
        assertThat(pool.state.hasApplied("operator 1")).isFalse();
        assertThat(operate(operator -> operator.changeResources(AgentId.of("?"), List.of(), Optional.empty())))
                .map(Refusal::why)
                .contains(Refusal.Why.INVALID);
    }

    @Test
    void aDrainedAgentIsNotOfferedUntilItIsReactivated() {
        Offered offer = pool.onlyOffer();
        assertThat(pool.claim(offer, launch("t", Resources.of(1, 0, 0))).granted())
                .hasSize(1);
        Offered rest = pool.onlyOffer();
        assertThat(operate(operator -> operator.drain(A1, Optional.of(Duration.ofSeconds(9)), false)))
                .isEmpty();
        assertThat(pool.withdrawn).containsExactly(rest);
        assertThat(record().isDraining()).isTrue();
        assertThat(operate(operator -> operator.reactivate(A1)))
                .map(Refusal::message)
                .contains("agent: a1 is still DRAINING (expected: DRAINED)");
        pool.restart();
        pool.release(F1, "t");
        assertThat(record().drain().orElseThrow().drainedAt()).contains(pool.now);
        assertThat(record().isDraining()).isFalse();
        pool.join(F1, "eng");
        assertThat(pool.book.pass(pool.state, pool.now)).isEmpty();
        assertThat(operate(operator -> operator.reactivate(A1))).isEmpty();
        assertThat(record().isOpen()).isTrue();
        assertThat(pool.book.setOfferable(A1, true)).isEmpty();
        assertThat(pool.onlyOffer().resources()).isEqualTo(FOUR);
        assertThat(operate(operator -> operator.reactivate(A1)))
                .map(Refusal::message)
                .contains("agent: a1 is not deactivated");
    }

    @Test
    void anIdleAgentIsDrainedAtOnceAndGoneIfThatWasWanted() {
        assertThat(operate(operator -> operator.drain(A1, Optional.empty(), true)))
                .isEmpty();
        assertThat(pool.state.agent(A1)).isEmpty();
        assertThat(pool.restart().state.goneAt(A1)).contains(pool.now);
        assertThat(pool.admit(A1, FOUR))
                .isEqualTo(new AllocatorRound.Refused(
                        "agent: a1 was marked gone (expected: an agent with a new id)", true));
    }

    @Test
    void aGoneAgentLivesOnUntilItsTasksAreReleased() {
        assertThat(pool.claim(pool.onlyOffer(), launch("t", Resources.of(1, 0, 0)))
                        .granted())
                .hasSize(1);
        assertThat(operate(operator -> operator.markGone(A1))).isEmpty();
        assertThat(pool.restart().state.agent(A1)).isPresent();
        assertThat(pool.state.total()).isEqualTo(new Sums());
        assertThat(operate(operator -> operator.drain(A1, Optional.empty(), false)))
                .map(Refusal::why)
                .contains(Refusal.Why.CONFLICT);
        pool.round(round -> {
            round.releaseAll(A1);
            return true;
        });
        assertThat(pool.state.agent(A1)).isEmpty();
        assertThat(pool.state.holdingCount()).isZero();
        assertThat(operate(operator -> operator.markGone(A1))).isEmpty();
        assertThat(operate(operator -> operator.markGone(AgentId.of("?"))))
                .map(Refusal::why)
                .contains(Refusal.Why.NOT_FOUND);
    }

    @Test
    void nothingIsReleasedOfAnAgentThatMayStillRun() {
        assertThat(pool.claim(pool.onlyOffer(), launch("t", Resources.of(1, 0, 0)))
                        .granted())
                .hasSize(1);
        pool.round(round -> {
            round.releaseAll(A1);
            return true;
        });
        assertThat(pool.state.holdingCount()).isEqualTo(1);
    }

    @Test
    void claimsAndAnEndInOneBatchLeaveNothingBehind() {
        Offered offer = pool.onlyOffer();
        pool.round(round -> {
            ClaimRound.Outcome outcome = round.claim(new ClaimRound.Request(
                    F1,
                    A1,
                    List.of(offer.id()),
                    List.of(launch("t", Resources.of(1, 0, 0))),
                    Duration.ZERO,
                    Set.of("eng"),
                    Optional.empty(),
                    false));
            assertThat(outcome.granted()).containsExactly(TaskId.of("t"));
            return round.operator().markGone(A1);
        });
        assertThat(pool.state.agent(A1)).isPresent();
        pool.release(F1, "t");
        assertThat(pool.state.agent(A1)).isEmpty();
    }

    @Test
    void machinesGoDownOnlyAfterTheyWereScheduledAndComeBackUp() {
        assertThat(operate(operator -> operator.bringDown(List.of(HOST))))
                .map(Refusal::message)
                .contains("machine: HOST-a1 is in mode UP and cannot be brought down (expected: mode DRAINING)");
        assertThat(operate(operator -> operator.setMaintenance(schedule(HOST)))).isEmpty();
        assertThat(pool.state.unavailability(PoolFixture.spec(A1, FOUR))).contains(SOON);
        assertThat(operate(operator -> operator.bringUp(List.of(HOST))))
                .map(Refusal::why)
                .contains(Refusal.Why.INVALID);
        assertThat(pool.claim(
                                pool.onlyOffer(),
                                PoolFixture.change("r", RESERVE, reserved("eng", Resources.of(1, 0, 0))),
                                launch("t", Resources.of(1, 0, 0)))
                        .granted())
                .hasSize(1);
        assertThat(operate(operator -> operator.bringDown(List.of(HOST)))).isEmpty();
        pool.restart();
        assertThat(record().lostAt()).isPresent();
        assertThat(pool.state.maintenance().modeOf(HOST)).isEqualTo(Maintenance.Mode.DOWN);
        assertThat(operate(operator -> operator.setMaintenance(MaintenanceSchedule.EMPTY)))
                .map(Refusal::message)
                .contains(
                        "machine_ids: HOST-a1 is down and not in the schedule (expected: brought up before it is removed)");
        assertThat(pool.admit(A1, FOUR))
                .isEqualTo(new AllocatorRound.Refused(
                        "machine: host-a1 is down for maintenance (expected: brought up)", true));
        pool.round(round -> {
            round.releaseAll(A1);
            return true;
        });
        assertThat(pool.state.holdingCount()).isZero();
        assertThat(operate(operator -> operator.bringUp(List.of(HOST)))).isEmpty();
        assertThat(pool.state.maintenance()).isEqualTo(Maintenance.NONE);
        assertThat(pool.admit(A1, FOUR)).isInstanceOf(AllocatorRound.Admitted.class);
        assertThat(pool.total(A1)).isEqualTo(Resources.of(3, 4096, 1000).plus(reserved("eng", Resources.of(1, 0, 0))));
    }

    @Test
    void badSchedulesAreRefused() {
        MachineId nameless = new MachineId(Optional.empty(), Optional.empty());
        MaintenanceSchedule twice = new MaintenanceSchedule(List.of(
                new Window(List.of(HOST), SOON),
                new Window(List.of(new MachineId(Optional.of("host-A1"), Optional.empty())), SOON)));
        Unavailability negative = new Unavailability(Instant.EPOCH, Optional.of(Duration.ofSeconds(-1)));
        for (MaintenanceSchedule bad : List.of(
                schedule(nameless),
                twice,
                new MaintenanceSchedule(List.of(new Window(List.of(), SOON))),
                new MaintenanceSchedule(List.of(new Window(List.of(HOST), negative))))) {
            assertThat(operate(operator -> operator.setMaintenance(bad)))
                    .map(Refusal::why)
                    .contains(Refusal.Why.INVALID);
        }
        assertThat(pool.state.maintenance()).isEqualTo(Maintenance.NONE);
    }

    private AgentRecord record() {
        return pool.state.agent(A1).orElseThrow().record();
    }

    private Optional<Refusal> operate(Function<OperatorRound, Optional<Refusal>> command) {
        return pool.round(round -> command.apply(round.operator()));
    }

    private Optional<Refusal> change(ResourceOperation... operations) {
        return operate(operator -> operator.changeResources(A1, List.of(operations), Optional.empty()));
    }

    private static Quota quota(String role, Map<String, Long> guarantees, Map<String, Long> limits) {
        return new Quota(role, new TreeMap<>(guarantees), new TreeMap<>(limits));
    }

    private static MaintenanceSchedule schedule(MachineId machine) {
        return new MaintenanceSchedule(List.of(new Window(List.of(machine), SOON)));
    }
}
