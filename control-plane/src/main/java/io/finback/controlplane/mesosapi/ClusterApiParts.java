package io.finback.controlplane.mesosapi;

import akka.http.javadsl.model.HttpRequest;
import io.finback.controlplane.view.ClusterSnapshot;
import java.time.Clock;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What {@link ClusterApi} is made of.
 *
 * @param reads threads on which answers are written, away from every actor
 * @param flags this master's settings under Mesos' names, without secrets
 * @param discard reads away the entity of a request nobody wants it of
 */
public record ClusterApiParts(
        Supplier<ClusterSnapshot> view,
        Supplier<MasterIdentity> self,
        Clock clock,
        Executor reads,
        ClusterApiSettings settings,
        SortedMap<String, String> flags,
        Function<HttpRequest, CompletionStage<Void>> discard) {
    public ClusterApiParts {
        flags = Collections.unmodifiableSortedMap(new TreeMap<>(flags));
    }
}
