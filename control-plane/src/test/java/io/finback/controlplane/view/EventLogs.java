package io.finback.controlplane.view;

import java.util.List;

/** Lets tests of other rooms write into a log, which only a view may. */
public final class EventLogs {
    private EventLogs() {}

    public static long append(EventLog log, List<ClusterEvent> events) {
        return log.append(events);
    }

    public static void wake(EventLog log) {
        log.wake();
    }
}
