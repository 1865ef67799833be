package io.finback.controlplane.mesosapi;

import akka.actor.typed.ActorSystem;
import io.finback.controlplane.allocation.AllocatorMeter;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.EventLog;
import io.finback.resources.FrameworkId;
import io.finback.security.Rules;
import java.time.Clock;
import java.util.Collections;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * What {@link ClusterApi} is made of.
 *
 * @param reads threads on which answers are written, away from every actor
 * @param flags this master's settings under Mesos' names, without secrets
 * @param events what the view wrote down since it is whole
 * @param commands how writes reach the entities
 * @param rules who may do what
 * @param builtIn frameworks that are part of this system, and cannot be torn down
 * @param allocator what the allocator does, when it is on this master
 */
public record ClusterApiParts(
        Supplier<ClusterSnapshot> view,
        Supplier<MasterIdentity> self,
        Clock clock,
        Executor reads,
        ClusterApiSettings settings,
        SortedMap<String, String> flags,
        EventLog events,
        OperatorCommands commands,
        Rules rules,
        Set<FrameworkId> builtIn,
        AllocatorMeter allocator,
        ActorSystem<?> system) {
    public ClusterApiParts {
        builtIn = Set.copyOf(builtIn);
        flags = Collections.unmodifiableSortedMap(new TreeMap<>(flags));
    }
}
