package io.finback.meshrouter.router;

import io.finback.names.Address;
import io.finback.wire.AppEndpoints;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Keeps the last good endpoints over the lives of many memberships (links). Pure: time and input are arguments. Not thread-safe.
 *
 * <p>A link's replica begins empty and is fed by and by, so what is absent from it is no news. An app changes only by a value with a
 * higher revision. A removed app published an empty list first: when its key then vanishes from a replica it was seen in, it is
 * forgotten. Two things would otherwise stay wrong for ever, and get a period of grace instead:
 *
 * <ul>
 *   <li>a lower revision in a new link (masters that lost their data, or an old replica overtaken soon) is held back for
 *       {@link #OLDER_ACCEPTED_AFTER} and taken if nothing higher came meanwhile;
 *   <li>an app removed while this router was cut off is absent from the new replica: it is forgotten when the link has been connected
 *       and fed, and the app unmentioned, for {@link #FORGOTTEN_AFTER}. Until then it keeps no address that another app claims now.
 * </ul>
 */
final class EndpointsTable {
    static final Duration OLDER_ACCEPTED_AFTER = Duration.ofSeconds(10);
    static final Duration FORGOTTEN_AFTER = Duration.ofMinutes(10);

    /** A link that is connected this long and was told nothing has nothing to tell. */
    static final Duration FED_AFTER = Duration.ofSeconds(3);

    private record Older(AppEndpoints endpoints, long sinceNanos) {}

    private final Map<String, KnownApp> apps = new HashMap<>();
    private final Map<String, Older> older = new HashMap<>();
    private final Map<Integer, Set<String>> seenByBucket = new HashMap<>();
    private long appsVersion;
    private int link;
    private boolean connected;
    private long connectedSince;
    private long heardAt;
    private boolean fed;
    private boolean linkFed;

    /** A new membership begins, knowing nothing. What earlier ones still say is ignored. */
    void linkStarted(int number, long now) {
        if (number <= link) {
            return;
        }
        linkConnected(link, false, now);
        link = number;
        linkFed = false;
        older.clear();
        seenByBucket.clear();
    }

    void linkConnected(int number, boolean up, long now) {
        if (number != link) {
            return;
        }
        if (up && !connected) {
            connectedSince = now;
        }
        if (up || connected) {
            heardAt = now;
        }
        connected = up;
    }

    /** The whole content of one bucket in this link's replica. */
    void bucket(int number, int bucket, Map<String, AppEndpoints> content, long now) {
        if (number != link) {
            return;
        }
        fed = true;
        linkFed = true;
        content.forEach((appId, endpoints) -> heard(appId, endpoints, now));
        takeOver(content.keySet());
        Set<String> before = seenByBucket.put(bucket, new HashSet<>(content.keySet()));
        if (before != null) {
            before.removeAll(content.keySet());
            before.forEach(this::vanished);
        }
    }

    private void heard(String appId, AppEndpoints endpoints, long now) {
        KnownApp known = apps.get(appId);
        if (known == null) {
            appsVersion++;
        }
        if (known == null || endpoints.revision() > known.endpoints().revision()) {
            apps.put(appId, KnownApp.of(endpoints, link));
            older.remove(appId);
        } else if (endpoints.revision() == known.endpoints().revision()) {
            apps.put(appId, known.confirmedIn(link));
            older.remove(appId);
        } else {
            Older held = older.get(appId);
            older.put(appId, new Older(endpoints, held == null ? now : held.sinceNanos()));
        }
    }

    /** What these apps say now is newer than what others said in an earlier link: a port has one owner. */
    private void takeOver(Set<String> heard) {
        Set<Address> taken = new HashSet<>();
        for (String appId : heard) {
            KnownApp app = apps.get(appId);
            if (app != null && app.link() == link) {
                taken.addAll(app.addresses());
            }
        }
        if (!taken.isEmpty()) {
            apps.replaceAll((appId, app) -> app.link() == link ? app : app.without(taken));
        }
    }

    private void vanished(String appId) {
        KnownApp known = apps.get(appId);
        if (known != null && known.endpoints().ready().isEmpty()) {
            apps.remove(appId);
            appsVersion++;
        }
    }

    /** Lets time pass: ends periods of grace. */
    void tick(long now) {
        if (connected) {
            heardAt = now;
            fed |= now - connectedSince >= FED_AFTER.toNanos();
        }
        older.entrySet().removeIf(entry -> {
            boolean due = connected && now - entry.getValue().sinceNanos() >= OLDER_ACCEPTED_AFTER.toNanos();
            if (due) {
                apps.put(entry.getKey(), KnownApp.of(entry.getValue().endpoints(), link));
            }
            return due;
        });
        if (connected && linkFed && now - connectedSince >= FORGOTTEN_AFTER.toNanos()) {
            boolean forgot = apps.entrySet()
                    .removeIf(entry -> entry.getValue().link() != link && !older.containsKey(entry.getKey()));
            appsVersion += forgot ? 1 : 0;
        }
    }

    EndpointsSnapshot snapshot() {
        return new EndpointsSnapshot(apps, appsVersion, link, connected, heardAt, fed);
    }
}
