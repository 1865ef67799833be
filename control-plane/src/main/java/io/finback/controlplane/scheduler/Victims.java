package io.finback.controlplane.scheduler;

import io.finback.controlplane.placement.Preemption;
import io.finback.controlplane.placement.Spot;
import io.finback.resources.AgentId;
import io.finback.resources.Ranges;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Which instances of an app may be ended for others that wait: those of apps whose label says so. */
public final class Victims {
    private Victims() {}

    /** What is known to hold what it holds: an instance of another configuration than {@code version} is left alone, and so are pods
     * and what holds reserved resources. */
    public static List<Preemption.Victim> of(AppVersion version, Collection<Instance> instances) {
        AppDefinition app = version.definition();
        if (!SchedulingLabels.preemptible(app) || app.pod().isPresent()) {
            return List.of();
        }
        List<Preemption.Victim> victims = new ArrayList<>();
        for (Instance instance : instances) {
            boolean alive = instance.launched()
                    && !instance.doomed()
                    && instance.phase() != Instance.Phase.UNREACHABLE
                    && instance.configAt().equals(version.configAt())
                    && instance.place().filter(p -> p.held().isEmpty()).isPresent();
            if (alive) {
                instance.place()
                        .ifPresent(place -> victims.add(new Preemption.Victim(
                                app.id(),
                                instance.taskId(),
                                AgentId.of(place.agentId()),
                                new Spot(place.host(), place.attributes()),
                                TaskEnvironment.resources(app).withPorts(Ranges.ofValues(place.ports())),
                                SchedulingLabels.priority(app))));
            }
        }
        return victims;
    }
}
