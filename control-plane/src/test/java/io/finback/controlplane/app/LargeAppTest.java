package io.finback.controlplane.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.scheduler.AppChange;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.scheduler.Examples;
import io.finback.controlplane.service.ServicesView;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** An app that does not fit into one message, on its way to the views. */
class LargeAppTest {
    private static final AppState STATE = state(Examples.app(5_000));
    private static final String ID = STATE.appId();

    private static AppState state(AppDefinition definition) {
        AppState none = AppState.empty(definition.id());
        AppState created = Examples.apply(none, AppChange.create(none, definition, false, "d0", Examples.NOW));
        return Examples.settle(Examples.order(created, "d0", 1, DeploymentPlan.Kind.SCALE));
    }

    @Test
    void itsPartsMakeTheWholeInWhateverOrderTheyCome() {
        AppSnapshot whole = AppSnapshot.of(STATE, 7);
        assertThat(whole.parts()).hasSize(3);
        for (int seed = 0; seed < 6; seed++) {
            List<AppSnapshot> parts = new ArrayList<>(whole.parts());
            Collections.shuffle(parts, new Random(seed));
            ServicesView view = new ServicesView(false);
            view.apply(parts.get(0));
            view.apply(parts.get(1));
            assertThat(view.any(ID)).isEmpty();
            view.apply(parts.get(1)); // twice is as good as once
            view.apply(parts.get(2));
            assertThat(view.any(ID)).contains(whole);
        }
    }

    @Test
    void aPartThatIsLostLeavesWhatWasKnownUntilTheNextIsWhole() {
        ServicesView view = new ServicesView(false);
        AppSnapshot.of(STATE, 7).parts().forEach(view::apply);
        List<AppSnapshot> next = AppSnapshot.of(STATE, 8).parts();
        view.apply(next.get(0));
        view.apply(next.get(2));
        assertThat(view.any(ID).orElseThrow().revision()).isEqualTo(7);
        AppSnapshot.of(STATE, 9).parts().forEach(view::apply);
        view.apply(next.get(1));
        assertThat(view.any(ID).orElseThrow().revision()).isEqualTo(9);
    }

    @Test
    void anAnswerSaysEverythingButItsInstances() {
        ServicesView view = new ServicesView(false);
        AppSnapshot.of(STATE, 7).parts().forEach(view::apply);
        AppSnapshot answer = AppSnapshot.of(STATE, 8).brief();
        assertThat(answer.instances()).isEmpty();
        view.apply(answer);
        assertThat(view.any(ID).orElseThrow().revision()).isEqualTo(8);
        assertThat(view.any(ID).orElseThrow().instances()).hasSize(5_000);
        AppSnapshot small = AppSnapshot.of(state(Examples.app(3)), 1);
        assertThat(small.brief()).isEqualTo(small);
        assertThat(small.parts()).containsExactly(small);
    }
}
