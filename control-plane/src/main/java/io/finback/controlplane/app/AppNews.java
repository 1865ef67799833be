package io.finback.controlplane.app;

import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppEvent;
import io.finback.controlplane.scheduler.AppHealth;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.Instance;
import io.finback.tasks.TaskState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** What the journaled events of an app mean to those who listen. */
final class AppNews {
    private final Supplier<String> ids;
    private final Instant now;
    private final List<ServiceEvent> news = new ArrayList<>();

    private AppNews(Supplier<String> ids, Instant now) {
        this.ids = ids;
        this.now = now;
    }

    /** {@code ids}: a fresh event id each time. */
    static List<ServiceEvent> of(AppState before, List<AppEvent> events, Instant now, Supplier<String> ids) {
        AppNews news = new AppNews(ids, now);
        AppState state = before;
        for (AppEvent event : events) {
            AppState after = event.applyTo(state);
            news.add(state, event, after);
            state = after;
        }
        return news.news;
    }

    private void add(AppState before, AppEvent event, AppState after) {
        if (event instanceof AppEvent.InstancesPlaced placed) {
            placed.places().keySet().forEach(id -> after.instance(id)
                    .ifPresent(i -> changed(after, i, TaskState.STAGING)));
        } else if (event instanceof AppEvent.InstanceReported reported) {
            after.instance(reported.taskId())
                    .ifPresent(i -> reported(before, before.instance(i.taskId()).orElse(i), i));
        } else if (event instanceof AppEvent.PartReported part) {
            after.instance(part.taskId())
                    .ifPresent(i -> part(before, before.instance(i.taskId()).orElse(i), i, part));
        } else if (event instanceof AppEvent.HealthChanged health) {
            after.instance(health.taskId()).ifPresent(i -> health(after, i));
        } else if (event instanceof AppEvent.InstanceEnded ended) {
            before.instance(ended.taskId()).ifPresent(i -> {
                if (i.parts().isEmpty()) {
                    status(before, i, ended.end(), ended.message().orElse(""));
                }
                changed(before, i, ended.end());
            });
        } else if (event instanceof AppEvent.InstancesDropped dropped) {
            dropped.taskIds().stream()
                    .flatMap(id -> before.instance(id).stream())
                    .filter(Instance::launched)
                    .forEach(i -> changed(before, i, TaskState.GONE));
        } else if (event instanceof AppEvent.VersionAdded) {
            checks(before, after);
        } else if (event instanceof AppEvent.AppRemoved) {
            news.add(new ServiceEvent.AppTerminated(ids.get(), now, before.appId()));
        }
    }

    private void reported(AppState state, Instance before, Instance after) {
        if (before.phase() != after.phase()) {
            TaskState shown = state(after.phase());
            status(state, after, shown, "");
            changed(state, after, shown);
        }
        if (!before.healthy().equals(after.healthy())) {
            health(state, after);
        }
    }

    /** Of a pod each container has states of its own. */
    private void part(AppState state, Instance before, Instance after, AppEvent.PartReported e) {
        news.add(new ServiceEvent.TaskChanged(
                ids.get(),
                now,
                state.appId(),
                AppPath.partId(e.taskId(), e.container()),
                after.version(),
                e.part().state(),
                after.place(),
                e.part().message().orElse("")));
        if (before.phase() != after.phase()) {
            changed(state, after, state(after.phase()));
        }
        if (!before.healthy().equals(after.healthy())) {
            health(state, after);
        }
    }

    private void health(AppState state, Instance instance) {
        boolean alive = instance.healthy().orElse(true);
        String app = state.appId();
        news.add(new ServiceEvent.HealthChanged(ids.get(), now, app, instance.taskId(), instance.version(), alive));
        news.add(new ServiceEvent.InstanceHealthChanged(
                ids.get(), now, app, instance.taskId(), instance.version(), alive));
    }

    private void status(AppState state, Instance instance, TaskState shown, String message) {
        news.add(new ServiceEvent.TaskChanged(
                ids.get(),
                now,
                state.appId(),
                instance.taskId(),
                instance.version(),
                shown,
                instance.place(),
                message));
    }

    private void changed(AppState state, Instance instance, TaskState shown) {
        news.add(new ServiceEvent.InstanceChanged(
                ids.get(),
                now,
                state.appId(),
                instance.taskId(),
                instance.version(),
                condition(shown),
                instance.place()));
    }

    private void checks(AppState before, AppState after) {
        List<AppHealth.Check> old = checks(before.current());
        List<AppHealth.Check> next = checks(after.current());
        if (old.equals(next)) {
            return;
        }
        old.forEach(c -> news.add(new ServiceEvent.CheckRemoved(ids.get(), now, after.appId())));
        Instant version = after.current().orElseThrow().version();
        next.forEach(c -> news.add(new ServiceEvent.CheckAdded(ids.get(), now, after.appId(), version, c)));
    }

    private static List<AppHealth.Check> checks(Optional<AppVersion> version) {
        return version.map(AppVersion::definition).map(AppDefinition::checks).orElse(List.of());
    }

    private static TaskState state(Instance.Phase phase) {
        return switch (phase) {
            case SCHEDULED, STAGING -> TaskState.STAGING;
            case STARTING -> TaskState.STARTING;
            case RUNNING -> TaskState.RUNNING;
            case KILLING -> TaskState.KILLING;
            case UNREACHABLE -> TaskState.UNREACHABLE;
        };
    }

    /** Marathon's word for it: {@code TASK_RUNNING} is {@code Running}. */
    static String condition(TaskState state) {
        String word = state.wireName().substring("TASK_".length());
        return word.charAt(0) + word.substring(1).toLowerCase(java.util.Locale.ROOT);
    }
}
