package io.finback.controlplane.service;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.app.AppCommand;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.placement.Preemption;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.DrainBook;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.scheduler.Victims;
import io.finback.tasks.TaskStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/** Apps as the owners of what the scheduler places. Thread-safe. */
final class AppTasks implements TaskOwners {
    private final ServicesView view;
    private final BiConsumer<String, AppCommand> apps;

    /** {@code apps}: takes an entity id and sends. */
    AppTasks(ServicesView view, BiConsumer<String, AppCommand> apps) {
        this.view = view;
        this.apps = apps;
    }

    @Override
    public void place(
            String owner, long round, Map<String, Instance.Place> places, ActorRef<SchedulerMessage> replyTo) {
        apps.accept(AppPath.entityId(owner), new AppCommand.Place(round, places, replyTo));
    }

    @Override
    public DrainBook drains() {
        return view.drains();
    }

    @Override
    public List<Preemption.Victim> victims() {
        return view.all().stream()
                .filter(AppSnapshot::listed)
                .flatMap(
                        app -> app.current().stream().flatMap(version -> Victims.of(version, app.instances()).stream()))
                .toList();
    }

    @Override
    public void preempt(String owner, List<String> tasks, String forOwner) {
        apps.accept(AppPath.entityId(owner), new AppCommand.Preempt(tasks, forOwner));
    }

    @Override
    public Optional<String> ownerOf(TaskStatus status) {
        return AppPath.entityOfTask(status.task().value()).map(AppPath::ofEntityId);
    }

    @Override
    public void update(String owner, List<TaskStatus> statuses) {
        apps.accept(AppPath.entityId(owner), new AppCommand.TaskUpdates(statuses));
    }
}
