package io.finback.controlplane.service;

import io.finback.tasks.TaskStatus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * Status updates on their way to apps: those that come in together go to their app together, and so into one write of its journal. In
 * order per task. Confined to the scheduler's actor.
 */
final class TaskNews {
    /** Updates in one message: some 400 bytes each. */
    private static final int PART = 500;

    private final Map<String, List<TaskStatus>> byOwner = new LinkedHashMap<>();

    /** True if nothing else waited: {@link #drain} is to be asked for. */
    boolean add(String owner, TaskStatus status) {
        boolean first = byOwner.isEmpty();
        byOwner.computeIfAbsent(owner, o -> new ArrayList<>()).add(status);
        return first;
    }

    void drain(BiConsumer<String, List<TaskStatus>> deliver) {
        byOwner.forEach((owner, statuses) -> {
            for (int from = 0; from < statuses.size(); from += PART) {
                deliver.accept(owner, statuses.subList(from, Math.min(statuses.size(), from + PART)));
            }
        });
        byOwner.clear();
    }
}
