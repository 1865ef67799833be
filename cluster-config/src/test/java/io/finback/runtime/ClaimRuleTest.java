package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.persistence.ClusterTable.Entry;
import io.finback.runtime.ClaimRule.Duty;
import io.finback.runtime.MembershipMessage.IAm;
import io.finback.runtime.MembershipMessage.Incarnation;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ClaimRuleTest {
    private static final Duration PERIOD = Duration.ofSeconds(2);
    private static final Duration EXPIRY = Duration.ofSeconds(15);
    private static final Incarnation A1 = new Incarnation("akka://finback@a:25520", 1);
    private static final Incarnation A2 = new Incarnation("akka://finback@a:25520", -2);
    private static final Incarnation B1 = new Incarnation("akka://finback@b:25520", 3);
    private static final Incarnation B2 = new Incarnation("akka://finback@b:25520", 4);

    private static Optional<Entry> row(int seconds, Incarnation... masters) {
        return Optional.of(
                new Entry(7, Stream.of(masters).map(Incarnation::text).toList(), Duration.ofSeconds(seconds)));
    }

    private static boolean mayTake(Optional<Entry> row, Incarnation... answering) {
        return ClaimRule.mayTake(
                A2,
                row,
                Stream.of(answering)
                        .map(each -> new IAm(each, false, false, Optional.of(true)))
                        .toList(),
                EXPIRY);
    }

    private static Duty duty(Set<Incarnation> ever, Optional<Entry> row, boolean speaks) {
        return ClaimRule.duty(ever, row, speaks, PERIOD, EXPIRY);
    }

    @Test
    void aFreshRowHoldsOffWhoCannotTellThatAllOfItsMastersHaveEnded() {
        assertThat(mayTake(Optional.empty())).isTrue();
        assertThat(mayTake(row(14, A1, B1))).isFalse();
        assertThat(mayTake(row(14, A1, B1), B1)).isFalse();
        assertThat(mayTake(row(14, A1, B1), B2)).isTrue();
        assertThat(mayTake(row(15, A1, B1))).isTrue();
        // Its own life before, and what it has just written.
        assertThat(mayTake(row(0, A1))).isTrue();
        assertThat(mayTake(row(0, A2))).isTrue();
        // A clock of the database that was set back.
        assertThat(mayTake(row(-100, B1))).isFalse();
    }

    @Test
    void oneMasterInCommonIsTheSameCluster() {
        assertThat(duty(Set.of(A1, B1), row(0, A1), false)).isEqualTo(Duty.NOTHING);
        assertThat(duty(Set.of(A1, B1), row(0, A1), true)).isEqualTo(Duty.RENEW);
        assertThat(duty(Set.of(A1, B1), row(6, A1), false)).isEqualTo(Duty.RENEW);
        assertThat(duty(Set.of(A1, B1), row(0, A2), true)).isEqualTo(Duty.END);
    }

    @Test
    void noRowAnOldOneAndASpoiltOneEndNobody() {
        assertThat(duty(Set.of(A1), Optional.empty(), false)).isEqualTo(Duty.RENEW);
        assertThat(duty(Set.of(A1), row(15, B1), false)).isEqualTo(Duty.RENEW);
        Optional<Entry> spoilt = Optional.of(new Entry(1, List.of("nonsense#x", "nonsense"), Duration.ZERO));
        assertThat(duty(Set.of(A1), spoilt, true)).isEqualTo(Duty.RENEW);
        assertThat(mayTake(spoilt)).isFalse();
    }

    @Test
    void aLifeIsReadAsItIsWritten() {
        assertThat(Stream.of(A1, A2, B1).map(Incarnation::text).map(Incarnation::parse))
                .containsExactly(Optional.of(A1), Optional.of(A2), Optional.of(B1));
    }
}
