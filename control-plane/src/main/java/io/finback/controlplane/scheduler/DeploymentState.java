package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.DeploymentPlan.Action;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * How far a deployment is.
 *
 * @param plan empty before the first app has asked for it
 * @param step counts from 0; the number of steps when all are done
 * @param done apps whose action of this step is done
 * @param lost apps that were taken away by force: the deployment is over where it stands
 * @param aborted it was called off before it began
 */
public record DeploymentState(
        Optional<DeploymentPlan> plan, int step, Set<String> done, Set<String> lost, Optional<Boolean> aborted) {
    public static final DeploymentState EMPTY =
            new DeploymentState(Optional.empty(), 0, Set.of(), Set.of(), Optional.empty());

    public DeploymentState {
        done = Set.copyOf(done);
        lost = Set.copyOf(lost);
    }

    public boolean finished() {
        return plan.map(p -> step >= p.steps().size() || !lost.isEmpty()).orElse(false);
    }

    /** It will never begin. */
    public boolean calledOff() {
        return aborted.orElse(false);
    }

    /** Actions of this step that are not done. */
    public List<Action> open() {
        if (plan.isEmpty() || finished()) {
            return List.of();
        }
        return plan.get().steps().get(step).actions().stream()
                .filter(a -> !done.contains(a.appId()) && !lost.contains(a.appId()))
                .toList();
    }

    DeploymentState started(DeploymentPlan started) {
        return new DeploymentState(Optional.of(started), 0, Set.of(), Set.of(), Optional.empty());
    }

    /** Nothing is to be done for a new app before its instances are. */
    DeploymentState pastRegistration() {
        int next = 0;
        List<DeploymentPlan.Step> steps = plan.map(DeploymentPlan::steps).orElse(List.of());
        while (next < steps.size()
                && steps.get(next).actions().stream().allMatch(a -> a.kind() == DeploymentPlan.Kind.START)) {
            next++;
        }
        return new DeploymentState(plan, next, done, lost, aborted);
    }

    DeploymentState actionDone(String appId) {
        Set<String> now = new TreeSet<>(done);
        now.add(appId);
        return new DeploymentState(plan, step, now, lost, aborted).advanced();
    }

    DeploymentState appLost(String appId) {
        Set<String> now = new TreeSet<>(lost);
        now.add(appId);
        return new DeploymentState(plan, step, done, now, aborted);
    }

    DeploymentState abort() {
        return new DeploymentState(plan, step, done, lost, Optional.of(true));
    }

    private DeploymentState advanced() {
        return open().isEmpty() && !finished() ? new DeploymentState(plan, step + 1, Set.of(), lost, aborted) : this;
    }
}
