package io.finback.controlplane.framework;

import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.DiscoveryInfo;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.HealthCheck;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskStatus;
import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * News for the views. Every item is complete in itself; the larger ({@code epoch}, {@code number}) wins. Ended tasks come once more
 * with their last status; how long a view remembers them is its own affair.
 *
 * @param number counts the deltas of one incarnation; a gap, or an unknown epoch, means: ask with {@link FrameworkSignal.Describe}
 * @param info empty: nobody ever subscribed
 * @param registeredAt when it subscribed for the first time
 * @param last nothing more follows of what is said at once: an answer to a question for everything comes in parts
 * @param suppressed those of its roles that want no offers for now
 * @param constraints which agents it wants offers of
 * @param reregisteredAt when its latest subscription began
 * @param removedAt when it was removed for good
 * @param operations operations with a name, until the scheduler has taken their end
 * @param operationsOver names of those whose end it has taken
 */
public record FrameworkDelta(
        FrameworkId framework,
        long epoch,
        long number,
        Optional<FrameworkInfo> info,
        Optional<Instant> registeredAt,
        boolean connected,
        boolean tornDown,
        List<Task> tasks,
        boolean last,
        Set<String> suppressed,
        OfferConstraints constraints,
        Optional<Instant> reregisteredAt,
        Optional<Instant> removedAt,
        List<Operation> operations,
        List<String> operationsOver)
        implements WireMessage {

    /** What follows {@code tasks} is not known to an earlier version. */
    public FrameworkDelta(
            FrameworkId framework,
            long epoch,
            long number,
            Optional<FrameworkInfo> info,
            Optional<Instant> registeredAt,
            boolean connected,
            boolean tornDown,
            List<Task> tasks,
            boolean last,
            @Nullable Set<String> suppressed,
            @Nullable OfferConstraints constraints,
            Optional<Instant> reregisteredAt,
            Optional<Instant> removedAt,
            @Nullable List<Operation> operations,
            @Nullable List<String> operationsOver) {
        this.framework = framework;
        this.epoch = epoch;
        this.number = number;
        this.info = info;
        this.registeredAt = registeredAt;
        this.connected = connected;
        this.tornDown = tornDown;
        this.tasks = List.copyOf(tasks);
        this.last = last;
        this.suppressed = suppressed == null ? Set.of() : Set.copyOf(suppressed);
        this.constraints = constraints == null ? OfferConstraints.NONE : constraints;
        this.reregisteredAt = reregisteredAt;
        this.removedAt = removedAt;
        this.operations = operations == null ? List.of() : List.copyOf(operations);
        this.operationsOver = operationsOver == null ? List.of() : List.copyOf(operationsOver);
    }

    /**
     * One operation as it is now.
     *
     * @param id the framework's name for it
     * @param uuid of its last update; empty while it is pending
     * @param change what it is; empty: what nobody could do
     */
    public record Operation(
            String id,
            Optional<AgentId> agent,
            SchedulerEvent.OperationState state,
            Optional<String> message,
            Optional<String> uuid,
            Optional<ResourceOperation> change) {}

    /** One task as it is now; no environment in here, so that no view can leak one. */
    public record Task(
            TaskId id,
            String name,
            AgentId agent,
            Resources resources,
            Map<String, String> labels,
            TaskStatus status,
            String role,
            Optional<DiscoveryInfo> discovery,
            List<TaskStatus> history,
            Optional<HealthCheck> healthCheck,
            Optional<ExecutorInfo> executor,
            Optional<ContainerInfo> container,
            Optional<String> user,
            Map<String, Double> limits) {

        /**
         * What follows {@code status} is not known to an earlier version.
         *
         * @param history the statuses before {@code status}, one for each state it was in, oldest first
         * @param healthCheck a command in it has no environment
         * @param executor who runs it, or (of a run of an executor) what it is; empty: a command of its own
         * @param container without credentials and without what its parameters put into the environment
         * @param user the account it runs as; empty: the agent's
         * @param limits what it may use of {@code cpus} and {@code mem} beyond what it holds
         */
        @SuppressWarnings("NullableOptional") // absent in what an earlier version sends
        public Task(
                TaskId id,
                String name,
                AgentId agent,
                Resources resources,
                Map<String, String> labels,
                TaskStatus status,
                @Nullable String role,
                @Nullable Optional<DiscoveryInfo> discovery,
                @Nullable List<TaskStatus> history,
                @Nullable Optional<HealthCheck> healthCheck,
                @Nullable Optional<ExecutorInfo> executor,
                @Nullable Optional<ContainerInfo> container,
                @Nullable Optional<String> user,
                @Nullable Map<String, Double> limits) {
            this.id = id;
            this.name = name;
            this.agent = agent;
            this.resources = resources;
            this.labels = Map.copyOf(labels);
            this.status = status;
            this.role = role == null ? TaskInfo.ANY_ROLE : role;
            this.discovery = discovery == null ? Optional.empty() : discovery;
            this.history = history == null ? List.of() : List.copyOf(history);
            this.healthCheck = healthCheck == null ? Optional.empty() : healthCheck;
            this.executor = executor == null ? Optional.empty() : executor;
            this.container = container == null ? Optional.empty() : container;
            this.user = user == null ? Optional.empty() : user;
            this.limits = limits == null ? Map.of() : Map.copyOf(limits);
        }

        /** The same with less in it. */
        public Task with(Resources some, Optional<ExecutorInfo> shown) {
            return new Task(
                    id,
                    name,
                    agent,
                    some,
                    labels,
                    status,
                    role,
                    discovery,
                    history,
                    healthCheck,
                    shown,
                    container,
                    user,
                    limits);
        }

        public Task(
                TaskId id,
                String name,
                AgentId agent,
                Resources resources,
                Map<String, String> labels,
                TaskStatus status,
                String role,
                Optional<DiscoveryInfo> discovery,
                List<TaskStatus> history) {
            this(
                    id,
                    name,
                    agent,
                    resources,
                    labels,
                    status,
                    role,
                    discovery,
                    history,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Map.of());
        }

        public Task(
                TaskId id,
                String name,
                AgentId agent,
                Resources resources,
                Map<String, String> labels,
                TaskStatus status) {
            this(id, name, agent, resources, labels, status, TaskInfo.ANY_ROLE, Optional.empty(), List.of());
        }
    }
}
