package io.finback.controlplane.allocator;

import static io.finback.controlplane.allocator.PoolFixture.A1;
import static io.finback.controlplane.allocator.PoolFixture.F1;
import static io.finback.controlplane.allocator.PoolFixture.F2;
import static io.finback.controlplane.allocator.PoolFixture.FOUR;
import static io.finback.controlplane.allocator.PoolFixture.change;
import static io.finback.controlplane.allocator.PoolFixture.launch;
import static io.finback.controlplane.allocator.PoolFixture.reserved;
import static io.finback.controlplane.allocator.PoolFixture.volume;
import static io.finback.controlplane.allocator.ResourceOperation.Type.CREATE;
import static io.finback.controlplane.allocator.ResourceOperation.Type.DESTROY;
import static io.finback.controlplane.allocator.ResourceOperation.Type.RESERVE;
import static io.finback.controlplane.allocator.ResourceOperation.Type.UNRESERVE;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.resources.Disk;
import io.finback.resources.Kind;
import io.finback.resources.OfferId;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Operations of an accept, in their order, with Mesos' rules. */
class ClaimRoundTest {
    private static final Resources TWO = Resources.of(2, 1024, 0);
    private static final Resources DISK = Resources.of(0, 0, 500);

    private final PoolFixture pool = new PoolFixture();

    @BeforeEach
    void oneAgentAndOneFramework() {
        assertThat(pool.admit(A1, FOUR)).isInstanceOf(AllocatorRound.Admitted.class);
        pool.join(F1, "eng");
    }

    @Test
    void laterOperationsUseWhatEarlierOnesMade() {
        ClaimRound.Outcome outcome = pool.claim(
                pool.onlyOffer(),
                change("r", RESERVE, reserved("eng", TWO.plus(DISK))),
                change("c", CREATE, volume("eng", "v1", 500, false)),
                launch("t", reserved("eng", TWO).plus(volume("eng", "v1", 500, false))));
        assertThat(outcome.failed()).isEmpty();
        assertThat(outcome.refused()).isEmpty();
        assertThat(outcome.applied()).containsExactly("r", "c");
        assertThat(outcome.granted()).containsExactly(TaskId.of("t"));
        assertThat(pool.total(A1))
                .isEqualTo(Resources.of(2, 3072, 500).plus(reserved("eng", TWO)).plus(volume("eng", "v1", 500, false)));
        assertThat(pool.restart().state.agent(A1).orElseThrow().unallocated()).isEqualTo(Resources.of(2, 3072, 500));
        pool.join(F1, "eng");
        pool.release(F1, "t");
        assertThat(pool.onlyOffer().resources()).isEqualTo(pool.total(A1));
    }

    @Test
    void anOperationThatFailsChangesNothingAndTheOthersGoOn() {
        ClaimRound.Outcome outcome = pool.claim(
                pool.onlyOffer(),
                change("much", RESERVE, reserved("eng", Resources.of(5, 0, 0))),
                change("foreign", RESERVE, reserved("sales", TWO)),
                change("volume", CREATE, volume("eng", "v1", 10, false)),
                launch("t", TWO));
        assertThat(outcome.granted()).containsExactly(TaskId.of("t"));
        assertThat(outcome.failed().get("much").message())
                .isEqualTo("RESERVE: lacks cpus:1 (expected: within cpus:4;disk:1000;mem:4096)");
        assertThat(outcome.failed().get("foreign").message())
                .contains("sales", "expected: one of the framework's roles");
        assertThat(outcome.failed().get("volume").message()).startsWith("CREATE: lacks disk(eng):10");
        assertThat(pool.total(A1)).isEqualTo(FOUR);
    }

    @Test
    void reservationsAreRefinedAndPoppedInTurn() {
        Reservation outer = Reservation.dynamic("eng", Optional.of("ops"));
        Reservation inner = Reservation.dynamic("eng/dev", Optional.of("ops"));
        Resources refined = Resources.of(Kind.reserved(outer).reservedFurther(inner), TWO);
        pool.claim(pool.onlyOffer(), change("1", RESERVE, reserved("eng", TWO)), change("2", RESERVE, refined));
        assertThat(pool.total(A1)).isEqualTo(Resources.of(2, 3072, 1000).plus(refined));
        pool.join(F2, "eng/dev");
        pool.book.leave(F1).forEach(offer -> {});
        Offered offer = pool.onlyOffer();
        ClaimRound.Outcome outcome =
                pool.claim(offer, change("3", UNRESERVE, refined), change("4", UNRESERVE, refined));
        assertThat(outcome.applied()).containsExactly("3");
        assertThat(outcome.failed().get("4").message()).startsWith("UNRESERVE: lacks");
        assertThat(pool.total(A1)).isEqualTo(Resources.of(2, 3072, 1000).plus(reserved("eng", TWO)));
    }

    @Test
    void aRepeatedClaimIsAnsweredTheSameWithoutAnOffer() {
        Offered offer = pool.onlyOffer();
        ClaimRound.Step[] steps = {
            change("r", RESERVE, reserved("eng", TWO)), launch("t", reserved("eng", Resources.of(1, 0, 0)))
        };
        ClaimRound.Outcome first = pool.claim(offer, steps);
        assertThat(first.applied()).containsExactly("r");
        Resources total = pool.total(A1);
        pool.restart();
        ClaimRound.Outcome again = pool.claim(F1, A1, List.of(offer.id()), steps);
        assertThat(again.applied()).containsExactly("r");
        assertThat(again.granted()).containsExactly(TaskId.of("t"));
        assertThat(pool.total(A1)).isEqualTo(total);
        ClaimRound.Outcome other = pool.claim(F2, A1, List.of(offer.id()), change("r", RESERVE, reserved("eng", TWO)));
        assertThat(other.failed().get("r").why()).isEqualTo(ClaimRound.Why.INVALID_OFFERS);
    }

    @Test
    void principalMustBeNamedAndPlainResourcesAreNoReservation() {
        Resources anonymous = Resources.of(Kind.reserved(Reservation.dynamic("eng", Optional.empty())), TWO);
        Resources fixed = Resources.of(Kind.reserved(Reservation.fixed("eng")), TWO);
        ClaimRound.Outcome outcome = pool.claim(
                pool.onlyOffer(),
                change("anonymous", RESERVE, anonymous),
                change("fixed", RESERVE, fixed),
                change("plain", RESERVE, TWO),
                change("none", RESERVE, Resources.EMPTY));
        assertThat(outcome.applied()).isEmpty();
        assertThat(outcome.failed().get("anonymous").message()).contains("names principal none (expected: ops)");
        assertThat(outcome.failed().get("fixed").message()).contains("is not dynamically reserved");
        assertThat(outcome.failed().get("plain").message()).contains("is not dynamically reserved");
        assertThat(outcome.failed().get("none").message()).contains("no resources (expected: some)");
    }

    @Test
    void aPersistenceIdIsGivenOncePerRoleAndAgentWhoeverUsesIt() {
        pool.claim(
                pool.onlyOffer(),
                change("r", RESERVE, reserved("eng", Resources.of(0, 0, 1000))),
                change("c", CREATE, volume("eng", "v1", 100, false)),
                launch("t", Resources.of(1, 100, 0).plus(volume("eng", "v1", 100, false))));
        ClaimRound.Outcome outcome = pool.claim(
                pool.onlyOffer(),
                change("again", CREATE, volume("eng", "v1", 200, false)),
                change("other", CREATE, volume("eng", "v2", 200, false)));
        assertThat(outcome.failed().get("again").message()).contains("'v1' (expected: an id not used yet");
        assertThat(outcome.applied()).containsExactly("other");
    }

    @Test
    void aVolumeOnAReservationMustGoBeforeIt() {
        Offered offer = pool.onlyOffer();
        pool.claim(
                offer,
                change("r", RESERVE, reserved("eng", DISK)),
                change("c", CREATE, volume("eng", "v1", 500, false)));
        ClaimRound.Outcome outcome = pool.claim(
                pool.onlyOffer(),
                change("u1", UNRESERVE, volume("eng", "v1", 500, false)),
                change("u2", UNRESERVE, reserved("eng", DISK)),
                change("d", DESTROY, volume("eng", "v1", 500, false)),
                change("u3", UNRESERVE, reserved("eng", DISK)));
        assertThat(outcome.failed().get("u1").message()).contains("is a persistent volume (expected: destroyed first)");
        assertThat(outcome.failed()).containsKey("u2");
        assertThat(outcome.applied()).containsExactly("d", "u3");
        assertThat(pool.total(A1)).isEqualTo(FOUR);
    }

    @Test
    void aMountDiskIsTakenWholeOrNotAtAll() {
        Disk mount = new Disk(
                Optional.empty(), Optional.empty(), Optional.of(Disk.Source.of(Disk.SourceType.MOUNT, "/mnt/d")));
        Kind unreserved = new Kind(List.of(), Optional.of(mount), false, false);
        Kind kept = unreserved.reservedFurther(Reservation.dynamic("eng", Optional.of("ops")));
        assertThat(pool.admit(A1, FOUR.plus(Resources.of(unreserved, Resources.of(0, 0, 2000)))))
                .isInstanceOf(AllocatorRound.Admitted.class);
        ClaimRound.Outcome outcome = pool.claim(
                pool.onlyOffer(),
                change("part", RESERVE, Resources.of(kept, Resources.of(0, 0, 1000))),
                change("whole", RESERVE, Resources.of(kept, Resources.of(0, 0, 2000))));
        assertThat(outcome.failed().get("part").message()).startsWith("RESERVE: lacks");
        assertThat(outcome.applied()).containsExactly("whole");
    }

    @Test
    void severalTasksUseASharedVolumeAndItIsNotDestroyedUnderThem() {
        Resources shared = volume("eng", "s", 500, true);
        Resources one = Resources.of(1, 100, 0);
        ClaimRound.Outcome outcome = pool.claim(
                pool.onlyOffer(),
                change("r", RESERVE, reserved("eng", DISK)),
                change("c", CREATE, shared),
                launch("t1", one.plus(shared)),
                launch("t2", one.plus(shared)),
                change("d", DESTROY, shared));
        assertThat(outcome.granted()).containsExactly(TaskId.of("t1"), TaskId.of("t2"));
        assertThat(outcome.failed().get("d").message()).contains("s is in use");
        Offered rest = pool.onlyOffer();
        assertThat(rest.resources()).isEqualTo(Resources.of(2, 3896, 500).plus(shared));
        assertThat(pool.state.agent(A1).orElseThrow().allocated())
                .isEqualTo(one.plus(one).plus(shared));
        pool.release(F1, "t1");
        assertThat(pool.claim(rest, change("d2", DESTROY, shared)).failed()).containsKey("d2");
        pool.release(F1, "t2");
        assertThat(pool.claim(pool.onlyOffer(), change("d3", DESTROY, shared)).applied())
                .containsExactly("d3");
        assertThat(pool.total(A1)).isEqualTo(Resources.of(4, 4096, 500).plus(reserved("eng", DISK)));
        assertThat(pool.restart().state.agent(A1).orElseThrow().unallocated()).isEqualTo(pool.total(A1));
    }

    @Test
    void anUnreachableOrGoneAgentIsNamedAsTheReason() {
        Offered offer = pool.onlyOffer();
        pool.round(round -> round.lose(A1));
        assertThat(pool.claim(offer, launch("t", TWO))
                        .refused()
                        .get(TaskId.of("t"))
                        .why())
                .isEqualTo(ClaimRound.Why.AGENT_DISCONNECTED);
        Optional<Refusal> refusal = pool.round(round -> round.operator().markGone(A1));
        assertThat(refusal).isEmpty();
        assertThat(pool.claim(offer, launch("t", TWO))
                        .refused()
                        .get(TaskId.of("t"))
                        .why())
                .isEqualTo(ClaimRound.Why.AGENT_REMOVED);
        assertThat(pool.claim(F1, A1, List.of(OfferId.of("x")), change("r", RESERVE, reserved("eng", TWO)))
                        .failed()
                        .get("r")
                        .why())
                .isEqualTo(ClaimRound.Why.AGENT_REMOVED);
    }

    @Test
    void anAgentThatComesBackKeepsReservationsAndIsRefusedWhenTheyNoLongerFit() {
        pool.claim(
                pool.onlyOffer(),
                change("r", RESERVE, reserved("eng", Resources.of(3, 0, 500))),
                change("c", CREATE, volume("eng", "v", 500, false)),
                launch("t", Resources.of(1, 1000, 0)));
        Resources total = pool.total(A1);
        assertThat(pool.admit(A1, FOUR)).isInstanceOf(AllocatorRound.Admitted.class);
        assertThat(pool.total(A1)).isEqualTo(total);
        assertThat(pool.admit(A1, FOUR.plus(Resources.of(4, 0, 0)))).isInstanceOf(AllocatorRound.Admitted.class);
        assertThat(pool.total(A1)).isEqualTo(total.plus(Resources.of(4, 0, 0)));
        assertThat(refusal(pool.admit(A1, Resources.of(2, 4096, 1000))))
                .isEqualTo(
                        "agent resources: cpus:2;disk:1000;mem:4096 lack cpus:1 of what is reserved on it or made into"
                                + " volumes (expected: at least cpus:3;disk:500)");
        assertThat(refusal(pool.admit(A1, Resources.of(3, 4096, 1000)))).contains("lack cpus:1 of what its tasks hold");
        assertThat(pool.total(A1)).isEqualTo(total.plus(Resources.of(4, 0, 0)));
        assertThat(pool.restart().total(A1)).isEqualTo(total.plus(Resources.of(4, 0, 0)));
    }

    private static String refusal(AllocatorRound.Admission admission) {
        return admission.match(admitted -> "admitted", AllocatorRound.Refused::reason);
    }

    @Test
    void sumsPerRoleFollowWhatIsHeldAndReserved() {
        pool.claim(
                pool.onlyOffer(),
                change("r", RESERVE, reserved("eng", TWO)),
                launch("t", reserved("eng", Resources.of(1, 0, 0)).plus(Resources.of(1, 0, 0))));
        assertThat(pool.state.allocated("eng")).containsEntry("cpus", 2_000L);
        assertThat(pool.state.consumed("eng")).isEqualTo(new TreeMap<>(Map.of("cpus", 3_000L, "mem", 1_024_000L)));
        pool.release(F1, "t");
        assertThat(pool.state.allocated("eng")).isEmpty();
        assertThat(pool.state.consumed("eng")).isEqualTo(new TreeMap<>(Map.of("cpus", 2_000L, "mem", 1_024_000L)));
    }
}
