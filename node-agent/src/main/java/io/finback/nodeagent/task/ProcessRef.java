package io.finback.nodeagent.task;

import io.finback.tasks.NetworkInfo;
import java.util.List;
import java.util.Optional;

/**
 * A task's process and its holder, named so that no other process can be taken for them.
 *
 * @param bootId the kernel's name of this boot: after another one, pids mean nothing
 * @param pid leader of the task's session and process group
 * @param startTicks when it started, in clock ticks since the boot; a reused pid has another one
 * @param holderPid the parent that never waits for it, so that its end can be read at any later time
 * @param holderStartTicks as {@code startTicks}, of the holder
 * @param containment what it was put into; empty for nothing, and in what earlier versions have written
 */
public record ProcessRef(
        String bootId,
        long pid,
        long startTicks,
        long holderPid,
        long holderStartTicks,
        Optional<Containment> containment)
        implements ContainerRef {
    private static final String MESOS = "mesos";

    /** Who makes processes that see the files of an image. */
    private static final String OCI = "oci";

    public ProcessRef(String bootId, long pid, long startTicks, long holderPid, long holderStartTicks) {
        this(bootId, pid, startTicks, holderPid, holderStartTicks, Optional.empty());
    }

    public ProcessRef in(Containment other) {
        return new ProcessRef(bootId, pid, startTicks, holderPid, holderStartTicks, Optional.of(other));
    }

    @Override
    public String containerizer() {
        return bundle().isPresent() ? OCI : MESOS;
    }

    /** The directory of its container, if it runs in one of an image. */
    public Optional<String> bundle() {
        return containment.flatMap(Containment::bundle);
    }

    @Override
    public Optional<Long> leader() {
        return Optional.of(pid);
    }

    @Override
    public List<NetworkInfo> networks() {
        return List.of();
    }

    @Override
    public boolean startsLater() {
        return bundle().isPresent();
    }

    @Override
    public boolean isSameAs(ContainerRef other) {
        return equals(other);
    }
}
