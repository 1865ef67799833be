package io.finback.runtime;

import akka.actor.AbstractExtensionId;
import akka.actor.ClassicActorSystemProvider;
import akka.actor.ExtendedActorSystem;
import akka.actor.Extension;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What {@code /ready} of a node means: every check that the node has added holds. One per ActorSystem; before anything is added the
 * node is not ready. Thread-safe. A check must answer within a second and must not block.
 */
public final class Readiness implements Extension {
    private static final Id ID = new Id();

    private final Map<String, Supplier<CompletionStage<Boolean>>> checks = new ConcurrentSkipListMap<>();
    private volatile @Nullable ClusterLink link;

    private Readiness() {}

    /** The readiness that {@link Management} of this system shows. */
    public static Readiness of(ClassicActorSystemProvider system) {
        return ID.get(system);
    }

    /** Adds a check, or replaces the one of that name. */
    public void add(String name, Supplier<CompletionStage<Boolean>> check) {
        checks.put(name, check);
    }

    /** Completes with the names of the checks that do not hold now; a check that fails does not hold. */
    CompletionStage<List<String>> failing() {
        if (checks.isEmpty()) {
            return CompletableFuture.completedFuture(List.of("starting"));
        }
        CompletableFuture<List<String>> all = CompletableFuture.completedFuture(List.of());
        for (Map.Entry<String, Supplier<CompletionStage<Boolean>>> check : checks.entrySet()) {
            CompletableFuture<Boolean> holds = run(check.getValue());
            all = all.thenCombine(holds, (names, ok) -> ok ? names : plus(names, check.getKey()));
        }
        return all;
    }

    Optional<ClusterLink> link() {
        return Optional.ofNullable(link);
    }

    void link(ClusterLink member) {
        link = member;
    }

    private static CompletableFuture<Boolean> run(Supplier<CompletionStage<Boolean>> check) {
        try {
            return check.get().exceptionally(failure -> false).toCompletableFuture();
        } catch (RuntimeException e) {
            return CompletableFuture.completedFuture(false);
        }
    }

    private static List<String> plus(List<String> names, String name) {
        return Stream.concat(names.stream(), Stream.of(name)).toList();
    }

    private static final class Id extends AbstractExtensionId<Readiness> {
        @Override
        public Readiness createExtension(ExtendedActorSystem system) {
            return new Readiness();
        }
    }
}
