package io.finback.controlplane.app;

import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.scheduler.Listening;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

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
    private boolean recovered;

    PortWatch(Duration limit) {
        this.limit = limit;
    }

    /** Takes the state as it is now. To be called before {@link #listening()} is used with that state. */
    void observe(AppState state, Instant now) {
        watched.keySet()
                .removeIf(id -> state.instance(id).filter(PortWatch::running).isEmpty());
        Door first = recovered ? Door.AWAITED : Door.OPEN;
        for (Instance instance : state.instances().values()) {
            if (running(instance) && !watched.containsKey(instance.taskId())) {
                question(state, instance).ifPresent(q -> watched.put(instance.taskId(), new Watched(q, first, now)));
            }
        }
        recovered = true;
    }

    /** The questions that are due; each is answered by {@link #answered}, or repeated. */
    List<Question> due(Instant now) {
        List<Question> due = new ArrayList<>();
        for (Watched one : watched.values()) {
            if (!one.settled && !now.isBefore(one.askAt)) {
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
        return one.door != before;
    }

    /** When the next question is due; empty when none will be. */
    Optional<Instant> next() {
        return watched.values().stream()
                .filter(w -> !w.settled)
                .map(w -> w.askAt)
                .min(Instant::compareTo);
    }

    Listening listening() {
        return new Listening(ids(Door.OPEN), ids(Door.AWAITED));
    }

    private Set<String> ids(Door door) {
        return watched.entrySet().stream()
                .filter(e -> e.getValue().door == door)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
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
