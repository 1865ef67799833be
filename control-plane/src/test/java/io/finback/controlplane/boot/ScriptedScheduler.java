package io.finback.controlplane.boot;

import akka.actor.testkit.typed.javadsl.TestProbe;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.controlplane.framework.CallAnswer;
import io.finback.controlplane.framework.Caller;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.controlplane.framework.Offer;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.framework.SchedulerEvent;
import io.finback.resources.AgentId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** A scheduler whose every word the test decides. */
final class ScriptedScheduler {
    private final ControlPlaneHarness harness;
    final TestProbe<SchedulerEvent> probe;
    private final List<Offer> offers = new ArrayList<>();

    ScriptedScheduler(ControlPlaneHarness harness) {
        this.harness = harness;
        this.probe = harness.probe(SchedulerEvent.class);
    }

    @CanIgnoreReturnValue
    ScriptedScheduler subscribe() {
        harness.framework(new SchedulerCall.Subscribe(
                new FrameworkInfo("services", "", List.of("*"), Duration.ofDays(7)), probe.ref()));
        await(SchedulerEvent.Subscribed.class, event -> true);
        return this;
    }

    /** The next such event. Offers that come meanwhile are kept for {@link #awaitOffer}. */
    @CanIgnoreReturnValue
    <E extends SchedulerEvent> E await(Class<E> type, Predicate<E> wanted) {
        long deadline = System.nanoTime() + 2 * ScriptedAgent.PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
            SchedulerEvent event = probe.receiveMessage(ScriptedAgent.PATIENCE);
            if (type.isInstance(event) && wanted.test(type.cast(event))) {
                return type.cast(event);
            }
            if (event instanceof SchedulerEvent.Offers made) {
                offers.addAll(made.offers());
            } else if (event instanceof SchedulerEvent.Rescind rescind) {
                offers.removeIf(offer -> rescind.offers().contains(offer.id()));
            }
        }
        throw new AssertionError("no " + type.getSimpleName() + " as wanted");
    }

    Offer awaitOffer() {
        return awaitOffer(resources -> true);
    }

    Offer awaitOffer(Resources exactly) {
        return awaitOffer(exactly::equals);
    }

    Offer awaitOfferWith(Resources atLeast) {
        return awaitOffer(resources -> resources.contains(atLeast));
    }

    private Offer awaitOffer(Predicate<Resources> wanted) {
        long deadline = System.nanoTime() + 2 * ScriptedAgent.PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
            Optional<Offer> found = offers.stream()
                    .filter(offer -> wanted.test(offer.resources()))
                    .findFirst();
            if (found.isPresent()) {
                offers.remove(found.get());
                return found.get();
            }
            offers.addAll(await(SchedulerEvent.Offers.class, made -> true).offers());
        }
        throw new AssertionError("no such offer; had " + offers);
    }

    @CanIgnoreReturnValue
    TaskStatus awaitUpdate(TaskState state) {
        return await(SchedulerEvent.Update.class, update -> update.status().state() == state)
                .status();
    }

    @CanIgnoreReturnValue
    CallAnswer accept(Offer offer, TaskInfo... tasks) {
        TestProbe<CallAnswer> reply = harness.probe(CallAnswer.class);
        harness.framework(SchedulerCall.Accept.launch(
                new Caller(Optional.empty(), Optional.of(reply.ref())),
                List.of(offer.id()),
                List.of(tasks),
                Duration.ZERO));
        return reply.receiveMessage(ScriptedAgent.PATIENCE);
    }

    void acknowledge(TaskStatus status) {
        harness.framework(
                new SchedulerCall.Acknowledge(status.task(), status.uuid().orElseThrow()));
    }

    void kill(TaskId task) {
        harness.framework(new SchedulerCall.Kill(task, Optional.empty(), Optional.empty()));
    }

    static TaskInfo task(String id, AgentId agent, Resources resources) {
        return new TaskInfo(
                TaskId.of(id),
                id,
                ControlPlaneHarness.FRAMEWORK,
                agent,
                resources,
                CommandInfo.shell("sleep 100", Map.of()),
                Optional.empty(),
                Map.of());
    }
}
