package io.finback.nodeagent.containerizer;

import java.nio.file.Path;

/**
 * A persistent volume as a task sees it.
 *
 * @param source an existing directory of this machine
 * @param containerPath absolute, or relative to the sandbox
 * @param isNew nobody has used it yet: it is given to the task's user
 */
public record VolumeMount(Path source, String containerPath, boolean readOnly, boolean isNew) {}
