package io.finback.controlplane.agent;

import io.finback.wire.AgentToMaster;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Puts the parts of a registration together. Only the newest attempt counts; parts may come twice and in any order. */
final class Gathering {
    private final SortedMap<Integer, AgentToMaster.Register> parts = new TreeMap<>();

    /** The whole registration, as if it had come as one message, once its last missing part is here. */
    Optional<AgentToMaster.Register> add(AgentToMaster.Register part) {
        if (parts.values().stream().anyMatch(known -> !known.attempt().equals(part.attempt()))) {
            parts.clear();
        }
        parts.put(part.part(), part);
        if (parts.size() < part.parts()) {
            return Optional.empty();
        }
        List<AgentToMaster.KnownTask> tasks = new ArrayList<>();
        parts.values().forEach(known -> tasks.addAll(known.tasks()));
        parts.clear();
        return Optional.of(new AgentToMaster.Register(part.info(), part.attempt(), 1, 1, part.lastSession(), tasks));
    }
}
