package io.finback.nodeagent.task;

import java.util.Optional;

/**
 * A container an engine or a runtime keeps, known to it by a name.
 *
 * @param containerizer who made it
 * @param name unique for ever on this machine, so that it is never another one
 * @param bootId the kernel's name of the boot it was made in
 * @param leader its first process as the machine sees it, if that is known already
 */
public record EngineRef(String containerizer, String name, String bootId, Optional<Long> leader)
        implements ContainerRef {}
