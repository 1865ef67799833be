package io.finback.controlplane.framework;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskState;
import io.finback.tracing.Sampler;
import io.finback.tracing.Span;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OfferTracesTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private final List<Span> spans = new ArrayList<>();
    private final OfferTraces traces = new OfferTraces(true, new Sampler(1), spans::add, "f");

    private void accepted(String task) {
        OfferId offer = OfferId.of("offer-of-" + task);
        traces.made(offer, AgentId.of("a"), "*", NOW);
        traces.accepted(List.of(offer), List.of(TaskId.of(task)), NOW.plusSeconds(1));
    }

    /** Tasks that are refused before they are any, and offers nobody answers, once ended the spans of all that came after 10,000 of them. */
    @Test
    void followsWhatIsNewWhateverWasNeverHeardOf() {
        for (int i = 0; i < 10_000; i++) {
            accepted("unheard-" + i);
            traces.made(OfferId.of("unanswered-" + i), AgentId.of("a"), "*", NOW);
        }
        spans.clear();
        accepted("new");
        traces.granted(TaskId.of("new"), NOW.plusSeconds(2));
        traces.status(TaskId.of("new"), TaskState.RUNNING, NOW.plusSeconds(3));
        assertThat(spans).extracting(Span::name).containsExactly("offer", "task.launch", "task.claim", "task.start");
    }
}
