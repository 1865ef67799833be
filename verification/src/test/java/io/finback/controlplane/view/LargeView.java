package io.finback.controlplane.view;

import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.allocator.AgentSpec;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** A view as large as one wants, and its changes, without a cluster around it. Built from what {@link ClusterView} is built from. */
public final class LargeView {
    private static final Instant AT = Instant.ofEpochSecond(1_700_000_000);

    private final PagedMap<AgentId, AllocationDelta.Agent> agents = new PagedMap<>();
    private final List<FrameworkBook> books = new ArrayList<>();
    private final List<ClusterEvent> events = new ArrayList<>();
    private final Map<TaskState, Long> ended = new EnumMap<>(TaskState.class);
    private final int agentCount;
    private final int tasksPerFramework;
    private long number = 1;

    public LargeView(int agentCount, int frameworkCount, int taskCount) {
        this.agentCount = agentCount;
        this.tasksPerFramework = taskCount / frameworkCount;
        for (int i = 0; i < agentCount; i++) {
            agents.put(agentId(i), agent(i));
        }
        for (int f = 0; f < frameworkCount; f++) {
            List<FrameworkDelta.Task> tasks = new ArrayList<>();
            for (int t = 0; t < tasksPerFramework; t++) {
                tasks.add(task(f, t, 0));
            }
            FrameworkDelta delta = delta(f, tasks);
            FrameworkBook book = new FrameworkBook(delta);
            book.apply(delta, ended, events::add);
            book.wasDescribed();
            books.add(book);
        }
        events.clear();
    }

    /** Gives that many tasks, spread over all, another status. */
    public void change(int tasks) {
        number++;
        int each = tasks / books.size();
        for (int f = 0; f < books.size(); f++) {
            List<FrameworkDelta.Task> changed = new ArrayList<>();
            for (int i = 0; i < each; i++) {
                int t = (int) ((i * 7_919L + number * 104_729L) % tasksPerFramework);
                changed.add(task(f, t, number));
            }
            books.get(f).apply(delta(f, changed), ended, events::add);
        }
        events.clear();
    }

    public ClusterSnapshot snapshot() {
        return new ClusterSnapshot(
                true,
                number,
                agents.snapshot(),
                books.stream().map(FrameworkBook::snapshot).toList(),
                ended,
                AllocationDelta.Pool.EMPTY);
    }

    public AgentSpec spec(int i) {
        return new AgentSpec(
                agentId(i),
                "host-" + i + ".example.com",
                5051,
                Resources.of(24, 65_536, 500_000).withPorts(Ranges.of(31_000, 32_000)),
                Map.of("rack", "r" + i % 100),
                "0.1");
    }

    private AllocationDelta.Agent agent(int i) {
        return new AllocationDelta.Agent(
                spec(i), AT, Optional.empty(), true, Resources.of(1, 640, 100), Resources.EMPTY);
    }

    private FrameworkDelta delta(int framework, List<FrameworkDelta.Task> tasks) {
        return new FrameworkDelta(
                frameworkId(framework),
                1,
                number,
                Optional.of(new FrameworkInfo(
                        "framework " + framework, "ops", List.of("role" + framework), Duration.ofDays(7))),
                Optional.of(AT),
                true,
                false,
                tasks,
                true,
                Set.of(),
                OfferConstraints.NONE,
                Optional.empty(),
                Optional.empty(),
                List.of(),
                List.of());
    }

    private FrameworkDelta.Task task(int framework, int t, long change) {
        TaskId id = TaskId.of("task-" + framework + "-" + t + ".1b4e28ba-2fa1-11d2-883f-0016d3cca427");
        TaskStatus status = new TaskStatus(
                id,
                frameworkId(framework),
                agentId(t % agentCount),
                TaskState.RUNNING,
                TaskStatus.Source.EXECUTOR,
                Optional.of(new UUID(change, t).toString()),
                AT.plusSeconds(change),
                Optional.empty(),
                Optional.empty(),
                Optional.of(true),
                Optional.of(4_000L + t));
        return new FrameworkDelta.Task(
                id,
                "task " + t,
                agentId(t % agentCount),
                Resources.of(0.1, 64, 10).withPorts(Ranges.of(31_000 + t % 1000, 31_000 + t % 1000)),
                Map.of("owner", "team-" + t % 50),
                status,
                "role" + framework,
                Optional.empty(),
                List.of());
    }

    private static AgentId agentId(int i) {
        return AgentId.of("4fb2ae3e-5e22-4a5a-9c3d-8f1f2b7e55aa-S" + i);
    }

    private static FrameworkId frameworkId(int f) {
        return FrameworkId.of("4fb2ae3e-5e22-4a5a-9c3d-8f1f2b7e55aa-000" + f);
    }
}
