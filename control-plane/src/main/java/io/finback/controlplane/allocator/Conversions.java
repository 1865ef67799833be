package io.finback.controlplane.allocator;

import io.finback.resources.Disk;
import io.finback.resources.Kind;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import io.finback.resources.RoleName;
import io.finback.resources.Special;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The rules of reservations and volumes: what an operation takes out of an amount of resources, and what it puts in its place. Source:
 * apache/mesos {@code src/master/validation.cpp}, {@code docs/reservation.md}, {@code docs/persistent-volume.md}.
 */
final class Conversions {
    /** What becomes of what. The quantities on both sides are equal. */
    record Conversion(Resources consumed, Resources produced) {
        private static final Conversion NOTHING = new Conversion(Resources.EMPTY, Resources.EMPTY);

        private Conversion and(Resources from, Resources to) {
            return new Conversion(consumed.plus(from), produced.plus(to));
        }

        Resources applyTo(Resources amount) {
            return amount.minus(consumed).plus(produced);
        }
    }

    /**
     * A conversion, or why there is none.
     *
     * @param lacking the operation makes sense, but what it needs is not there or in use
     */
    record Verdict(Optional<Conversion> conversion, String refusal, boolean lacking) {
        private static Verdict refused(String why) {
            return new Verdict(Optional.empty(), why, false);
        }

        private static Verdict lacking(String why) {
            return new Verdict(Optional.empty(), why, true);
        }

        private static Verdict of(Conversion conversion) {
            return new Verdict(Optional.of(conversion), "", false);
        }
    }

    /**
     * Who asks.
     *
     * @param roles the roles it may reserve for; empty: any (an operator)
     * @param principal present: reservations and volumes must name it
     */
    record Asker(Optional<Set<String>> roles, Optional<String> principal, boolean mayShare) {
        static Asker operator(Optional<String> principal) {
            return new Asker(Optional.empty(), principal, true);
        }
    }

    private Conversions() {}

    /**
     * What the operation does to {@code budget}.
     *
     * @param total of the agent
     * @param used shared volumes that tasks use
     */
    static Verdict of(ResourceOperation operation, Resources budget, Resources total, Resources used, Asker asker) {
        return switch (operation.type()) {
            case RESERVE -> reserve(operation.resources(), budget, asker);
            case UNRESERVE -> unreserve(operation.resources(), budget);
            case CREATE -> create(operation.resources(), budget, total, asker);
            case DESTROY -> destroy(operation.resources(), budget, used);
        };
    }

    /** {@code wanted} as it shall be: with one dynamic reservation more than it has now. */
    static Verdict reserve(Resources wanted, Resources budget, Asker asker) {
        return convert("RESERVE", wanted, budget, kind -> refusalToReserve(kind, asker), Kind::unreserved);
    }

    /** {@code wanted} as it is. */
    static Verdict unreserve(Resources wanted, Resources budget) {
        return convertBack("UNRESERVE", wanted, budget, Conversions::refusalToUnreserve, Kind::unreserved);
    }

    /**
     * {@code volumes} as they shall be.
     *
     * @param total of the agent: an id is given once per role and agent, whoever holds the other volume
     */
    static Verdict create(Resources volumes, Resources budget, Resources total, Asker asker) {
        Set<String> ids = new HashSet<>();
        for (Special entry : total.special()) {
            persistence(entry.kind()).ifPresent(volume -> ids.add(nameOf(entry.kind(), volume)));
        }
        for (Special entry : volumes.special()) {
            Optional<Disk.Persistence> volume = persistence(entry.kind());
            if (volume.isPresent() && !ids.add(nameOf(entry.kind(), volume.get()))) {
                return Verdict.refused(
                        "CREATE: persistent volume '" + volume.get().id()
                                + "' (expected: an id not used yet for role "
                                + entry.kind().reservedTo().orElse("*") + " on this agent)");
            }
        }
        return convert("CREATE", volumes, budget, kind -> refusalToCreate(kind, asker), Conversions::withoutVolume);
    }

    /** {@code volumes} as they are; {@code used} are those that tasks use. */
    static Verdict destroy(Resources volumes, Resources budget, Resources used) {
        for (Special entry : volumes.special()) {
            if (!used.amountOf(entry.kind()).isEmpty()) {
                return Verdict.lacking("DESTROY: persistent volume "
                        + persistence(entry.kind()).map(Disk.Persistence::id).orElse("?")
                        + " is in use (expected: no task uses it)");
            }
        }
        return convertBack("DESTROY", volumes, budget, Conversions::refusalToDestroy, Conversions::withoutVolume);
    }

    private static Verdict convert(
            String name,
            Resources wanted,
            Resources budget,
            Function<Kind, Optional<String>> refusal,
            Function<Kind, Kind> before) {
        Verdict verdict = all(
                name,
                wanted,
                refusal,
                (entry, sum) -> sum.and(
                        Resources.of(before.apply(entry.kind()), entry.amount()),
                        Resources.of(entry.kind(), entry.amount())));
        return within(name, verdict, budget);
    }

    private static Verdict convertBack(
            String name,
            Resources wanted,
            Resources budget,
            Function<Kind, Optional<String>> refusal,
            Function<Kind, Kind> after) {
        Verdict verdict = all(
                name,
                wanted,
                refusal,
                (entry, sum) -> sum.and(
                        Resources.of(entry.kind(), entry.amount()),
                        Resources.of(after.apply(entry.kind()), entry.amount())));
        return within(name, verdict, budget);
    }

    @FunctionalInterface
    private interface Step {
        Conversion apply(Special entry, Conversion sum);
    }

    private static Verdict all(String name, Resources wanted, Function<Kind, Optional<String>> refusal, Step step) {
        if (wanted.isEmpty()) {
            return Verdict.refused(name + ": no resources (expected: some)");
        }
        if (!wanted.plain().isEmpty()) {
            return Verdict.refused(name + ": " + wanted.plain() + " "
                    + refusal.apply(Kind.PLAIN).orElse("is plain"));
        }
        Conversion sum = Conversion.NOTHING;
        for (Special entry : wanted.special()) {
            Optional<String> no = refusal.apply(entry.kind());
            if (no.isPresent()) {
                return Verdict.refused(name + ": " + Resources.of(entry.kind(), entry.amount()) + " " + no.get());
            }
            try {
                sum = step.apply(entry, sum);
            } catch (IllegalArgumentException e) {
                return Verdict.refused(name + ": " + e.getMessage());
            }
        }
        return Verdict.of(sum);
    }

    private static Verdict within(String name, Verdict verdict, Resources budget) {
        if (verdict.conversion().isEmpty()) {
            return verdict;
        }
        Resources missing = ResourceMath.missing(verdict.conversion().get().consumed(), budget);
        return missing.isEmpty()
                ? verdict
                : Verdict.lacking(name + ": lacks " + missing + " (expected: within " + budget + ")");
    }

    private static Optional<String> refusalToReserve(Kind kind, Asker asker) {
        if (!kind.isDynamicallyReserved()) {
            return Optional.of("is not dynamically reserved (expected: a dynamic reservation on top)");
        }
        if (kind.isPersistentVolume()) {
            return Optional.of("is a persistent volume (expected: none; a volume's disk is reserved already)");
        }
        if (kind.revocable()) {
            return Optional.of("is revocable (expected: resources for keeps)");
        }
        Reservation top = kind.reservations().get(kind.reservations().size() - 1);
        Optional<String> badName = RoleName.problem(top.role());
        if (badName.isPresent()) {
            return badName;
        }
        if (asker.roles().isPresent() && !asker.roles().get().contains(top.role())) {
            return Optional.of("is for role " + top.role() + " (expected: one of the framework's roles "
                    + asker.roles().get().stream().sorted().toList() + ")");
        }
        return refusalOfPrincipal(asker.principal(), top.principal());
    }

    private static Optional<String> refusalToUnreserve(Kind kind) {
        if (!kind.isDynamicallyReserved()) {
            return Optional.of("is not dynamically reserved (expected: a dynamic reservation on top)");
        }
        return kind.isPersistentVolume()
                ? Optional.of("is a persistent volume (expected: destroyed first)")
                : Optional.empty();
    }

    private static Optional<String> refusalToCreate(Kind kind, Asker asker) {
        Optional<Disk.Persistence> volume = persistence(kind);
        if (volume.isEmpty()) {
            return Optional.of("is no persistent volume (expected: disk.persistence)");
        }
        if (!kind.isReserved()) {
            return Optional.of("is unreserved (expected: reserved disk)");
        }
        if (kind.revocable()) {
            return Optional.of("is revocable (expected: disk for keeps)");
        }
        if (kind.shared() && !asker.mayShare()) {
            return Optional.of("is shared (expected: a framework with the capability SHARED_RESOURCES)");
        }
        Optional<Disk.Mount> mount = kind.disk().flatMap(Disk::volume);
        if (mount.isEmpty() || mount.get().readOnly() || mount.get().hostPath().isPresent()) {
            return Optional.of("has volume " + mount.map(Disk.Mount::toString).orElse("none")
                    + " (expected: a container path, mode RW, and no host path)");
        }
        String id = volume.get().id();
        if (id.isEmpty()
                || id.length() > 255
                || id.equals(".")
                || id.equals("..")
                || !id.chars().allMatch(c -> c > ' ' && c != '/' && c != '\\' && c != 127)) {
            return Optional.of("has persistence id '" + id + "' (expected: 1 to 255 printable characters, no slash)");
        }
        return refusalOfPrincipal(asker.principal(), volume.get().principal());
    }

    private static Optional<String> refusalToDestroy(Kind kind) {
        return kind.isPersistentVolume()
                ? Optional.empty()
                : Optional.of("is no persistent volume (expected: disk.persistence)");
    }

    private static Optional<String> refusalOfPrincipal(Optional<String> asker, Optional<String> named) {
        return asker.isEmpty() || named.equals(asker)
                ? Optional.empty()
                : Optional.of("names principal " + named.orElse("none") + " (expected: " + asker.get() + ")");
    }

    private static Kind withoutVolume(Kind kind) {
        Optional<Disk> left = kind.disk()
                .flatMap(Disk::source)
                .map(source -> new Disk(Optional.empty(), Optional.empty(), Optional.of(source)));
        return kind.withDisk(left).withShared(false);
    }

    private static Optional<Disk.Persistence> persistence(Kind kind) {
        return kind.disk().flatMap(Disk::persistence);
    }

    private static String nameOf(Kind kind, Disk.Persistence volume) {
        return kind.reservedTo().orElse("*") + " " + volume.id();
    }
}
