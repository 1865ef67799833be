package io.finback.controlplane.framework;

import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.resources.Kind;
import io.finback.resources.Special;
import io.finback.security.Action;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What rules are asked about a change of resources, whoever wants it. Pure. Source: apache/mesos {@code src/master/master.cpp}. */
public final class OperationRights {
    private OperationRights() {}

    /** What it is by the names of ACL files. */
    public static Action action(ResourceOperation operation) {
        return switch (operation.type()) {
            case RESERVE -> Action.RESERVE_RESOURCES;
            case UNRESERVE -> Action.UNRESERVE_RESOURCES;
            case CREATE -> Action.CREATE_VOLUME;
            case DESTROY -> Action.DESTROY_VOLUME;
        };
    }

    /** Roles it reserves or makes volumes for, or principals whose reservations or volumes it ends; an empty name: nobody's. */
    public static Collection<String> objects(ResourceOperation operation) {
        return switch (operation.type()) {
            case RESERVE, CREATE -> objects(operation, Kind::reservedTo);
            case UNRESERVE -> objects(operation, kind -> Optional.of(reserver(kind)));
            case DESTROY -> objects(operation, kind -> Optional.of(creator(kind)));
        };
    }

    private static String reserver(Kind kind) {
        return kind.reservations().stream()
                .reduce((outer, inner) -> inner)
                .flatMap(one -> one.principal())
                .orElse("");
    }

    private static String creator(Kind kind) {
        return kind.disk()
                .flatMap(disk -> disk.persistence())
                .flatMap(volume -> volume.principal())
                .orElse("");
    }

    private static Set<String> objects(ResourceOperation operation, Function<Kind, Optional<String>> object) {
        return operation.resources().special().stream()
                .map(Special::kind)
                .flatMap(kind -> object.apply(kind).stream())
                .collect(Collectors.toSet());
    }
}
