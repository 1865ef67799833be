package io.finback.mesos.translate;

import static io.finback.mesos.translate.Labelled.wrong;

import io.finback.resources.Disk;
import io.finback.resources.Kind;
import io.finback.resources.Reservation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.mesos.v1.Protos.Labels;
import org.apache.mesos.v1.Protos.Resource;
import org.apache.mesos.v1.Protos.Resource.DiskInfo;
import org.apache.mesos.v1.Protos.Resource.ReservationInfo;
import org.apache.mesos.v1.Protos.Volume;

/** What sets a resource apart: reservations, disk, revocable, shared. */
@SuppressWarnings("deprecation") // Resource.role, which frameworks without refinement speak
final class KindMessages {
    private static final String ANY_ROLE = "*";
    /** Roles may be nested; nobody refines this often. */
    private static final int MAX_STACK = 50;

    private KindMessages() {}

    static Kind from(String at, Resource message) {
        Kind kind = new Kind(
                reservations(at, message),
                message.hasDisk() ? Optional.of(disk(at + ".disk", message.getDisk())) : Optional.empty(),
                message.hasRevocable(),
                message.hasShared());
        if (kind.shared() && !kind.isPersistentVolume()) {
            throw wrong(at + ".shared", "on " + message.getName(), "a persistent volume; nothing else is shared");
        }
        if (kind.isPersistentVolume() && !kind.isReserved()) {
            throw wrong(at + ".disk.persistence", "unreserved", "a reserved disk");
        }
        return kind;
    }

    static Resource.Builder to(Kind kind, ResourceMessages.Format format) {
        Resource.Builder message = Resource.newBuilder();
        if (format == ResourceMessages.Format.REFINED) {
            kind.reservations()
                    .forEach(reservation -> message.addReservations(
                            info(reservation).setRole(reservation.role()).setType(type(reservation))));
        } else {
            message.setRole(kind.reservedTo().orElse(ANY_ROLE));
            kind.reservations().stream()
                    .filter(Reservation::dynamic)
                    .forEach(reservation -> message.setReservation(info(reservation)));
        }
        kind.disk().ifPresent(disk -> message.setDisk(to(disk)));
        if (kind.revocable()) {
            message.setRevocable(Resource.RevocableInfo.getDefaultInstance());
        }
        if (kind.shared()) {
            message.setShared(Resource.SharedInfo.getDefaultInstance());
        }
        return message;
    }

    private static List<Reservation> reservations(String at, Resource message) {
        boolean refined = message.getReservationsCount() > 0;
        boolean old = message.hasReservation()
                || (message.hasRole() && !message.getRole().equals(ANY_ROLE));
        if (refined && (message.hasRole() || message.hasReservation())) {
            throw wrong(at, "role or reservation beside reservations", "either of the two formats");
        }
        if (refined) {
            return stack(at, message.getReservationsList());
        }
        if (!old) {
            return List.of();
        }
        String role = message.hasRole() ? message.getRole() : ANY_ROLE;
        if (role.equals(ANY_ROLE)) {
            throw wrong(at + ".role", ANY_ROLE, "the role of the reservation");
        }
        return List.of(
                message.hasReservation() ? reservation(role, true, message.getReservation()) : Reservation.fixed(role));
    }

    private static List<Reservation> stack(String at, List<ReservationInfo> infos) {
        if (infos.size() > MAX_STACK) {
            throw wrong(at + ".reservations", infos.size() + " of them", "at most " + MAX_STACK);
        }
        List<Reservation> stack = new ArrayList<>();
        for (int i = 0; i < infos.size(); i++) {
            ReservationInfo info = infos.get(i);
            String here = at + ".reservations[" + i + "]";
            if (!info.hasRole()) {
                throw wrong(here + ".role", "missing", "a role");
            }
            if (info.getType() == ReservationInfo.Type.UNKNOWN) {
                throw wrong(here + ".type", info.hasType() ? info.getType() : "missing", "STATIC or DYNAMIC");
            }
            boolean dynamic = info.getType() == ReservationInfo.Type.DYNAMIC;
            if (!dynamic && i > 0) {
                throw wrong(here + ".type", info.getType(), "DYNAMIC: a refinement is never static");
            }
            stack.add(reservation(info.getRole(), dynamic, info));
        }
        return stack;
    }

    private static Reservation reservation(String role, boolean dynamic, ReservationInfo info) {
        return new Reservation(
                role,
                dynamic,
                info.hasPrincipal() ? Optional.of(info.getPrincipal()) : Optional.empty(),
                new TreeMap<>(Labelled.from(info.getLabels())));
    }

    private static ReservationInfo.Builder info(Reservation reservation) {
        ReservationInfo.Builder info = ReservationInfo.newBuilder();
        reservation.principal().ifPresent(info::setPrincipal);
        if (!reservation.labels().isEmpty()) {
            info.setLabels(Labelled.to(reservation.labels()));
        }
        return info;
    }

    private static ReservationInfo.Type type(Reservation reservation) {
        return reservation.dynamic() ? ReservationInfo.Type.DYNAMIC : ReservationInfo.Type.STATIC;
    }

    private static Disk disk(String at, DiskInfo message) {
        Optional<Disk.Persistence> persistence = message.hasPersistence()
                ? Optional.of(new Disk.Persistence(
                        message.getPersistence().getId(),
                        message.getPersistence().hasPrincipal()
                                ? Optional.of(message.getPersistence().getPrincipal())
                                : Optional.empty()))
                : Optional.empty();
        if (persistence.isPresent() && persistence.get().id().isEmpty()) {
            throw wrong(at + ".persistence.id", "''", "an id");
        }
        Optional<Disk.Mount> volume = message.hasVolume()
                ? Optional.of(new Disk.Mount(
                        message.getVolume().getContainerPath(),
                        message.getVolume().hasHostPath()
                                ? Optional.of(message.getVolume().getHostPath())
                                : Optional.empty(),
                        message.getVolume().getMode() == Volume.Mode.RO))
                : Optional.empty();
        return new Disk(
                persistence,
                volume,
                message.hasSource() ? Optional.of(source(at, message.getSource())) : Optional.empty());
    }

    private static Disk.Source source(String at, DiskInfo.Source message) {
        Disk.SourceType type =
                switch (message.getType()) {
                    case PATH -> Disk.SourceType.PATH;
                    case MOUNT -> Disk.SourceType.MOUNT;
                    case BLOCK -> Disk.SourceType.BLOCK;
                    case RAW -> Disk.SourceType.RAW;
                    case UNKNOWN -> throw wrong(at + ".source.type", "UNKNOWN", "PATH, MOUNT, BLOCK or RAW");
                };
        Optional<String> root = message.hasPath() && message.getPath().hasRoot()
                ? Optional.of(message.getPath().getRoot())
                : message.hasMount() && message.getMount().hasRoot()
                        ? Optional.of(message.getMount().getRoot())
                        : Optional.empty();
        return new Disk.Source(
                type,
                root,
                message.hasVendor() ? Optional.of(message.getVendor()) : Optional.empty(),
                message.hasId() ? Optional.of(message.getId()) : Optional.empty(),
                message.hasProfile() ? Optional.of(message.getProfile()) : Optional.empty(),
                new TreeMap<>(Labelled.from(message.getMetadata())));
    }

    private static DiskInfo to(Disk disk) {
        DiskInfo.Builder message = DiskInfo.newBuilder();
        disk.persistence().ifPresent(persistence -> {
            DiskInfo.Persistence.Builder to = DiskInfo.Persistence.newBuilder().setId(persistence.id());
            persistence.principal().ifPresent(to::setPrincipal);
            message.setPersistence(to);
        });
        disk.volume().ifPresent(volume -> {
            Volume.Builder to = Volume.newBuilder()
                    .setContainerPath(volume.containerPath())
                    .setMode(volume.readOnly() ? Volume.Mode.RO : Volume.Mode.RW);
            volume.hostPath().ifPresent(to::setHostPath);
            message.setVolume(to);
        });
        disk.source().ifPresent(source -> message.setSource(to(source)));
        return message.build();
    }

    private static DiskInfo.Source to(Disk.Source source) {
        DiskInfo.Source.Builder message = DiskInfo.Source.newBuilder()
                .setType(DiskInfo.Source.Type.valueOf(source.type().name()));
        source.root().ifPresent(root -> {
            if (source.type() == Disk.SourceType.PATH) {
                message.setPath(DiskInfo.Source.Path.newBuilder().setRoot(root));
            } else if (source.type() == Disk.SourceType.MOUNT) {
                message.setMount(DiskInfo.Source.Mount.newBuilder().setRoot(root));
            }
        });
        source.vendor().ifPresent(message::setVendor);
        source.id().ifPresent(message::setId);
        source.profile().ifPresent(message::setProfile);
        if (!source.metadata().isEmpty()) {
            message.setMetadata(labels(source));
        }
        return message.build();
    }

    private static Labels labels(Disk.Source source) {
        return Labelled.to(source.metadata());
    }
}
