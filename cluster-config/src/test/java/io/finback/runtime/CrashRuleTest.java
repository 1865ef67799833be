package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.runtime.CrashRule.Evidence;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CrashRuleTest {
    @Test
    void twoRefusalsOfASilentMasterAreAnEnd() {
        assertThat(CrashRule.crashed(List.of(heard("b"), refused("c", 2)))).containsExactly("c");
    }

    @Test
    void oneRefusalMayBeARestart() {
        assertThat(CrashRule.crashed(List.of(heard("b"), refused("c", 1)))).isEmpty();
    }

    @Test
    void silenceAloneIsNoEvidence() {
        assertThat(CrashRule.crashed(List.of(heard("b"), refused("c", 0)))).isEmpty();
    }

    @Test
    void whoHearsNoMajorityDoesNotAct() {
        assertThat(CrashRule.crashed(List.of(refused("b", 5), refused("c", 5)))).isEmpty();
        assertThat(CrashRule.crashed(List.of(refused("b", 5))))
                .as("half is no majority")
                .isEmpty();
        assertThat(CrashRule.crashed(List.of(heard("b"), refused("c", 5), refused("d", 5))))
                .as("two of four")
                .isEmpty();
    }

    @Test
    void threeOfFiveMayRemoveTwo() {
        assertThat(CrashRule.crashed(List.of(heard("b"), heard("c"), refused("d", 2), refused("e", 3))))
                .containsExactly("d", "e");
    }

    @Test
    void whoAnswersIsAliveWhateverItsPortSays() {
        assertThat(CrashRule.crashed(List.of(heard("b"), new Evidence("c", true, 9, Duration.ZERO, Set.of()))))
                .isEmpty();
    }

    @Test
    void whatNothingAnswersAndNobodyHearsIsCutOff() {
        assertThat(CrashRule.crashed(List.of(heard("b"), cut("c", 3_000, "b")))).containsExactly("c");
        assertThat(CrashRule.crashed(List.of(heard("b"), cut("c", 2_999, "b")))).isEmpty();
    }

    @Test
    void oneThatAnotherHearsIsNotCutOff() {
        assertThat(CrashRule.crashed(List.of(heard("b"), cut("c", 9_000)))).isEmpty();
        assertThat(CrashRule.crashed(List.of(heard("a"), heard("b"), cut("c", 9_000, "b"))))
                .isEmpty();
    }

    @Test
    void whoIsCutOffItselfDoesNotAct() {
        assertThat(CrashRule.crashed(List.of(cut("b", 9_000, "c"), cut("c", 9_000, "b"))))
                .isEmpty();
    }

    private static Evidence heard(String address) {
        return new Evidence(address, true, 0, Duration.ZERO, Set.of());
    }

    private static Evidence refused(String address, int times) {
        return new Evidence(address, false, times, Duration.ZERO, Set.of());
    }

    private static Evidence cut(String address, long millis, String... deniedBy) {
        return new Evidence(address, false, 0, Duration.ofMillis(millis), Set.of(deniedBy));
    }
}
