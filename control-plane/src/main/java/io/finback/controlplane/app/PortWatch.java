package io.finback.controlplane.app;

import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.scheduler.Listening;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What an app's entity knows of its instances' first ports: which take connections, which are still waited for. Forgotten at a restart,
 * where everything that runs is taken to serve until its port says otherwise: nothing is taken away from the mesh because a master
 * has failed. Confined to the entity's actor.
 */
final class PortWatch {
    private enum Door {
        /** Seen open, cannot be told, or ran before this entity started. */
        OPEN,
        AWAITED,
        GIVEN_UP
    }

    private static final class Watched {
        final Question question;
        Door door;
        Instant askAt;
        /** No more questions: what it is will not change. */
        boolean settled;

        Watched(Question question, Door door, Instant askAt) {
            this.question = question;
            this.door = door;
            this.askAt = askAt;
        }
    }

    /** A question to be asked now. */
    record Question(String taskId, String host, int port) {}

    static final Duration REPEAT = Duration.ofMillis(100);
    /** A port that stays closed is asked about less often. */
    private static final Duration SLOW_REPEAT = Duration.ofSeconds(1);

    private static final Duration SOON = Duration.ofSeconds(5);

    private final Duration limit;
    private final Map<String, Watched> watched = new HashMap<>();
    /** Those of which the answer may still change. */
    private final Map<String, Watched> asking = new LinkedHashMap<>();

    private final Set<String> open = new HashSet<>();
    private final Set<String> awaited = new HashSet<>();
    private Optional<AppState> seen = Optional.empty();
    private long revision;

    PortWatch(Duration limit) {
        this.limit = limit;
    }

    /** Takes the state as it is now. To be called before {@link #listening()} is used with that state. */
    void observe(AppState state, Instant now) {
        Door first = seen.isPresent() ? Door.AWAITED : Door.OPEN;
        state.difference(
                seen.orElse(AppState.empty(state.appId())),
                before -> {
                    if (state.instance(before.taskId())
                            .filter(PortWatch::running)
                            .isEmpty()) {
                        forget(before.taskId());
                    }
                },
                after -> {
                    if (running(after) && !watched.containsKey(after.taskId())) {
                        question(state, after).ifPresent(q -> watch(new Watched(q, first, now)));
                    }
                });
        seen = Optional.of(state);
    }

    private void watch(Watched one) {
        watched.put(one.question.taskId(), one);
        asking.put(one.question.taskId(), one);
        stands(one.question.taskId(), one.door);
    }

    private void forget(String taskId) {
        asking.remove(taskId);
        if (watched.remove(taskId) != null) {
            stands(taskId, Door.GIVEN_UP);
        }
    }

    private void stands(String taskId, Door door) {
        boolean changed = door == Door.OPEN ? open.add(taskId) : open.remove(taskId);
        changed |= door == Door.AWAITED ? awaited.add(taskId) : awaited.remove(taskId);
        revision += changed ? 1 : 0;
    }

    /** Grows whenever {@link #listening} says something else. */
    long revision() {
        return revision;
    }

    /** The questions that are due; each is answered by {@link #answered}, or repeated. */
    List<Question> due(Instant now) {
        List<Question> due = new ArrayList<>();
        for (Watched one : asking.values()) {
            if (!now.isBefore(one.askAt)) {
                one.askAt = now.plus(SLOW_REPEAT);
                due.add(one.question);
            }
        }
        return due;
    }

    /** Takes an answer; true when it changes what is known. */
    boolean answered(AppState state, String taskId, boolean refused, Instant now) {
        Watched one = watched.get(taskId);
        if (one == null || one.settled) {
            return false;
        }
        Door before = one.door;
        Instant since = state.instance(taskId).flatMap(Instance::startedAt).orElse(now);
        if (!refused) {
            one.door = Door.OPEN;
            one.settled = true;
        } else if (!now.isBefore(since.plus(limit))) {
            one.door = Door.GIVEN_UP;
            one.settled = true;
        } else {
            one.door = Door.AWAITED;
            one.askAt = now.plus(now.isBefore(since.plus(SOON)) ? REPEAT : SLOW_REPEAT);
        }
        if (one.settled) {
            asking.remove(taskId);
        }
        stands(taskId, one.door);
        return one.door != before;
    }

    /** When the next question is due; empty when none will be. */
    Optional<Instant> next() {
        return asking.values().stream().map(w -> w.askAt).min(Instant::compareTo);
    }

    /** As it is until the next call of anything else here. */
    Listening listening() {
        return new Listening(Collections.unmodifiableSet(open), Collections.unmodifiableSet(awaited));
    }

    private static boolean running(Instance instance) {
        return instance.phase() == Instance.Phase.RUNNING;
    }

    /** About the first port, where it is one for TCP. */
    private static Optional<Question> question(AppState state, Instance instance) {
        boolean tcp =
                state.current().filter(c -> c.definition().calledAtFirstPort()).isPresent();
        return tcp
                ? instance.place()
                        .filter(p -> !p.ports().isEmpty())
                        .map(p -> new Question(
                                instance.taskId(), p.host(), p.ports().get(0)))
                : Optional.empty();
    }
}
