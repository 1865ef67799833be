package io.finback.controlplane.allocation;

import io.finback.resources.AgentId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Puts the parts of {@link AllocatorMessage.Admit} together; of one agent only the newest question counts. */
final class AdmitParts {
    private final Map<AgentId, SortedMap<Integer, AllocatorMessage.Admit>> waiting = new HashMap<>();

    /** The whole question, as if it had come as one message, once its last missing part is here. */
    Optional<AllocatorMessage.Admit> add(AllocatorMessage.Admit part) {
        if (part.parts() == 1) {
            waiting.remove(part.info().id());
            return Optional.of(part);
        }
        SortedMap<Integer, AllocatorMessage.Admit> parts =
                waiting.computeIfAbsent(part.info().id(), id -> new TreeMap<>());
        if (parts.values().stream()
                .anyMatch(known -> !known.ask().equals(part.ask()) || known.parts() != part.parts())) {
            parts.clear();
        }
        parts.put(part.part(), part);
        if (parts.size() < part.parts()) {
            return Optional.empty();
        }
        waiting.remove(part.info().id());
        List<AllocatorMessage.RunningTask> running = new ArrayList<>();
        parts.values().forEach(known -> running.addAll(known.running()));
        return Optional.of(
                new AllocatorMessage.Admit(part.info(), part.ask(), 1, 1, part.lastSession(), running, part.replyTo()));
    }
}
