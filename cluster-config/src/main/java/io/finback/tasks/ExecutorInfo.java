package io.finback.tasks;

import io.finback.resources.Resources;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * What runs tasks on behalf of a framework. Source: Mesos {@code ExecutorInfo}.
 *
 * @param id unique on its agent within its framework
 * @param command how a custom executor is started; the default one has none
 * @param resources held from its first task until its end, beside those of its tasks
 * @param role what its resources are accounted to
 * @param shutdownGrace between being told to end and being killed; empty: the agent's default
 */
public record ExecutorInfo(
        Type type,
        String id,
        Optional<CommandInfo> command,
        Optional<ContainerInfo> container,
        Resources resources,
        String role,
        String name,
        Optional<String> source,
        Optional<Bytes> data,
        Optional<Duration> shutdownGrace,
        Map<String, String> labels,
        Optional<DiscoveryInfo> discovery) {
    /** Ours, which runs task groups, or the framework's own program. */
    public enum Type {
        DEFAULT,
        CUSTOM
    }

    public ExecutorInfo {
        labels = Map.copyOf(labels);
    }
}
