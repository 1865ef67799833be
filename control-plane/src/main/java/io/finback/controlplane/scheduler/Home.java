package io.finback.controlplane.scheduler;

import io.finback.resources.Disk;
import io.finback.resources.Kind;
import io.finback.resources.PersistentVolume;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What an instance of a resident app comes back to: volumes on one agent, and the resources reserved along with them. It is there from
 * the first launch until it is given up; instances come and go. Source: Marathon's InstanceOpFactoryImpl, docs/persistent-volumes.md.
 *
 * @param id of the task that was launched there first
 * @param resources reserved; without ports, which each instance takes anew
 * @param taskId the instance that has it; it may be gone
 * @param seen some task has run there, so that the volumes exist
 * @param leaving it is given up, and nobody gets it again
 */
public record Home(
        String id,
        String agentId,
        String host,
        Map<String, String> attributes,
        Resources resources,
        Instant madeAt,
        String taskId,
        boolean seen,
        boolean leaving) {
    /** Marks what is reserved for one home: others of the role leave it alone. */
    private static final String LABEL = "finback_home";

    /** Who reserves: the principal of the built-in schedulers. */
    public static final String PRINCIPAL = "finback";

    private static final String APP_LABEL = "finback_app";
    private static final int PREFIX = 100;

    public Home {
        attributes = Map.copyOf(attributes);
    }

    static Home of(String taskId, Instance.Place place) {
        return new Home(
                taskId,
                place.agentId(),
                place.host(),
                place.attributes(),
                place.home(),
                place.at(),
                taskId,
                false,
                false);
    }

    Home takenBy(String task) {
        return new Home(id, agentId, host, attributes, resources, madeAt, task, seen, leaving);
    }

    Home lived() {
        return new Home(id, agentId, host, attributes, resources, madeAt, taskId, true, leaving);
    }

    Home left() {
        return new Home(id, agentId, host, attributes, resources, madeAt, taskId, seen, true);
    }

    /** The volumes of a home alone. */
    public static Resources volumes(Resources home) {
        return home.filter(Kind::isPersistentVolume);
    }

    /** A home as it is when its volumes are none yet, or none any more: reserved. */
    public static Resources reserved(Resources home) {
        Resources all = home.filter(kind -> !kind.isPersistentVolume());
        for (Special volume : volumes(home).special()) {
            all = all.plus(Resources.of(volume.kind().withDisk(Optional.empty()), volume.amount()));
        }
        return all;
    }

    /** True of what belongs to some home; what is plain does not. */
    public static boolean isPart(Kind kind) {
        return kind.reservations().stream().anyMatch(r -> r.labels().containsKey(LABEL));
    }

    /** Resources as they become when an instance is launched with volumes for the first time. */
    static Resources reserve(AppDefinition app, String taskId) {
        TreeMap<String, String> labels = new TreeMap<>(Map.of(LABEL, taskId, APP_LABEL, app.id()));
        Kind kind = Kind.reserved(new Reservation(app.role(), true, Optional.of(PRINCIPAL), labels));
        Resources all = Resources.of(kind, TaskEnvironment.resources(app));
        String whole = AppPath.entityId(app.id());
        String name = whole.length() > PREFIX ? whole.substring(0, PREFIX) : whole;
        String unique = taskId.substring(taskId.lastIndexOf('.') + 1);
        for (AppOptions.LocalVolume volume : app.options().volumes()) {
            String id = name + "#" + volume.containerPath().replace('/', '-') + "#" + unique;
            Kind own = kind.withDisk(Optional.of(new Disk(
                    Optional.of(new Disk.Persistence(id, Optional.of(PRINCIPAL))),
                    Optional.of(new Disk.Mount(volume.containerPath(), Optional.empty(), false)),
                    Optional.empty())));
            all = all.plus(Resources.of(own, Resources.of(0, 0, volume.mib())));
        }
        return all;
    }

    /** Container path and persistence id of each volume in {@code resources}. */
    public static List<Map.Entry<String, String>> volumesOf(Resources resources) {
        List<Map.Entry<String, String>> volumes = new ArrayList<>();
        for (Special special : resources.special()) {
            Optional<String> path = special.kind().disk().flatMap(Disk::volume).map(Disk.Mount::containerPath);
            PersistentVolume.of(special.kind())
                    .ifPresent(volume -> path.ifPresent(p -> volumes.add(Map.entry(p, volume.id()))));
        }
        return volumes;
    }
}
