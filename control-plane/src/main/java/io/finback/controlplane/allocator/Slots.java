package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Every agent's {@link Slot}, by id and by number. Numbers are used again. */
final class Slots {
    private final Map<AgentId, Slot> byId = new HashMap<>();
    private final List<@Nullable Slot> byIndex = new ArrayList<>();
    private final List<Integer> unused = new ArrayList<>();

    @Nullable
    Slot find(AgentId id) {
        return byId.get(id);
    }

    Slot get(AgentId id) {
        Slot known = byId.get(id);
        if (known != null) {
            return known;
        }
        int index = unused.isEmpty() ? byIndex.size() : unused.remove(unused.size() - 1);
        Slot slot = new Slot(id, index);
        if (index == byIndex.size()) {
            byIndex.add(slot);
        } else {
            byIndex.set(index, slot);
        }
        byId.put(id, slot);
        return slot;
    }

    @Nullable
    Slot at(int index) {
        return index < byIndex.size() ? byIndex.get(index) : null;
    }

    void remove(Slot slot) {
        byId.remove(slot.id);
        byIndex.set(slot.index, null);
        unused.add(slot.index);
    }

    int size() {
        return byId.size();
    }

    /** By number, so that the order is the same whenever the same happened. */
    void forEach(Consumer<Slot> action) {
        for (int i = 0; i < byIndex.size(); i++) {
            Slot slot = byIndex.get(i);
            if (slot != null) {
                action.accept(slot);
            }
        }
    }
}
