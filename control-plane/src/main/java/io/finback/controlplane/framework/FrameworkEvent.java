package io.finback.controlplane.framework;

import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskStatus;
import io.finback.wire.WireMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one batch of messages changed in a framework. One event per batch; the parts apply in the order of the fields, and statuses
 * in the order in which they came. What follows {@code acknowledged} may be missing in what an earlier version has written.
 *
 * @param disconnected written by version 0.1 alone, which knew no time: {@code left} has it
 * @param tornDown likewise: {@code removed} has it
 * @param opened a new incarnation has begun; its place in the journal is what the incarnation is called
 * @param preferences what the framework wants changed without a new subscription
 * @param left the scheduler is gone
 * @param removed the framework is over
 * @param claimsAnswered the allocator has answered these; not said again after a restart
 * @param operations what became of operations that have a name
 * @param operationsAcknowledged names of operations whose end the scheduler has taken
 */
record FrameworkEvent(
        Optional<Subscribed> subscribed,
        boolean disconnected,
        boolean tornDown,
        List<TasksAccepted> accepted,
        List<KillWanted> killsWanted,
        List<TaskStatus> statuses,
        List<Acknowledged> acknowledged,
        boolean opened,
        Optional<Preferences> preferences,
        Optional<Left> left,
        Optional<Removed> removed,
        List<Long> claimsAnswered,
        List<OperationRecord> operations,
        List<String> operationsAcknowledged)
        implements WireMessage {

    FrameworkEvent(
            Optional<Subscribed> subscribed,
            boolean disconnected,
            boolean tornDown,
            List<TasksAccepted> accepted,
            List<KillWanted> killsWanted,
            List<TaskStatus> statuses,
            List<Acknowledged> acknowledged,
            boolean opened,
            Optional<Preferences> preferences,
            Optional<Left> left,
            Optional<Removed> removed,
            @Nullable List<Long> claimsAnswered,
            @Nullable List<OperationRecord> operations,
            @Nullable List<String> operationsAcknowledged) {
        this.subscribed = subscribed;
        this.disconnected = disconnected;
        this.tornDown = tornDown;
        this.accepted = List.copyOf(accepted);
        this.killsWanted = List.copyOf(killsWanted);
        this.statuses = List.copyOf(statuses);
        this.acknowledged = List.copyOf(acknowledged);
        this.opened = opened;
        this.preferences = preferences;
        this.left = left;
        this.removed = removed;
        this.claimsAnswered = orNone(claimsAnswered);
        this.operations = orNone(operations);
        this.operationsAcknowledged = orNone(operationsAcknowledged);
    }

    /**
     * A scheduler is connected.
     *
     * @param scheduler its address as text, so that a framework that moves to another master goes on talking to it
     * @param streamId names the subscription; empty: a built-in scheduler, which never expires
     */
    record Subscribed(
            FrameworkInfo info,
            String scheduler,
            Instant at,
            Optional<String> streamId,
            Set<String> suppressed,
            OfferConstraints constraints) {
        Subscribed(
                FrameworkInfo info,
                String scheduler,
                Instant at,
                Optional<String> streamId,
                @Nullable Set<String> suppressed,
                @Nullable OfferConstraints constraints) {
            this.info = info;
            this.scheduler = scheduler;
            this.at = at;
            this.streamId = streamId;
            this.suppressed = suppressed == null ? Set.of() : Set.copyOf(suppressed);
            this.constraints = constraints == null ? OfferConstraints.NONE : constraints;
        }

        Subscribed with(Preferences wanted) {
            return new Subscribed(wanted.info(), scheduler, at, streamId, wanted.suppressed(), wanted.constraints());
        }
    }

    /** What a framework may change while it is subscribed. */
    record Preferences(FrameworkInfo info, Set<String> suppressed, OfferConstraints constraints) {
        Preferences {
            suppressed = Set.copyOf(suppressed);
        }
    }

    /**
     * The connection has ended.
     *
     * @param removeAt when the framework is removed unless it comes back; empty: never
     */
    record Left(Instant at, Optional<Instant> removeAt) {}

    record Removed(Instant at, String reason) {}

    /**
     * An accept.
     *
     * @param tasks what is new by it; those that no step names have ended at once
     * @param agent whose offers; empty in what version 0.1 has written: that of the tasks
     * @param steps what the allocator is asked, in order
     */
    record TasksAccepted(
            List<OfferId> offers,
            Duration refuse,
            List<TaskInfo> tasks,
            Instant at,
            Optional<AgentId> agent,
            List<Step> steps) {
        TasksAccepted(
                List<OfferId> offers,
                Duration refuse,
                List<TaskInfo> tasks,
                Instant at,
                Optional<AgentId> agent,
                @Nullable List<Step> steps) {
            this.offers = List.copyOf(offers);
            this.refuse = refuse;
            this.tasks = List.copyOf(tasks);
            this.at = at;
            this.agent = agent.or(() -> this.tasks.stream().findFirst().map(TaskInfo::agent));
            this.steps = steps == null
                    ? List.of(Step.launch(this.tasks.stream().map(TaskInfo::id).toList()))
                    : List.copyOf(steps);
        }
    }

    /**
     * One step of an accept: launches, or (if present) a change of resources.
     *
     * @param operation the framework's name for the change
     */
    record Step(List<TaskId> tasks, Optional<ResourceOperation> change, Optional<String> operation) {
        Step {
            tasks = List.copyOf(tasks);
        }

        static Step launch(List<TaskId> tasks) {
            return new Step(tasks, Optional.empty(), Optional.empty());
        }
    }

    record KillWanted(TaskId task, Optional<Duration> grace) {}

    record Acknowledged(TaskId task, String uuid) {}

    boolean isEmpty() {
        return equals(NOTHING);
    }

    /** This, and {@code more} claims answered. */
    FrameworkEvent answering(List<Long> more) {
        if (more.isEmpty()) {
            return this;
        }
        List<Long> all = new ArrayList<>(claimsAnswered);
        all.addAll(more);
        return new FrameworkEvent(
                subscribed,
                disconnected,
                tornDown,
                accepted,
                killsWanted,
                statuses,
                acknowledged,
                opened,
                preferences,
                left,
                removed,
                all,
                operations,
                operationsAcknowledged);
    }

    private static final FrameworkEvent NOTHING = new FrameworkEvent(
            Optional.empty(),
            false,
            false,
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            false,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            List.of(),
            List.of());

    private static <T> List<T> orNone(@Nullable List<T> values) {
        return values == null ? List.of() : List.copyOf(values);
    }
}
