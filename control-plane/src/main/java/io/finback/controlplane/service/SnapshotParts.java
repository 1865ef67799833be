package io.finback.controlplane.service;

import io.finback.controlplane.app.AppSnapshot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Puts the snapshots of large apps together. Of each app it keeps the parts of one revision, the newest; a part that is lost leaves it
 * incomplete until the next revision, or until the app is asked again. Thread-safe.
 */
final class SnapshotParts {
    private static final class Parts {
        final long revision;
        final @Nullable AppSnapshot[] parts;

        Parts(AppSnapshot first) {
            this.revision = first.revision();
            this.parts = new AppSnapshot[first.slice().count()];
        }
    }

    private final Map<String, Parts> incomplete = new HashMap<>();

    /** Returns the whole once this was its last part. */
    synchronized Optional<AppSnapshot> add(AppSnapshot part) {
        Parts known = incomplete.get(part.appId());
        if (known == null || known.revision < part.revision()) {
            known = new Parts(part);
            incomplete.put(part.appId(), known);
        }
        if (known.revision != part.revision()
                || known.parts.length != part.slice().count()) {
            return Optional.empty();
        }
        known.parts[part.slice().index()] = part;
        List<AppSnapshot> there = new ArrayList<>();
        Arrays.stream(known.parts).filter(Objects::nonNull).forEach(there::add);
        if (there.size() < known.parts.length) {
            return Optional.empty();
        }
        incomplete.remove(part.appId());
        return Optional.of(AppSnapshot.joined(there));
    }

    synchronized void forget(String appId) {
        incomplete.remove(appId);
    }
}
