package io.finback.tasks;

import java.util.Optional;

/**
 * A container image. Source: Mesos {@code Image} of type {@code DOCKER}.
 *
 * @param name as {@code docker pull} takes it
 * @param pullConfig a Docker {@code config.json} with credentials for the registry
 * @param cached false: pulled anew even if it is there
 */
public record Image(String name, Optional<String> pullConfig, boolean cached) {
    /** Without the credentials. */
    @Override
    public String toString() {
        return name;
    }
}
