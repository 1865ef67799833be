package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.runtime.CrashRule.Evidence;
import java.util.List;
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
        assertThat(CrashRule.crashed(List.of(heard("b"), new Evidence("c", true, 9))))
                .isEmpty();
    }

    private static Evidence heard(String address) {
        return new Evidence(address, true, 0);
    }

    private static Evidence refused(String address, int times) {
        return new Evidence(address, false, times);
    }
}
