package io.finback.controlplane.service;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import io.finback.controlplane.app.AppAnswer;
import io.finback.controlplane.app.AppCommand;
import io.finback.controlplane.app.DeploymentMessage;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.scheduler.Member;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Begins deployments over several apps: holds every app, then lets the deployment begin; when one refuses, lets the others go again. What
 * decides is the deployment's journal: a master that dies in between leaves apps held until the deployment calls itself off.
 */
final class Rollouts {
    /** Apps asked at once. */
    private static final int BATCH = 64;

    private final ClusterSharding sharding;
    private final Duration timeout;
    private final Apps apps;

    /** One question to an app. */
    interface Apps {
        CompletionStage<AppAnswer> ask(String app, Function<ActorRef<AppAnswer>, AppCommand> command, Duration limit);
    }

    Rollouts(ClusterSharding sharding, Duration timeout, Apps apps) {
        this.sharding = sharding;
        this.timeout = timeout;
        this.apps = apps;
    }

    /** Completes with the refusals, none when the deployment has begun; fails when that cannot be told. */
    CompletionStage<List<AppAnswer.Refused>> begin(DeploymentPlan plan, List<Member> members, boolean force) {
        EntityRef<DeploymentMessage> deployment = sharding.entityRefFor(DeploymentMessage.KEY, plan.id());
        List<String> ids = members.stream().map(Member::appId).toList();
        return enlist(plan, members, force, new ArrayList<>())
                .thenCompose(refused -> {
                    if (!refused.isEmpty()) {
                        callOff(plan, deployment, ids, "an app has refused");
                        return CompletableFuture.completedFuture(refused);
                    }
                    return plan.shared()
                            ? begun(plan, deployment)
                            : CompletableFuture.completedFuture(List.<AppAnswer.Refused>of());
                })
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        callOff(plan, deployment, ids, "an app did not answer");
                    }
                });
    }

    private CompletionStage<List<AppAnswer.Refused>> begun(
            DeploymentPlan plan, EntityRef<DeploymentMessage> deployment) {
        CompletionStage<DeploymentMessage.BeginReply> reply = Patience.ask(
                timeout, limit -> deployment.ask(replyTo -> new DeploymentMessage.Begin(plan, replyTo), limit));
        return reply.thenApply(r -> {
            if (!r.begun()) {
                throw new IllegalStateException("deployment " + plan.id() + " was called off before it began");
            }
            return List.of();
        });
    }

    private CompletionStage<List<AppAnswer.Refused>> enlist(
            DeploymentPlan plan, List<Member> members, boolean force, List<AppAnswer.Refused> refused) {
        if (members.isEmpty() || !refused.isEmpty()) {
            return CompletableFuture.completedFuture(refused);
        }
        List<Member> batch = members.subList(0, Math.min(BATCH, members.size()));
        List<CompletableFuture<AppAnswer>> answers = new ArrayList<>();
        for (Member member : batch) {
            DeploymentPlan slice = plan.slice(member.appId());
            answers.add(Patience.ask(
                            timeout,
                            limit -> apps.ask(
                                    member.appId(),
                                    replyTo -> new AppCommand.Enlist(member, slice, force, replyTo),
                                    limit))
                    .toCompletableFuture());
        }
        return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                .thenCompose(all -> {
                    List<AppAnswer.Refused> found = new ArrayList<>(refused);
                    for (CompletableFuture<AppAnswer> answer : answers) {
                        if (answer.join() instanceof AppAnswer.Refused no) {
                            found.add(no);
                        }
                    }
                    return enlist(plan, members.subList(batch.size(), members.size()), force, found);
                });
    }

    private static void callOff(
            DeploymentPlan plan, EntityRef<DeploymentMessage> deployment, List<String> apps, String why) {
        if (plan.shared()) {
            deployment.tell(new DeploymentMessage.CallOff(apps, why));
        }
    }
}
