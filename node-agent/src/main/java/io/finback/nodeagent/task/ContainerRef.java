package io.finback.nodeagent.task;

import java.util.Optional;

/** What a task runs in, named so that nothing else can be taken for it, also by a later agent. Part of the checkpoint. */
public sealed interface ContainerRef permits ProcessRef, EngineRef {
    /** Who made it, and alone can handle it: {@code mesos}, {@code docker}. */
    String containerizer();

    /** The kernel's name of the boot it was made in: after another one it does not run any more. */
    String bootId();

    /** The process the task is known by; empty while there is none yet. */
    Optional<Long> leader();
}
