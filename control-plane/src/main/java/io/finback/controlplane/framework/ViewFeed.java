package io.finback.controlplane.framework;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.HealthCheck;
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
    private final Set<String> operationNews = new LinkedHashSet<>();
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

    void operationChanged(String id) {
        operationNews.add(id);
    }

    void describeTo(ActorRef<FrameworkDelta> view) {
        describeTo.add(view);
    }

    boolean hasNews() {
        return !news.isEmpty() || !operationNews.isEmpty();
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
            Optional<String> user = user(state);
            state.ended().forEach(record -> all.add(describe(record, user)));
            state.tasks().forEach(record -> all.add(describe(record, user)));
            News everything = new News(
                    all,
                    state.operations().values().stream().map(ViewFeed::describe).toList(),
                    List.of());
            describeTo.forEach(to -> tell(to, state, connected, everything));
            describeTo.clear();
        }
        if (due && epoch > 0) {
            News since = news(state);
            number++;
            tell(views, state, connected, since);
        }
    }

    private News news(FrameworkState state) {
        List<FrameworkDelta.Task> tasks = new ArrayList<>();
        Optional<String> user = user(state);
        news.forEach(task ->
                state.task(task).or(() -> state.ended(task)).ifPresent(record -> tasks.add(describe(record, user))));
        news.clear();
        List<FrameworkDelta.Operation> operations = new ArrayList<>();
        List<String> over = new ArrayList<>();
        for (String id : operationNews) {
            OperationRecord known = state.operations().get(id);
            if (known == null) {
                over.add(id);
            } else {
                operations.add(describe(known));
            }
        }
        operationNews.clear();
        return new News(tasks, operations, over);
    }

    /** What is said at once. */
    private record News(
            List<FrameworkDelta.Task> tasks, List<FrameworkDelta.Operation> operations, List<String> over) {}

    private void tell(ActorRef<FrameworkDelta> to, FrameworkState state, boolean connected, News news) {
        List<News> parts = new ArrayList<>();
        Parts.of(news.tasks()).forEach(part -> parts.add(new News(part, List.of(), List.of())));
        Parts.of(news.operations()).forEach(part -> parts.add(new News(List.of(), part, List.of())));
        Parts.of(news.over()).forEach(part -> parts.add(new News(List.of(), List.of(), part)));
        if (parts.isEmpty()) {
            parts.add(news);
        }
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
                    parts.get(i).tasks(),
                    i == parts.size() - 1,
                    subscription.map(FrameworkEvent.Subscribed::suppressed).orElse(Set.of()),
                    subscription.map(FrameworkEvent.Subscribed::constraints).orElse(OfferConstraints.NONE),
                    subscription.map(FrameworkEvent.Subscribed::at),
                    state.removed().map(FrameworkEvent.Removed::at),
                    parts.get(i).operations(),
                    parts.get(i).over()));
        }
    }

    private static Optional<String> user(FrameworkState state) {
        return state.subscription()
                .map(subscription -> subscription.info().user())
                .filter(user -> !user.isEmpty());
    }

    private static FrameworkDelta.Operation describe(OperationRecord record) {
        return new FrameworkDelta.Operation(
                record.id(), record.agent(), record.state(), record.message(), record.uuid(), record.change());
    }

    /** @param accountOf the framework's user, whose account it is unless the task names another */
    private static FrameworkDelta.Task describe(TaskRecord record, Optional<String> accountOf) {
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
                info.options().healthCheck().map(HealthCheck::withoutEnvironment),
                info.options().executor().map(ViewFeed::withoutSecrets),
                info.options().container().map(ContainerInfo::withoutSecrets),
                info.command().user().or(() -> accountOf),
                info.options().limits());
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
