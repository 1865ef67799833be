package io.finback.controlplane.scheduler;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a deployment over several apps asks of one of them.
 *
 * @param definition what it becomes; needed to create and to update
 * @param expected the version the request was made for; an app that has moved on since refuses
 * @param reverted the deployment that is undone
 * @param doomed task ids to end
 */
public record Member(
        String appId,
        Goal goal,
        Optional<AppDefinition> definition,
        Optional<Instant> expected,
        Optional<String> reverted,
        List<String> doomed) {
    public Member {
        doomed = List.copyOf(doomed);
    }

    public enum Goal {
        CREATE,
        UPDATE,
        REMOVE,
        /** Back to what was wanted before the deployment {@code reverted}. */
        REVERT
    }

    public static Member create(AppDefinition definition) {
        return new Member(
                definition.id(), Goal.CREATE, Optional.of(definition), Optional.empty(), Optional.empty(), List.of());
    }

    public static Member update(AppDefinition definition, Instant expected, List<String> doomed) {
        return new Member(
                definition.id(), Goal.UPDATE, Optional.of(definition), Optional.of(expected), Optional.empty(), doomed);
    }

    public static Member remove(String appId, Instant expected) {
        return new Member(appId, Goal.REMOVE, Optional.empty(), Optional.of(expected), Optional.empty(), List.of());
    }

    public static Member revert(String appId, String deploymentId) {
        return new Member(appId, Goal.REVERT, Optional.empty(), Optional.empty(), Optional.of(deploymentId), List.of());
    }
}
