package io.finback.nodeagent.boot;

import io.finback.nodeagent.checkpoint.NestedStore;
import io.finback.nodeagent.executor.Inside;
import io.finback.nodeagent.executor.Launcher;
import io.finback.nodeagent.executor.NestedLauncher;
import io.finback.nodeagent.executor.Processes;
import io.finback.nodeagent.executor.Tools;
import io.finback.nodeagent.isolation.Isolation;
import io.finback.nodeagent.nested.NestedContainers;
import io.finback.runtime.StartFailure;
import java.io.IOException;

/** The nested containers of this agent, and those the last one left. */
final class NestedWork {
    private NestedWork() {}

    /** Throws {@link StartFailure} where the data directory cannot be used. */
    static NestedContainers takeOver(
            AgentSettings settings,
            Inside inside,
            Launcher launcher,
            Processes processes,
            Isolation isolation,
            Tools tools,
            String bootId) {
        try {
            NestedContainers nested = new NestedContainers(
                    NestedStore.open(settings.dataDir()),
                    new NestedLauncher(inside, launcher, processes, isolation, tools),
                    bootId,
                    settings.api().maxContainers());
            nested.recover();
            return nested;
        } catch (IOException e) {
            throw new StartFailure("finback.data-dir: " + settings.dataDir() + " cannot be used (" + e + ")", e);
        }
    }
}
