package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.runtime.MembershipMessage.IAm;
import io.finback.runtime.MembershipMessage.Incarnation;
import io.finback.runtime.MembershipRule.Verdict;
import io.finback.runtime.MembershipRule.View;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MembershipRuleTest {
    private static final Incarnation ONE = new Incarnation("akka://finback@a:1", 1);
    private static final Incarnation ONE_AGAIN = new Incarnation("akka://finback@a:1", 11);
    private static final Incarnation TWO = new Incarnation("akka://finback@b:1", 2);
    private static final Incarnation TWO_AGAIN = new Incarnation("akka://finback@b:1", 22);

    @Test
    void joinsTheMastersThatAreUp() {
        assertThat(decide(new View(false, Map.of()), up(ONE, false), starting(TWO)))
                .isEqualTo(new Verdict.Join(List.of(ONE.address())));
        assertThat(decide(new View(false, Map.of()), starting(ONE))).isEqualTo(Verdict.Stay.STAY);
    }

    @Test
    void rejoinsALoneMasterThatIsNewHoweverRecentlyTheOldOneWasSeen() {
        assertThat(decide(new View(true, Map.of(ONE, true)), up(ONE_AGAIN, false)))
                .isEqualTo(Verdict.Rejoin.REJOIN);
        assertThat(decide(new View(true, Map.of(ONE, false)), up(ONE_AGAIN, false)))
                .isEqualTo(Verdict.Rejoin.REJOIN);
        assertThat(decide(new View(true, Map.of()), up(ONE_AGAIN, false))).isEqualTo(Verdict.Rejoin.REJOIN);
    }

    @Test
    void waitsForANewMasterToBeUp() {
        assertThat(decide(new View(true, Map.of(ONE, false)), starting(ONE_AGAIN)))
                .isEqualTo(Verdict.Stay.STAY);
    }

    @Test
    void neverLeavesAMasterThatLives() {
        View both = new View(true, Map.of(ONE, true, TWO, true));
        // Two is restarted and, cut off from One, forms a cluster of its own.
        assertThat(decide(both, up(ONE, true), up(TWO_AGAIN, false))).isEqualTo(Verdict.Stay.STAY);
        // One does not answer, but nothing says that it is dead.
        assertThat(decide(both, up(TWO_AGAIN, false))).isEqualTo(Verdict.Stay.STAY);
        assertThat(decide(new View(true, Map.of(ONE, true)), up(TWO, false))).isEqualTo(Verdict.Stay.STAY);
    }

    @Test
    void leavesWhenEveryMasterIsNew() {
        View both = new View(true, Map.of(ONE, true, TWO, true));
        assertThat(decide(both, up(ONE_AGAIN, false), starting(TWO_AGAIN))).isEqualTo(Verdict.Rejoin.REJOIN);
    }

    @Test
    void leavesPartitionsToTheSplitBrainResolver() {
        // Our only master is unreachable for the detector, yet answers us: it is the same one.
        assertThat(decide(new View(true, Map.of(ONE, false)), up(ONE, true))).isEqualTo(Verdict.Stay.STAY);
    }

    @Test
    void staysWithANewMasterThatAlreadyKnowsUs() {
        assertThat(decide(new View(true, Map.of(ONE, false)), up(TWO, true))).isEqualTo(Verdict.Stay.STAY);
    }

    @Test
    void knowsItIsForgottenOnlyWhenNoMasterRemembers() {
        View both = new View(true, Map.of(ONE, true, TWO, true));
        assertThat(MembershipRule.forgotten(both, List.of(up(ONE, false), up(TWO, false))))
                .isTrue();
        assertThat(MembershipRule.forgotten(both, List.of(up(ONE, false), up(TWO, true))))
                .isFalse();
        assertThat(MembershipRule.forgotten(both, List.of())).isFalse();
        assertThat(MembershipRule.forgotten(both, List.of(up(ONE_AGAIN, false))))
                .isFalse();
    }

    private static Verdict decide(View view, IAm... answers) {
        return MembershipRule.decide(view, List.of(answers));
    }

    private static IAm up(Incarnation who, boolean knowsYou) {
        return new IAm(who, true, knowsYou, Optional.of(false));
    }

    private static IAm starting(Incarnation who) {
        return new IAm(who, false, false, Optional.of(true));
    }
}
