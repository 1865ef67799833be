package io.finback.nodeagent.task;

import io.finback.tasks.NetworkInfo;
import java.util.List;
import java.util.Optional;

/** What a task runs in, named so that nothing else can be taken for it, also by a later agent. Part of the checkpoint. */
public sealed interface ContainerRef permits ProcessRef, EngineRef {
    /** Who made it, and alone can handle it: {@code mesos}, {@code docker}. */
    String containerizer();

    /** The kernel's name of the boot it was made in: after another one it does not run any more. */
    String bootId();

    /** The process the task is known by; empty while there is none yet. */
    Optional<Long> leader();

    /** Where it is reached, if it has addresses of its own. */
    List<NetworkInfo> networks();

    /** True when releasing it only begins its start: that it runs is found out afterwards. */
    boolean startsLater();

    /** True when both name the same thing, whatever else is known of it. */
    boolean isSameAs(ContainerRef other);
}
