package io.finback.runtime;

import akka.actor.ActorSystem;
import akka.actor.typed.javadsl.Adapter;
import akka.cluster.typed.Cluster;
import akka.management.cluster.bootstrap.ClusterBootstrapSettings;
import akka.management.cluster.bootstrap.JoinDecision;
import akka.management.cluster.bootstrap.JoinSelf$;
import akka.management.cluster.bootstrap.KeepProbing$;
import akka.management.cluster.bootstrap.LowestAddressJoinDecider;
import akka.management.cluster.bootstrap.SeedNodesInformation;
import io.finback.persistence.ClusterTable;
import io.finback.runtime.MembershipMessage.Incarnation;
import io.finback.settings.ClusterSettings;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/**
 * Akka's rule for masters that find each other by discovery, and one more condition: whoever would form a cluster takes the database's row first.
 * Akka makes it by name; one on every master that uses discovery.
 */
public final class ClaimingJoinDecider extends LowestAddressJoinDecider {
    private static final Logger log = LoggerFactory.getLogger(ClaimingJoinDecider.class);

    private final Optional<Claims> claims;
    private final Incarnation self;

    public ClaimingJoinDecider(ActorSystem system, ClusterBootstrapSettings settings) {
        super(system, settings);
        ClusterSettings cluster = ClusterSettings.from(system.settings().config());
        claims = ClusterTable.of(system.settings().config())
                .map(table -> new Claims(table, cluster.claim().expiresAfter()));
        self = Incarnation.of(Cluster.get(Adapter.toTyped(system)).selfMember().uniqueAddress());
    }

    @Override
    public Future<JoinDecision> decide(SeedNodesInformation found) {
        CompletionStage<JoinDecision> decided = FutureConverters.asJava(super.decide(found));
        return FutureConverters.asScala(
                decided.thenCompose(decision -> decision == JoinSelf$.MODULE$ && claims.isPresent()
                        ? form(claims.get())
                        : CompletableFuture.completedFuture(decision)));
    }

    /** Whoever is asked again says the same: a claim of one's own is one's own. */
    private CompletionStage<JoinDecision> form(Claims with) {
        return with.take(self, List.of()).handle((outcome, failure) -> {
            if (outcome instanceof Claims.Outcome.Taken) {
                log.info("cluster.formed by=discovery");
                return JoinSelf$.MODULE$;
            }
            log.warn("cluster.not_formed reason='{}' next=try_again", failure == null ? outcome : failure.toString());
            return KeepProbing$.MODULE$;
        });
    }
}
