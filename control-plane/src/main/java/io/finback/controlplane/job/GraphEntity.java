package io.finback.controlplane.job;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.SignalHandler;
import io.finback.controlplane.schedule.GraphEvent;
import io.finback.controlplane.schedule.JobGraph;
import io.finback.persistence.EntityDefaults;
import io.finback.persistence.OwningEntity;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Owns which job waits for which. One in the cluster, because no circle can be seen from one job alone. A success is counted, and the call
 * to a child is kept, in its journal; a call is repeated until the child has journaled its run. Jobs that have no children cost it a message
 * and no write.
 */
public final class GraphEntity extends OwningEntity<GraphMessage, GraphEvent, JobGraph> {
    private enum Tick implements GraphMessage {
        INSTANCE
    }

    private final TimerScheduler<GraphMessage> timers;
    private final ActorContext<GraphMessage> context;
    private final Duration repeat;
    private final InstantSource clock;
    private final BiConsumer<String, JobCommand> jobs;

    /** {@code jobs}: takes a job's name and sends. */
    public static Behavior<GraphMessage> create(
            String id, Duration repeat, BiConsumer<String, JobCommand> jobs, InstantSource clock) {
        return EntityDefaults.supervised(Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new GraphEntity(id, context, timers, repeat, jobs, clock))));
    }

    private GraphEntity(
            String id,
            ActorContext<GraphMessage> context,
            TimerScheduler<GraphMessage> timers,
            Duration repeat,
            BiConsumer<String, JobCommand> jobs,
            InstantSource clock) {
        super(
                GraphMessage.KEY.name(),
                id,
                JobGraph.EMPTY,
                (state, event) -> event.applyTo(state),
                EntityDefaults.retention());
        this.context = context;
        this.timers = timers;
        this.repeat = repeat;
        this.jobs = jobs;
        this.clock = clock;
    }

    @Override
    public SignalHandler<JobGraph> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(
                        RecoveryCompleted.instance(), graph -> context.getSelf().tell(Tick.INSTANCE))
                .build();
    }

    @Override
    public CommandHandlerWithReply<GraphMessage, GraphEvent, JobGraph> commandHandler() {
        return newCommandHandlerWithReplyBuilder()
                .forAnyState()
                .onCommand(GraphMessage.Link.class, this::onLink)
                .onCommand(GraphMessage.Succeeded.class, this::onSucceeded)
                .onCommand(GraphMessage.Taken.class, this::onTaken)
                .onCommand(GraphMessage.Wake.class, (graph, m) -> Effect().noReply())
                .onCommand(Tick.class, (graph, m) -> {
                    call(graph);
                    return Effect().noReply();
                })
                .build();
    }

    private ReplyEffect<GraphEvent, JobGraph> onLink(JobGraph graph, GraphMessage.Link m) {
        Optional<List<String>> circle = graph.circle(m.child(), m.parents());
        if (circle.isPresent()) {
            return Effect().reply(m.replyTo(), new GraphMessage.Linked(circle.get()));
        }
        List<GraphEvent> events = graph.link(m.child(), m.parents(), clock.instant());
        return events.isEmpty()
                ? Effect().reply(m.replyTo(), new GraphMessage.Linked(List.of()))
                : Effect().persist(events).thenReply(m.replyTo(), g -> new GraphMessage.Linked(List.of()));
    }

    private ReplyEffect<GraphEvent, JobGraph> onSucceeded(JobGraph graph, GraphMessage.Succeeded m) {
        List<GraphEvent> events = graph.succeeded(m.job(), m.number(), m.at());
        if (events.isEmpty()) {
            jobs.accept(m.job(), new JobCommand.SuccessHeard(m.number()));
            return Effect().noReply();
        }
        return Effect()
                .persist(events)
                .thenRun((JobGraph g) -> {
                    jobs.accept(m.job(), new JobCommand.SuccessHeard(m.number()));
                    call(g);
                })
                .thenNoReply();
    }

    private ReplyEffect<GraphEvent, JobGraph> onTaken(JobGraph graph, GraphMessage.Taken m) {
        List<GraphEvent> events = graph.taken(m.child(), m.number());
        return events.isEmpty()
                ? Effect().noReply()
                : Effect().persist(events).thenRun(this::call).thenNoReply();
    }

    /** The oldest call of each child, so that none can overtake another. */
    private void call(JobGraph graph) {
        graph.calls()
                .forEach((child, calls) -> jobs.accept(
                        child,
                        new JobCommand.Called(
                                calls.get(0).number(), calls.get(0).at())));
        if (!graph.calls().isEmpty()) {
            timers.startSingleTimer(Tick.INSTANCE, repeat);
        }
    }
}
