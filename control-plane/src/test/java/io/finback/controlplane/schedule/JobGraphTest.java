package io.finback.controlplane.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

/** Who waits for whom, and when children are called. */
class JobGraphTest {
    private static final Instant T = Instant.parse("2026-11-25T12:00:00Z");
    private JobGraph graph = JobGraph.EMPTY;
    private long number;

    private void link(String child, String... parents) {
        graph = GraphEvent.fold(graph, graph.link(child, List.of(parents), T));
    }

    private List<String> succeed(String parent) {
        List<GraphEvent> events = graph.succeeded(parent, ++number, T.plusSeconds(number));
        graph = GraphEvent.fold(graph, events);
        List<String> called = new ArrayList<>();
        for (GraphEvent event : events) {
            if (event instanceof GraphEvent.Succeeded s) {
                called.addAll(s.called());
            }
        }
        return called;
    }

    @Test
    void oneParentCallsAtEverySuccess() {
        link("b", "a");
        assertThat(succeed("a")).containsExactly("b");
        assertThat(succeed("a")).containsExactly("b");
        assertThat(graph.calls().get("b")).hasSize(2);
    }

    @Test
    void severalParentsCallWhenTheSlowestHasSucceeded() {
        link("c", "a", "b");
        assertThat(succeed("a")).isEmpty();
        assertThat(succeed("a")).isEmpty();
        assertThat(succeed("b")).containsExactly("c");
        assertThat(succeed("b")).isEmpty();
        assertThat(succeed("a")).containsExactly("c");
    }

    @Test
    void refusesCirclesOfAnyLength() {
        link("b", "a");
        link("c", "b");
        link("d", "c");
        assertThat(graph.circle("a", List.of("d")))
                .isPresent()
                .get()
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .first()
                .isEqualTo("a");
        assertThat(graph.circle("a", List.of("a"))).isPresent();
        assertThat(graph.circle("d", List.of("a", "b"))).isEmpty();
    }

    @Test
    void aSuccessThatIsRepeatedCountsOnce() {
        link("b", "a");
        graph = GraphEvent.fold(graph, graph.succeeded("a", 7, T));
        assertThat(graph.succeeded("a", 7, T)).isEmpty();
        assertThat(graph.succeeded("a", 6, T)).isEmpty();
    }

    @Test
    void whatSucceededBeforeTheChildWasThereDoesNotCount() {
        link("b", "a");
        graph = GraphEvent.fold(graph, graph.succeeded("a", 1, T.minusSeconds(1)));
        assertThat(graph.calls()).isEmpty();
    }

    @Test
    void callsAreKeptUntilTheyAreTaken() {
        link("b", "a");
        var unused1 = succeed("a");
        var unused2 = succeed("a");
        long first = graph.calls().get("b").get(0).number();
        graph = GraphEvent.fold(graph, graph.taken("b", first));
        assertThat(graph.calls().get("b")).hasSize(1);
        assertThat(graph.taken("b", first)).isEmpty();
        link("b");
        assertThat(graph.calls()).isEmpty();
        assertThat(succeed("a")).isEmpty();
    }
}
