package io.finback.meshrouter.router;

import io.finback.meshrouter.namers.NameSource;
import io.finback.names.Address;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * {@code /#/io.finback/<app path>}: the longest known app path is the id, the rest the residual, as io.l5d.marathon does. An app nobody
 * knows is Neg; one without ready instances is bound, to nobody.
 */
public final class FinbackNamer implements NameSource {
    static final Path PREFIX = Path.of("#", "io.finback");

    private final Supplier<EndpointsSnapshot> snapshot;

    /** {@code snapshot}: the latest, at any time. */
    public FinbackNamer(Supplier<EndpointsSnapshot> snapshot) {
        this.snapshot = snapshot;
    }

    @Override
    public Path prefix() {
        return PREFIX;
    }

    @Override
    public NameTree<Name> lookup(Path path) {
        if (!path.startsWith(PREFIX)) {
            return NameTree.neg();
        }
        EndpointsSnapshot known = snapshot.get();
        for (int length = path.size(); length > PREFIX.size(); length--) {
            if (known.apps().containsKey(appId(path.take(length)))) {
                return NameTree.leaf(new Name.Bound(path.take(length), path.drop(length)));
            }
        }
        return NameTree.neg();
    }

    @Override
    public Optional<Supplier<List<Address>>> addresses(Path id) {
        if (!id.startsWith(PREFIX)) {
            return Optional.empty();
        }
        String appId = appId(id);
        return Optional.of(() -> {
            KnownApp app = snapshot.get().apps().get(appId);
            return app == null ? List.of() : app.addresses();
        });
    }

    private static String appId(Path id) {
        return "/" + String.join("/", id.elements().subList(PREFIX.size(), id.size()));
    }
}
