package io.finback.controlplane.job;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.schedule.JobDefinition;
import io.finback.controlplane.scheduler.Instance;
import io.finback.tasks.TaskStatus;
import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a job's entity understands. Entity id: the job's name. Every command but {@link RunNow} may be repeated. */
public interface JobCommand extends WireMessage {
    EntityTypeKey<JobCommand> KEY = EntityTypeKey.create(JobCommand.class, "Job");

    // --- requests: answered once the change is journaled

    record Put(JobDefinition definition, ActorRef<JobAnswer> replyTo) implements JobCommand {}

    record Remove(ActorRef<JobAnswer> replyTo) implements JobCommand {}

    record RunNow(Optional<String> arguments, ActorRef<JobAnswer> replyTo) implements JobCommand {}

    /** Ends what runs. */
    record Kill(ActorRef<JobAnswer> replyTo) implements JobCommand {}

    record MarkSuccess(ActorRef<JobAnswer> replyTo) implements JobCommand {}

    record MarkFailure(ActorRef<JobAnswer> replyTo) implements JobCommand {}

    /** How the work that a command only started has ended. */
    record Told(String taskId, boolean success, ActorRef<JobAnswer> replyTo) implements JobCommand {}

    record Progress(String taskId, long elements, ActorRef<JobAnswer> replyTo) implements JobCommand {}

    record ReadHistory(ActorRef<JobAnswer> replyTo) implements JobCommand {}

    /** Sent by every master to every job it knows, so that jobs live without traffic; answered with what a view keeps. */
    record Wake(ActorRef<JobSnapshot> replyTo) implements JobCommand {}

    /** What runs on these hosts is to end, and to run again elsewhere. Not answered. */
    record Leave(List<String> hosts) implements JobCommand {
        public Leave {
            hosts = List.copyOf(hosts);
        }
    }

    // --- from the scheduler

    /** Runs may be launched at these places. Answered by {@link SchedulerMessage.Placed} with those that shall be. */
    record Place(long round, Map<String, Instance.Place> places, ActorRef<SchedulerMessage> replyTo)
            implements JobCommand {
        public Place {
            places = Map.copyOf(places);
        }
    }

    record TaskUpdate(TaskStatus status) implements JobCommand {}

    // --- from the dependency graph

    /** The parents have succeeded; answered by {@link GraphMessage.Taken}. */
    record Called(long number, Instant at) implements JobCommand {}

    /** Successes up to this one are known. */
    record SuccessHeard(long number) implements JobCommand {}
}
