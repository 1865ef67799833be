package io.finback.nodeagent.task;

import io.finback.tasks.NetworkInfo;
import java.util.List;
import java.util.Optional;

/**
 * A container an engine or a runtime keeps, known to it by a name.
 *
 * @param containerizer who made it
 * @param name unique for ever on this machine, so that it is never another one
 * @param bootId the kernel's name of the boot it was made in
 * @param leader its first process as the machine sees it, if that is known already
 * @param networks where it is reached; none until it runs, and while it uses the machine's own
 */
public record EngineRef(
        String containerizer, String name, String bootId, Optional<Long> leader, List<NetworkInfo> networks)
        implements ContainerRef {
    public EngineRef {
        networks = List.copyOf(networks);
    }

    @Override
    public boolean startsLater() {
        return true;
    }

    @Override
    public boolean isSameAs(ContainerRef other) {
        return other instanceof EngineRef engine
                && engine.containerizer.equals(containerizer)
                && engine.name.equals(name);
    }
}
