package io.finback.controlplane.service;

import io.finback.controlplane.scheduler.Demand;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What every app has said it waits for. Confined to the scheduler's actor. */
final class Backlog {
    private final Map<String, Demand> demands = new LinkedHashMap<>();

    /** Takes an app's word unless it is older than the last one; true if there is something new to place. */
    boolean take(Demand demand) {
        Demand old = demands.get(demand.appId());
        if (old != null && old.revision() > demand.revision()) {
            return false;
        }
        if (demand.waiting().isEmpty()) {
            demands.remove(demand.appId());
            return false;
        }
        demands.put(demand.appId(), demand);
        return old == null
                || !old.waiting().equals(demand.waiting())
                || !old.notBefore().equals(demand.notBefore())
                || !old.terms().equals(demand.terms());
    }

    boolean waits(String appId) {
        return demands.containsKey(appId);
    }

    /** What may be placed now, without the tasks that are being placed; an app of which nothing is left is left out. */
    List<Demand> due(Instant now, Set<String> beingPlaced) {
        List<Demand> due = new ArrayList<>();
        for (Demand demand : demands.values()) {
            if (!now.isBefore(demand.notBefore())) {
                Demand free = beingPlaced.isEmpty() ? demand : demand.withoutWaiting(beingPlaced);
                if (!free.waiting().isEmpty()) {
                    due.add(free);
                }
            }
        }
        return due;
    }

    /** These were placed, or were refused by their app: it will say so itself. */
    void placed(Set<String> appIds, Set<String> tasks) {
        appIds.forEach(appId -> demands.computeIfPresent(appId, (id, demand) -> demand.withoutWaiting(tasks)));
    }
}
