package io.finback.nodeagent.oversubscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.nodeagent.testing.Tasks;
import io.finback.resources.Kind;
import io.finback.resources.Resources;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LendingTest {
    private static final Kind LENT = new Kind(List.of(), Optional.empty(), true, false);
    private static final Resources MACHINE = Resources.of(8, 1024, 0);

    @Test
    void lendsAFixedAmountHoweverMuchOfItIsTaken() {
        FixedEstimator fixed = new FixedEstimator(2);
        assertThat(offered(usage(), fixed)).isEqualTo(2.0);
        assertThat(offered(usage(borrower("b", 1.5)), fixed)).isEqualTo(2.0);
    }

    @Test
    void lendsAPartOfWhatIsHeldAndNotUsed() {
        SlackEstimator slack = new SlackEstimator(0.5);
        assertThat(offered(usage(task("t", 4, Optional.of(1.0))), slack)).isEqualTo(1.5);
        assertThat(offered(usage(task("t", 4, Optional.of(5.0))), slack)).isZero();
        assertThat(offered(usage(task("t", 4, Optional.empty())), slack))
                .as("what nobody measured is not lent")
                .isZero();
        assertThat(offered(usage(task("t", 4, Optional.of(1.0)), borrower("b", 1)), slack))
                .isEqualTo(1.5);
    }

    @Test
    void neverTellsOfLessThanIsLentNorOfMoreThanThereIsAgain() {
        assertThat(offered(usage(borrower("b", 3)), usage -> -5)).isEqualTo(3.0);
        assertThat(offered(usage(borrower("b", 3)), usage -> Double.NaN)).isEqualTo(3.0);
        assertThat(offered(usage(), usage -> Double.POSITIVE_INFINITY)).isEqualTo(8.0);
    }

    @Test
    void takesBackFromBorrowersAloneWhileTheLoadIsTooHigh() {
        LoadController qos = new LoadController(4);
        AgentUsage.Running owner = task("t", 4, Optional.of(4.0));
        AgentUsage.Running borrower = borrower("b", 1);
        assertThat(qos.preempt(new AgentUsage(MACHINE, List.of(owner, borrower), Optional.of(4.1))))
                .containsExactly(Tasks.key("b"));
        assertThat(qos.preempt(new AgentUsage(MACHINE, List.of(owner, borrower), Optional.of(4.0))))
                .isEmpty();
        assertThat(qos.preempt(new AgentUsage(MACHINE, List.of(owner, borrower), Optional.empty())))
                .isEmpty();
    }

    private static double offered(AgentUsage usage, ResourceEstimator estimator) {
        Resources offer = Lending.offer(usage, estimator.moreCpus(usage));
        assertThat(offer.filter(kind -> !kind.revocable())).isEqualTo(Resources.EMPTY);
        return offer.quantities().getOrDefault(Resources.CPUS, 0L) / 1000.0;
    }

    private static AgentUsage usage(AgentUsage.Running... tasks) {
        return new AgentUsage(MACHINE, List.of(tasks), Optional.empty());
    }

    private static AgentUsage.Running task(String id, double cpus, Optional<Double> used) {
        return new AgentUsage.Running(Tasks.key(id), Resources.of(cpus, 0, 0), used);
    }

    private static AgentUsage.Running borrower(String id, double cpus) {
        return new AgentUsage.Running(
                Tasks.key(id), Resources.of(LENT, Resources.EMPTY.withScalar(Resources.CPUS, cpus)), Optional.of(cpus));
    }
}
