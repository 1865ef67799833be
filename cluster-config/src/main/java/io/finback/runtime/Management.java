package io.finback.runtime;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.HttpsConnectionContext;
import akka.management.cluster.bootstrap.ClusterBootstrap;
import akka.management.javadsl.AkkaManagement;
import com.typesafe.config.Config;
import io.finback.settings.ClusterSettings;
import io.finback.tls.NodeTls;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Akka Management of a node at {@code finback.management}, read-only: {@code /cluster/members}, {@code /alive} (the process answers)
 * and {@code /ready} (the node serves its role: every check of {@link Readiness} holds, and a master is a member). It ends with its
 * system.
 */
public final class Management {
    private Management() {}

    /** For a node whose system is the cluster member (a master). Fails with {@link StartFailure} when the port is taken. */
    public static CompletionStage<Void> start(ActorSystem<?> system) {
        return bind(system).thenApply(done -> {
            if (ClusterSettings.from(system.settings().config()).discovery().used()) {
                // What others ask to find us is served from here on, so now we may look for them.
                ClusterBootstrap.get(system).start();
            }
            return null;
        });
    }

    private static CompletionStage<Void> bind(ActorSystem<?> system) {
        AkkaManagement management = AkkaManagement.get(system);
        String address = management.settings().getHttpHostname() + ":"
                + management.settings().getHttpPort();
        Optional<HttpsConnectionContext> https = https(system);
        return management.start(settings -> https.map(settings::withHttpsConnectionContext).orElse(settings)).handle((uri, failure) -> {
            if (failure != null) {
                throw new CompletionException(new StartFailure(
                        "finback.management: cannot listen on " + address
                                + "; stop what uses the port or set finback.management.port",
                        failure));
            }
            return null;
        });
    }

    private static Optional<HttpsConnectionContext> https(ActorSystem<?> system) {
        Config config = system.settings().config();
        Optional<NodeTls> tls = NodeTls.from(config).filter(each -> each.settings().management());
        if (tls.isPresent() && ClusterSettings.from(config).discovery().used()) {
            throw new StartFailure(
                    "finback.tls.management: true (expected: false, because masters that finback.cluster.discovery looks for "
                            + "ask each other there in plain HTTP; keep the port closed from outside)");
        }
        return tls.map(each -> each.server(each.settings().clientCertificates()));
    }

    /** For a node that has a local system and a link: outlives every member, and shows the one of now. */
    public static CompletionStage<Void> start(ActorSystem<?> system, ClusterLink link) {
        Readiness.of(system).link(link);
        return bind(system);
    }
}
