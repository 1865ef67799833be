package io.finback.controlplane.app;

import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import io.finback.controlplane.scheduler.Demand;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import io.finback.wire.WireMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What apps tell the service scheduler (entity id {@link #ID}). Repeated until it shows; repeating is harmless. */
public interface SchedulerMessage extends WireMessage {
    EntityTypeKey<SchedulerMessage> KEY = EntityTypeKey.create(SchedulerMessage.class, "ServiceScheduler");
    String ID = "services";
    FrameworkId FRAMEWORK = FrameworkId.of("finback-services");

    record Wake() implements SchedulerMessage {}

    /** Lets go of its offers and subscribes anew, as another process that has become leader would. */
    record Abdicate() implements SchedulerMessage {}

    record Demanded(Demand demand) implements SchedulerMessage {}

    /**
     * The answer to {@link AppCommand.Place}: what was journaled and shall be launched.
     *
     * @param more another part follows
     */
    record Placed(String appId, long round, List<TaskInfo> tasks, boolean more) implements SchedulerMessage {
        /** Tasks in one message: a few KiB each, well below a remote frame. */
        private static final int PART = 200;

        public Placed {
            tasks = List.copyOf(tasks);
        }

        /** All of them, in as many parts as it takes; at least one. */
        public static List<Placed> parts(String appId, long round, List<TaskInfo> tasks) {
            List<Placed> parts = new ArrayList<>();
            int from = 0;
            do {
                int to = Math.min(tasks.size(), from + PART);
                parts.add(new Placed(appId, round, tasks.subList(from, to), to < tasks.size()));
                from = to;
            } while (from < tasks.size());
            return parts;
        }
    }

    record KillTask(TaskId task, Optional<AgentId> agent, Optional<Duration> grace) implements SchedulerMessage {}

    record AcknowledgeTask(TaskId task, String uuid) implements SchedulerMessage {}

    record ReconcileTasks(List<TaskId> tasks) implements SchedulerMessage {
        public ReconcileTasks {
            tasks = List.copyOf(tasks);
        }
    }
}
