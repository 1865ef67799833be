package io.finback.controlplane.mesosapi;

import io.finback.controlplane.view.ClusterEvent;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.EventLog;
import io.finback.controlplane.view.Page;
import io.finback.controlplane.view.SeenBy;
import io.finback.resources.FrameworkId;
import io.finback.security.Sight;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/** What one subscriber sees of what happens, by the rules as they are when it happens. For one stream; not thread-safe. */
final class SeenEvents {
    private static final byte[] NOTHING = {};

    private final Supplier<Sight> sight;
    private final Supplier<ClusterSnapshot> view;
    private final EventBodies bodies;
    private final LongFunction<String> cursor;
    private ClusterSnapshot indexed = ClusterSnapshot.EMPTY;
    private Map<FrameworkId, ClusterSnapshot.Framework> frameworks = new HashMap<>();

    SeenEvents(Supplier<Sight> sight, Supplier<ClusterSnapshot> view, EventBodies bodies, LongFunction<String> cursor) {
        this.sight = sight;
        this.view = view;
        this.bodies = bodies;
        this.cursor = cursor;
    }

    /** Empty: it may not see it. */
    byte[] write(Page<EventLog.Entry> entry) {
        Sight now = sight.get();
        if (SeenBy.isWhole(now)) {
            return bodies.event(entry, cursor);
        }
        EventLog.Entry happened = entry.items().get(0);
        Optional<ClusterEvent> shown = new SeenBy(now).event(happened.event(), this::framework);
        return shown.map(event -> bodies.event(event, happened.number(), cursor))
                .orElse(NOTHING);
    }

    // The same view object, not an equal one: comparing would cost as much as indexing.
    @SuppressWarnings("ReferenceEquality")
    private Optional<ClusterSnapshot.Framework> framework(FrameworkId id) {
        ClusterSnapshot latest = view.get();
        if (indexed != latest) {
            Map<FrameworkId, ClusterSnapshot.Framework> index = new HashMap<>();
            latest.frameworks().forEach(framework -> index.put(framework.id(), framework));
            frameworks = index;
            indexed = latest;
        }
        return Optional.ofNullable(frameworks.get(id));
    }
}
