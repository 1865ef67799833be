package io.finback.controlplane.app;

import io.finback.controlplane.app.HealthReport.CheckResult;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppHealth;
import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.Instance;
import io.finback.tasks.CheckStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What an app's entity knows from the checks of its running instances, and which look is due. The verdict on an instance is journaled by
 * the entity; the counts here are forgotten at a restart, so that nothing is ended for failures an earlier master has seen. Looks
 * are spread by the task id. Confined to the entity's actor.
 */
public final class HealthWatch {
    /** A look to be taken now. {@code index}: of the check; -1: readiness. */
    public record Look(
            String taskId,
            int index,
            String host,
            int port,
            Optional<AppHealth.Check> check,
            Optional<AppHealth.Readiness> readiness) {}

    /** What an answer changed. {@code verdict}: whether the instance is healthy now, where that is new. */
    record Outcome(
            Optional<Boolean> verdict,
            boolean failed,
            boolean kill,
            String cause,
            Optional<AppHealth.Check> check,
            boolean ready) {
        static final Outcome NOTHING = new Outcome(Optional.empty(), false, false, "", Optional.empty(), false);
    }

    static final int READINESS = -1;
    private static final Duration FIRST = Duration.ofSeconds(5);

    private static final class Watched {
        final AppHealth.Check check;
        Instant askAt;
        boolean known;
        boolean alive;
        int failures;
        Optional<Instant> firstSuccess = Optional.empty();
        Optional<Instant> lastSuccess = Optional.empty();
        Optional<Instant> lastFailure = Optional.empty();
        Optional<String> cause = Optional.empty();

        Watched(AppHealth.Check check, Instant askAt) {
            this.check = check;
            this.askAt = askAt;
        }

        CheckResult result() {
            return new CheckResult(alive, failures, firstSuccess, lastSuccess, lastFailure, cause);
        }
    }

    private static final class Patient {
        final Instance instance;
        final List<Watched> checks = new ArrayList<>();
        final Optional<AppHealth.Readiness> readiness;
        Instant readyAt;
        boolean ready;
        Optional<HealthReport.Answer> answer = Optional.empty();

        Patient(Instance instance, Optional<AppHealth.Readiness> readiness, Instant readyAt) {
            this.instance = instance;
            this.readiness = readiness;
            this.readyAt = readyAt;
        }
    }

    private final Map<String, Patient> patients = new HashMap<>();
    private final Set<String> changed = new HashSet<>();
    /** What general checks have seen, of whatever instance is there. */
    private final Map<String, CheckStatus> general = new HashMap<>();

    /** Of those with a readiness check: running, and not ready yet. */
    private final Set<String> unready = new HashSet<>();

    private Optional<AppState> seen = Optional.empty();
    /** Nothing is due before: what was computed when last something was. */
    private Instant nextCheck = Instant.MAX;

    private Instant nextReadiness = Instant.MAX;

    /** Takes the state as it is now. To be called before anything else is asked with that state. */
    void observe(AppState state, Instant now) {
        boolean recovered = seen.isPresent();
        state.difference(
                seen.orElse(AppState.empty(state.appId())), before -> discharge(state, before.taskId()), after -> {
                    if (watched(after) && !patients.containsKey(after.taskId())) {
                        admit(state, after, recovered, now);
                    }
                });
        seen = Optional.of(state);
    }

    private void discharge(AppState state, String id) {
        Optional<Instance> instance = state.instance(id);
        if (instance.filter(HealthWatch::watched).isEmpty()) {
            patients.remove(id);
            unready.remove(id);
        }
        if (instance.isEmpty()) {
            general.remove(id);
        }
        if (!patients.containsKey(id) && !general.containsKey(id)) {
            changed.remove(id);
        }
    }

    private void admit(AppState state, Instance instance, boolean recovered, Instant now) {
        Optional<AppDefinition> definition =
                state.version(instance.version()).or(state::current).map(AppVersion::definition);
        List<AppHealth.Check> checks = definition.map(AppDefinition::checks).orElse(List.of());
        Optional<AppHealth.Readiness> readiness = definition.flatMap(AppDefinition::readiness);
        if (checks.isEmpty() && readiness.isEmpty()) {
            return;
        }
        Patient patient = new Patient(instance, readiness, now);
        for (AppHealth.Check check : checks) {
            long interval = check.interval().toMillis();
            // All that ran before this master took over would otherwise be looked at in one moment.
            long wait = recovered
                    ? Math.min(interval, FIRST.toMillis())
                    : Math.floorMod(instance.taskId().hashCode(), interval);
            Watched one = new Watched(check, now.plusMillis(wait));
            one.alive = instance.healthy().orElse(false);
            one.known = one.alive;
            patient.checks.add(one);
            if (!check.protocol().byAgent()) {
                nextCheck = earlier(nextCheck, one.askAt);
            }
        }
        patients.put(instance.taskId(), patient);
        if (readiness.isPresent()) {
            unready.add(instance.taskId());
            nextReadiness = earlier(nextReadiness, patient.readyAt);
        }
    }

    /** The looks that are due. {@code deploying}: readiness is looked at too. */
    List<Look> due(Instant now, boolean deploying) {
        List<Look> due = new ArrayList<>();
        if (now.isBefore(nextCheck) && !(deploying && !now.isBefore(nextReadiness))) {
            return due;
        }
        nextCheck = Instant.MAX;
        nextReadiness = Instant.MAX;
        patients.forEach((id, patient) -> {
            Instance.Place place = patient.instance.place().orElseThrow();
            for (int i = 0; i < patient.checks.size(); i++) {
                Watched one = patient.checks.get(i);
                Optional<Integer> port = one.check.portAt(place);
                if (!one.check.protocol().byAgent() && port.isPresent() && !now.isBefore(one.askAt)) {
                    one.askAt = now.plus(one.check.interval());
                    due.add(new Look(id, i, place.host(), port.get(), Optional.of(one.check), Optional.empty()));
                }
                if (!one.check.protocol().byAgent()) {
                    nextCheck = earlier(nextCheck, one.askAt);
                }
            }
            if (deploying && patient.readiness.isPresent() && !patient.ready && !now.isBefore(patient.readyAt)) {
                AppHealth.Readiness readiness = patient.readiness.get();
                patient.readyAt = now.plus(readiness.interval());
                port(patient, readiness.portName())
                        .ifPresent(port -> due.add(
                                new Look(id, READINESS, place.host(), port, Optional.empty(), Optional.of(readiness))));
            }
            if (patient.readiness.isPresent() && !patient.ready) {
                nextReadiness = earlier(nextReadiness, patient.readyAt);
            }
        });
        return due;
    }

    private final Map<String, Integer> portNames = new HashMap<>();

    /** Which ports have names, in the definition that is wanted. */
    void names(AppDefinition definition) {
        portNames.clear();
        for (int i = 0; i < definition.ports().size(); i++) {
            int index = i;
            definition.ports().get(i).name().ifPresent(name -> portNames.put(name, index));
        }
    }

    private Optional<Integer> port(Patient patient, String name) {
        List<Integer> ports = patient.instance.place().orElseThrow().ports();
        return Optional.ofNullable(portNames.get(name))
                .filter(i -> i < ports.size())
                .map(ports::get);
    }

    /** When the next look is due, or earlier; empty when none will be. */
    Optional<Instant> next(boolean deploying) {
        Instant next = deploying ? earlier(nextCheck, nextReadiness) : nextCheck;
        return next.equals(Instant.MAX) ? Optional.empty() : Optional.of(next);
    }

    private static Instant earlier(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }

    Outcome answered(AppState state, String taskId, int index, ProbeResult result, Instant now) {
        Patient patient = patients.get(taskId);
        Optional<Instance> instance = state.instance(taskId);
        if (patient == null || instance.isEmpty() || result.good().isEmpty()) {
            return Outcome.NOTHING;
        }
        boolean good = result.good().get();
        if (index == READINESS) {
            boolean preserve =
                    patient.readiness.map(AppHealth.Readiness::preserve).orElse(false);
            patient.ready |= good;
            if (patient.ready) {
                unready.remove(taskId);
            }
            patient.answer = preserve ? result.answer() : Optional.empty();
            changed.add(taskId);
            return new Outcome(Optional.empty(), false, false, "", Optional.empty(), good);
        }
        Watched one = patient.checks.get(index);
        boolean before = one.alive;
        boolean kill = good ? passed(one, now) : failed(one, instance.get(), result.cause(), now);
        if (before != one.alive || !good || !one.known) {
            changed.add(taskId);
        }
        one.known = true;
        return new Outcome(
                verdict(patient, instance.get()), !good, kill, result.cause(), Optional.of(one.check), false);
    }

    /** What the agent's own check says; the agent ends the task itself. */
    Optional<Boolean> agentSaid(AppState state, String taskId, boolean healthy, Instant now) {
        Patient patient = patients.get(taskId);
        Optional<Instance> instance = state.instance(taskId);
        if (patient == null || instance.isEmpty()) {
            return Optional.empty();
        }
        for (Watched one : patient.checks) {
            if (one.check.protocol().byAgent()) {
                one.known = true;
                one.alive = healthy;
                one.failures = healthy ? 0 : one.failures + 1;
                if (healthy) {
                    one.firstSuccess = one.firstSuccess.or(() -> Optional.of(now));
                    one.lastSuccess = Optional.of(now);
                } else {
                    one.lastFailure = Optional.of(now);
                }
                changed.add(taskId);
            }
        }
        return verdict(patient, instance.get());
    }

    /** What the agent's general check has seen; nothing follows from it. */
    void generalSaid(String taskId, CheckStatus status) {
        if (!status.equals(general.put(taskId, status))) {
            changed.add(taskId);
        }
    }

    private static boolean passed(Watched one, Instant now) {
        one.alive = true;
        one.failures = 0;
        one.firstSuccess = one.firstSuccess.or(() -> Optional.of(now));
        one.lastSuccess = Optional.of(now);
        return false;
    }

    private static boolean failed(Watched one, Instance instance, String cause, Instant now) {
        one.lastFailure = Optional.of(now);
        one.cause = Optional.of(cause);
        Instant graceEnd = instance.startedAt().orElse(now).plus(one.check.grace());
        boolean spared = one.firstSuccess.isEmpty() && !one.alive && now.isBefore(graceEnd);
        one.alive = false;
        if (spared) {
            return false;
        }
        one.failures++;
        return one.check.maxFailures() > 0 && one.failures >= one.check.maxFailures();
    }

    private static Optional<Boolean> verdict(Patient patient, Instance instance) {
        boolean healthy = patient.checks.stream().allMatch(c -> c.alive);
        return instance.healthy().equals(Optional.of(healthy)) ? Optional.empty() : Optional.of(healthy);
    }

    /** Running instances that have not been ready yet, as they are until the next call of anything else here. */
    Set<String> unready() {
        return Collections.unmodifiableSet(unready);
    }

    /** What was seen since the last report, or of everything. */
    Map<String, HealthReport.Seen> report(boolean all) {
        Map<String, HealthReport.Seen> seen = new HashMap<>();
        Set<String> reported = all ? new HashSet<>(patients.keySet()) : changed;
        if (all) {
            reported.addAll(general.keySet());
        }
        for (String id : reported) {
            Optional<Patient> patient = Optional.ofNullable(patients.get(id));
            List<CheckResult> results = patient.map(p -> p.checks.stream()
                            .filter(c -> c.known)
                            .map(Watched::result)
                            .toList())
                    .orElse(List.of());
            Optional<HealthReport.Ready> ready =
                    patient.flatMap(p -> p.readiness.map(r -> new HealthReport.Ready(r.name(), p.ready, p.answer)));
            seen.put(id, new HealthReport.Seen(results, ready, Optional.ofNullable(general.get(id))));
        }
        changed.clear();
        return seen;
    }

    private static boolean watched(Instance instance) {
        return instance.phase() == Instance.Phase.RUNNING
                && !instance.doomed()
                && instance.place().isPresent();
    }
}
