package io.finback.controlplane.framework;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What a framework tells the views: what changed, gathered, and everything when asked. */
final class ViewFeed {
    /** Tasks per delta, which stays well below Artery's frame of 256 KiB. */
    private static final int PART = 200;

    private final FrameworkId framework;
    private final long epoch;
    private final ActorRef<FrameworkDelta> views;
    private final Set<TaskId> news = new LinkedHashSet<>();
    private final List<ActorRef<FrameworkDelta>> describeTo = new ArrayList<>();
    private long number;

    ViewFeed(FrameworkId framework, long epoch, ActorRef<FrameworkDelta> views) {
        this.framework = framework;
        this.epoch = epoch;
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

    /** Answers who asked, and says what changed if that is {@code due}: an empty delta too, so that a lost one is noticed. */
    void settle(FrameworkState state, boolean connected, boolean due) {
        if (!describeTo.isEmpty()) {
            List<FrameworkDelta.Task> all = new ArrayList<>();
            state.ended().forEach(record -> all.add(describe(record)));
            state.tasks().forEach(record -> all.add(describe(record)));
            describeTo.forEach(to -> tell(to, state, connected, all));
            describeTo.clear();
        }
        if (due) {
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
        for (int from = 0; from == 0 || from < tasks.size(); from += PART) {
            to.tell(new FrameworkDelta(
                    framework,
                    epoch,
                    number,
                    state.subscription().map(FrameworkEvent.Subscribed::info),
                    state.subscription().map(FrameworkEvent.Subscribed::at),
                    connected,
                    state.isTornDown(),
                    tasks.subList(from, Math.min(from + PART, tasks.size())),
                    from + PART >= tasks.size(),
                    Set.of(),
                    OfferConstraints.NONE));
        }
    }

    private static FrameworkDelta.Task describe(TaskRecord record) {
        TaskInfo info = record.info();
        return new FrameworkDelta.Task(
                info.id(),
                info.name(),
                info.agent(),
                info.resources(),
                info.labels(),
                record.latest(),
                info.role(),
                info.discovery(),
                List.of());
    }
}
