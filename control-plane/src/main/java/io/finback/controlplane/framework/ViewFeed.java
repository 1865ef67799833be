package io.finback.controlplane.framework;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskStatus;
import io.finback.wire.Parts;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a framework tells the views: what changed, gathered, and everything when asked. */
final class ViewFeed {
    private final FrameworkId framework;
    private final ActorRef<FrameworkDelta> views;
    private final Set<TaskId> news = new LinkedHashSet<>();
    private final List<ActorRef<FrameworkDelta>> describeTo = new ArrayList<>();
    private long epoch;
    private long number;

    ViewFeed(FrameworkId framework, ActorRef<FrameworkDelta> views) {
        this.framework = framework;
        this.views = views;
    }

    void changed(TaskId task) {
        news.add(task);
    }

    void describeTo(ActorRef<FrameworkDelta> view) {
        describeTo.add(view);
    }

    boolean hasNews() {
        return !news.isEmpty();
    }

    /**
     * Answers who asked, and says what changed if that is {@code due}: an empty delta too, so that a lost one is noticed.
     *
     * @param journaled the number of the last event; the first one of this incarnation names it. 0: there is no news, but who asks is answered, as a
     *     view is whole only when it has heard of the built-in framework
     */
    void settle(FrameworkState state, long journaled, boolean connected, boolean due) {
        epoch = epoch == 0 ? journaled : epoch;
        if (!describeTo.isEmpty()) {
            List<FrameworkDelta.Task> all = new ArrayList<>();
            state.ended().forEach(record -> all.add(describe(record)));
            state.tasks().forEach(record -> all.add(describe(record)));
            describeTo.forEach(to -> tell(to, state, connected, all));
            describeTo.clear();
        }
        if (due && epoch > 0) {
            List<FrameworkDelta.Task> changed = new ArrayList<>();
            news.forEach(task ->
                    state.task(task).or(() -> state.ended(task)).ifPresent(record -> changed.add(describe(record))));
            news.clear();
            number++;
            tell(views, state, connected, changed);
        }
    }

    private void tell(
            ActorRef<FrameworkDelta> to, FrameworkState state, boolean connected, List<FrameworkDelta.Task> tasks) {
        List<List<FrameworkDelta.Task>> parts = tasks.isEmpty() ? List.of(List.of()) : Parts.of(tasks);
        Optional<FrameworkEvent.Subscribed> subscription = state.subscription();
        for (int i = 0; i < parts.size(); i++) {
            to.tell(new FrameworkDelta(
                    framework,
                    epoch,
                    number,
                    subscription.map(FrameworkEvent.Subscribed::info),
                    state.registeredAt(),
                    connected,
                    state.removed().isPresent(),
                    parts.get(i),
                    i == parts.size() - 1,
                    subscription.map(FrameworkEvent.Subscribed::suppressed).orElse(Set.of()),
                    subscription.map(FrameworkEvent.Subscribed::constraints).orElse(OfferConstraints.NONE),
                    subscription.map(FrameworkEvent.Subscribed::at),
                    state.removed().map(FrameworkEvent.Removed::at)));
        }
    }

    private static FrameworkDelta.Task describe(TaskRecord record) {
        TaskInfo info = record.info();
        List<TaskStatus> before = record.history().stream()
                .filter(status -> !status.equals(record.latest()))
                .toList();
        return new FrameworkDelta.Task(
                info.id(),
                info.name(),
                info.agent(),
                info.resources(),
                info.labels(),
                record.latest(),
                info.role(),
                info.discovery(),
                before,
                info.options().executor().map(ViewFeed::withoutSecrets));
    }

    private static ExecutorInfo withoutSecrets(ExecutorInfo executor) {
        return new ExecutorInfo(
                executor.type(),
                executor.id(),
                executor.command()
                        .map(command -> new CommandInfo(
                                command.shell(), command.value(), command.arguments(), Map.of(), command.user())),
                Optional.empty(),
                executor.resources(),
                executor.role(),
                executor.name(),
                executor.source(),
                Optional.empty(),
                executor.shutdownGrace(),
                executor.labels(),
                executor.discovery());
    }
}
