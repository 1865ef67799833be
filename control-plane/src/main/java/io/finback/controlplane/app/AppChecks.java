package io.finback.controlplane.app;

import io.finback.controlplane.scheduler.AppEvent;
import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.scheduler.TaskReport;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The part of an app's entity that watches its instances' health and tells others what happened. Confined to the entity's actor.
 */
final class AppChecks {
    /** Looks that fall due close together are taken together. */
    private static final Duration SHORTEST_WAIT = Duration.ofMillis(20);

    private static final Duration REPORT_EVERY = Duration.ofMillis(500);
    private static final Duration REPORT_ALL_EVERY = Duration.ofSeconds(20);

    private final String appId;
    private final AppLinks links;
    private final Supplier<String> ids;
    private final HealthWatch watch = new HealthWatch();
    /** What was seen of instances whose health has changed, until it was sent along with them. */
    private Map<String, HealthReport.Seen> judged = Map.of();

    private Instant reportedAt = Instant.EPOCH;
    private Instant allReportedAt = Instant.EPOCH;

    AppChecks(String appId, AppLinks links, Supplier<String> ids) {
        this.appId = appId;
        this.links = links;
        this.ids = ids;
    }

    void observe(AppState state, Instant now) {
        state.current().map(AppVersion::definition).ifPresent(watch::names);
        watch.observe(state, now);
    }

    Set<String> unready() {
        return watch.unready();
    }

    /** What a status update means; where masters look too, the agent's word is one of several. */
    List<AppEvent> reported(AppState state, TaskStatus status, Instant now) {
        List<AppEvent> events = TaskReport.events(state, status);
        if (state.instance(status.task().value()).isPresent()) {
            status.details()
                    .check()
                    .ifPresent(seen -> watch.generalSaid(status.task().value(), seen));
        }
        boolean pod =
                state.current().filter(c -> c.definition().pod().isPresent()).isPresent();
        if (status.healthy().isEmpty() || pod) {
            return events;
        }
        AppState after = AppEvent.fold(state, events);
        observe(after, now);
        String taskId = status.task().value();
        Optional<Boolean> verdict =
                watch.agentSaid(after, taskId, status.healthy().get(), now);
        if (verdict.isEmpty()) {
            return events;
        }
        List<AppEvent> all = new ArrayList<>(events);
        all.add(new AppEvent.HealthChanged(taskId, verdict.get()));
        return all;
    }

    /** What follows from a look. */
    List<AppEvent> looked(AppState state, String taskId, int index, ProbeResult result, Instant now) {
        HealthWatch.Outcome outcome = watch.answered(state, taskId, index, result, now);
        Optional<Instance> instance = state.instance(taskId);
        List<AppEvent> events = new ArrayList<>();
        outcome.verdict().ifPresent(healthy -> events.add(new AppEvent.HealthChanged(taskId, healthy)));
        if (outcome.failed()) {
            outcome.check()
                    .ifPresent(c -> links.publish(new ServiceEvent.CheckFailed(ids.get(), now, appId, taskId, c)));
        }
        if (outcome.kill() && instance.filter(i -> !i.doomed()).isPresent()) {
            Instance ended = instance.get();
            links.publish(new ServiceEvent.UnhealthyKilled(
                    ids.get(), now, appId, taskId, ended.version(), outcome.cause(), ended.place()));
            events.add(new AppEvent.InstancesDoomed(List.of(taskId)));
        }
        return events;
    }

    List<HealthWatch.Look> due(AppState state, Instant now) {
        report(now);
        return watch.due(now, state.lock().isPresent());
    }

    /** How long until the next look. */
    Optional<Duration> next(AppState state, Instant now) {
        return watch.next(state.lock().isPresent())
                .map(at -> Duration.between(now, at))
                .map(wait -> wait.compareTo(SHORTEST_WAIT) < 0 ? SHORTEST_WAIT : wait);
    }

    private void report(Instant now) {
        if (now.isBefore(reportedAt.plus(REPORT_EVERY))) {
            return;
        }
        send(watch.report(false), now);
    }

    void reportAll(Instant now) {
        if (!now.isBefore(allReportedAt.plus(REPORT_ALL_EVERY))) {
            allReportedAt = now;
            send(watch.report(true), now);
        }
    }

    private void send(Map<String, HealthReport.Seen> seen, Instant now) {
        if (!seen.isEmpty()) {
            reportedAt = now;
            links.toViews(new HealthReport(appId, seen));
        }
    }

    void publish(AppState before, List<AppEvent> events, Instant now) {
        if (events.stream().anyMatch(AppChecks::judges)) {
            judged = watch.report(false);
            send(judged, now);
        }
        AppNews.of(before, events, now, ids).forEach(links::publish);
    }

    /** By a master's look, or by the agent's word. */
    private static boolean judges(AppEvent event) {
        return event instanceof AppEvent.HealthChanged
                || (event instanceof AppEvent.InstanceReported reported
                        && reported.healthy().isPresent());
    }

    /**
     * What was seen with the last change of health; empty once it was asked for. What follows from it, an old instance that is killed, is
     * seen at once; who balances by these answers must know the new one by then, so both are said in one message.
     */
    Map<String, HealthReport.Seen> judged() {
        Map<String, HealthReport.Seen> seen = judged;
        judged = Map.of();
        return seen;
    }

    void stray(TaskStatus status, Instant now) {
        links.publish(new ServiceEvent.UnknownEnded(
                ids.get(), now, appId, status.task().value(), status.state()));
    }
}
