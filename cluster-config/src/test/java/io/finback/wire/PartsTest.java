package io.finback.wire;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.javadsl.Adapter;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.resources.TaskKey;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PartsTest {
    private static final int FRAME = 2 * 1024 * 1024;
    private static final AgentInfo INFO = new AgentInfo(
            AgentId.of("agent-1"), "whale-1", 5051, Resources.of(64, 262144, 1000000), Map.of("rack", "r1"), "test");

    @Test
    void keepsEveryItemInOrder() {
        List<String> items = IntStream.range(0, 1000).mapToObj(i -> "item-" + i).toList();
        List<List<String>> parts = Parts.of(items, 500);
        assertThat(parts).hasSizeGreaterThan(10).allSatisfy(part -> assertThat(part)
                .isNotEmpty());
        assertThat(parts.stream().flatMap(List::stream)).containsExactlyElementsOf(items);
    }

    @Test
    void nothingIsNoPartAndWhatIsTooLargeTravelsAlone() {
        assertThat(Parts.of(List.of())).isEmpty();
        List<String> items = List.of("a", "x".repeat(2000), "b");
        assertThat(Parts.of(items, 500)).containsExactly(List.of("a"), List.of("x".repeat(2000)), List.of("b"));
    }

    @Test
    void saysWhatDoesNotFit() {
        assertThat(Parts.fits(task(1, "true"))).isTrue();
        assertThat(Parts.fits(task(1, "x".repeat((int) Parts.MAX_ITEM_BYTES)))).isFalse();
    }

    @Test
    void everyPartOfALargeRegistrationFitsAFrame() throws Exception {
        List<AgentToMaster.KnownTask> tasks = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            tasks.add(new AgentToMaster.KnownTask(task(i, "exec ./server --port $PORT0 # é"), TaskState.RUNNING));
        }
        List<AgentToMaster.Register> parts = AgentToMaster.Register.of(INFO, "attempt", 7, tasks);
        assertThat(parts.stream().flatMap(part -> part.tasks().stream())).containsExactlyElementsOf(tasks);
        ActorTestKit kit = ActorTestKit.create();
        try {
            Serialization serialization = SerializationExtension.get(Adapter.toClassic(kit.system()));
            int all = 0;
            for (AgentToMaster.Register part : parts) {
                int bytes = serialization.serialize(part).get().length;
                all += bytes;
                assertThat(bytes).isLessThan(FRAME / 2);
                assertThat(WireSize.of(part)).isBetween((long) bytes, bytes * 4L);
            }
            assertThat(all).as("more than a frame in one message").isGreaterThan(FRAME);
        } finally {
            kit.shutdownTestKit();
        }
    }

    @Test
    void anAgentWithoutTasksRegistersInOnePart() {
        assertThat(AgentToMaster.Register.of(INFO, "attempt", 0, List.of()))
                .containsExactly(new AgentToMaster.Register(INFO, "attempt", 1, 1, 0, List.of()));
    }

    private static TaskInfo task(int number, String command) {
        FrameworkId framework = FrameworkId.of("5c2f9a44-5b1c-4d5e-9d8f-6c9f6f1d2e3a-0001");
        TaskKey key = TaskKey.of(framework, TaskId.of("shop_api.instance-" + number + "._app.1"));
        return new TaskInfo(
                key.task(),
                "api.shop",
                framework,
                INFO.id(),
                Resources.of(0.1, 128, 10).withPorts(Ranges.of(31000 + number, 31000 + number)),
                CommandInfo.shell(command, Map.of("PORT0", "" + (31000 + number), "MARATHON_APP_ID", "/shop/api")),
                Optional.of(Duration.ofSeconds(5)),
                Map.of("team", "whales"));
    }
}
