package io.finback.controlplane.allocator;

import io.finback.resources.Resources;

/**
 * Changes what an agent's resources are.
 *
 * @param id remembered, so that repeating the operation changes nothing
 * @param resources what shall come of it for RESERVE and CREATE; what shall go for UNRESERVE and DESTROY
 */
public record ResourceOperation(String id, Type type, Resources resources) {

    /** Source: Mesos {@code Offer.Operation.Type}. */
    public enum Type {
        RESERVE,
        UNRESERVE,
        CREATE,
        DESTROY
    }
}
