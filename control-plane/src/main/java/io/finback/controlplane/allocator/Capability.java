package io.finback.controlplane.allocator;

/** What a framework knows how to deal with. Names and meaning: Mesos {@code FrameworkInfo.Capability.Type}. */
public enum Capability {
    REVOCABLE_RESOURCES,
    TASK_KILLING_STATE,
    GPU_RESOURCES,
    SHARED_RESOURCES,
    PARTITION_AWARE,
    MULTI_ROLE,
    RESERVATION_REFINEMENT,
    REGION_AWARE
}
