package io.finback.controlplane.mesosapi;

import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.controlplane.mesosapi.translate.FrameworkMessages;
import io.finback.controlplane.mesosapi.translate.OfferMessages;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.Pages;
import io.finback.mesos.translate.CheckMessages;
import io.finback.mesos.translate.ContainerMessages;
import io.finback.mesos.translate.ExecutorMessages;
import io.finback.mesos.translate.ResourceMessages;
import io.finback.mesos.translate.ResourceMessages.Format;
import io.finback.mesos.translate.StatusMessages;
import io.finback.mesos.translate.TaskMessages;
import io.finback.resources.Resources;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.master.Protos.Response;
import org.apache.mesos.v1.master.Protos.Response.GetAgents;
import org.apache.mesos.v1.master.Protos.Response.GetFrameworks;
import org.apache.mesos.v1.scheduler.Protos.AttributeConstraint;

/** What a view knows, in Mesos' v1 messages. Resources are in the newer format, as Mesos' operator API has them. */
final class ViewMessages {
    private static final List<Protos.AgentInfo.Capability.Type> CAPABILITIES = List.of(
            Protos.AgentInfo.Capability.Type.MULTI_ROLE,
            Protos.AgentInfo.Capability.Type.HIERARCHICAL_ROLE,
            Protos.AgentInfo.Capability.Type.RESERVATION_REFINEMENT,
            Protos.AgentInfo.Capability.Type.AGENT_OPERATION_FEEDBACK,
            Protos.AgentInfo.Capability.Type.AGENT_DRAINING);

    private ViewMessages() {}

    static Protos.Task task(FrameworkDelta.Task task) {
        Protos.Task.Builder message = Protos.Task.newBuilder()
                .setName(task.name())
                .setTaskId(Protos.TaskID.newBuilder().setValue(task.id().value()))
                .setFrameworkId(Protos.FrameworkID.newBuilder()
                        .setValue(task.status().framework().value()))
                .setAgentId(Protos.AgentID.newBuilder().setValue(task.agent().value()))
                .setState(StatusMessages.state(task.status().state()))
                .addAllResources(resources(task.resources(), Optional.of(task.role())));
        task.history().forEach(status -> message.addStatuses(StatusMessages.to(status)));
        Protos.TaskStatus latest = StatusMessages.to(task.status());
        message.addStatuses(latest);
        message.setStatusUpdateState(latest.getState());
        if (latest.hasUuid()) {
            message.setStatusUpdateUuid(latest.getUuid());
        }
        if (!task.labels().isEmpty()) {
            Protos.Labels.Builder labels = Protos.Labels.newBuilder();
            new TreeMap<>(task.labels())
                    .forEach((key, value) -> labels.addLabels(
                            Protos.Label.newBuilder().setKey(key).setValue(value)));
            message.setLabels(labels);
        }
        task.executor()
                .ifPresent(executor ->
                        message.setExecutorId(Protos.ExecutorID.newBuilder().setValue(executor.id())));
        task.discovery().ifPresent(discovery -> message.setDiscovery(TaskMessages.to(discovery)));
        task.healthCheck().ifPresent(check -> message.setHealthCheck(CheckMessages.to(check)));
        task.container().ifPresent(container -> message.setContainer(ContainerMessages.to(container)));
        task.user().ifPresent(message::setUser);
        task.limits()
                .forEach((name, limit) -> message.putLimits(
                        name, Protos.Value.Scalar.newBuilder().setValue(limit).build()));
        return message.build();
    }

    static GetAgents.Agent agent(AllocationDelta.Agent agent) {
        GetAgents.Agent.Builder message = GetAgents.Agent.newBuilder()
                .setAgentInfo(info(agent))
                .setActive(agent.active())
                .setDeactivated(agent.deactivated())
                .setVersion(agent.spec().version())
                .setPid("slave(1)@" + agent.spec().hostname() + ":"
                        + agent.spec().httpPort())
                .setRegisteredTime(time(agent.admittedAt()))
                .addAllTotalResources(resources(agent.total(), Optional.empty()))
                .addAllAllocatedResources(resources(agent.allocated(), Optional.empty()))
                .addAllOfferedResources(resources(agent.offered(), Optional.empty()));
        CAPABILITIES.forEach(type ->
                message.addCapabilities(Protos.AgentInfo.Capability.newBuilder().setType(type)));
        agent.drain().ifPresent(drain -> {
            message.setDrainInfo(drain(drain));
            message.setEstimatedDrainStartTime(time(drain.since()));
        });
        return message.build();
    }

    /** Without its tasks. {@code offers}: those it has. */
    static GetFrameworks.Framework framework(
            ClusterSnapshot.Framework framework, List<FrameworkOffers.Standing> offers) {
        boolean live = framework.connected() && !framework.tornDown();
        GetFrameworks.Framework.Builder message = GetFrameworks.Framework.newBuilder()
                .setFrameworkInfo(info(framework))
                .setActive(live)
                .setConnected(live)
                .setRecovered(framework.info().isEmpty());
        framework.registeredAt().ifPresent(at -> message.setRegisteredTime(time(at)));
        framework.reregisteredAt().ifPresent(at -> message.setReregisteredTime(time(at)));
        framework.removedAt().ifPresent(at -> message.setUnregisteredTime(time(at)));
        allocated(framework.tasks(), message);
        allocated(framework.executors(), message);
        if (!framework.constraints().isEmpty()) {
            message.setOfferConstraints(constraints(framework.constraints()));
        }
        offers.forEach(offer -> {
            message.addOffers(offer(framework, offer));
            message.addAllOfferedResources(resources(
                    offer.offer().resources(), Optional.of(offer.offer().role())));
        });
        return message.build();
    }

    private static void allocated(Pages<FrameworkDelta.Task> holders, GetFrameworks.Framework.Builder message) {
        TaskTally.of(holders).held().forEach((role, held) -> ResourceMessages.quantities(held.milli())
                .forEach(resource -> message.addAllocatedResources(resource.toBuilder()
                        .setAllocationInfo(
                                Protos.Resource.AllocationInfo.newBuilder().setRole(role)))));
    }

    /** A run of an executor. */
    static Response.GetExecutors.Executor executor(FrameworkDelta.Task run) {
        return Response.GetExecutors.Executor.newBuilder()
                .setExecutorInfo(ExecutorMessages.to(
                        run.status().framework(), run.executor().orElseThrow()))
                .setAgentId(Protos.AgentID.newBuilder().setValue(run.agent().value()))
                .build();
    }

    static Response.GetExecutors executors(ClusterSnapshot view) {
        Response.GetExecutors.Builder all = Response.GetExecutors.newBuilder();
        view.shownFrameworks().forEach(framework -> framework.executors().stream()
                .filter(run -> run.executor().isPresent())
                .forEach(run -> all.addExecutors(executor(run))));
        return all.build();
    }

    static Protos.FrameworkInfo info(ClusterSnapshot.Framework framework) {
        FrameworkInfo info = framework.info().orElse(new FrameworkInfo("", "", List.of(), Duration.ZERO));
        return FrameworkMessages.to(framework.id(), info);
    }

    static org.apache.mesos.v1.scheduler.Protos.OfferConstraints constraints(OfferConstraints constraints) {
        var message = org.apache.mesos.v1.scheduler.Protos.OfferConstraints.newBuilder();
        constraints.byRole().forEach((role, groups) -> {
            var ofRole = org.apache.mesos.v1.scheduler.Protos.OfferConstraints.RoleConstraints.newBuilder();
            for (OfferConstraints.Group group : groups) {
                var to = org.apache.mesos.v1.scheduler.Protos.OfferConstraints.RoleConstraints.Group.newBuilder();
                group.all().forEach(constraint -> to.addAttributeConstraints(constraint(constraint)));
                ofRole.addGroups(to);
            }
            message.putRoleConstraints(role, ofRole.build());
        });
        return message.build();
    }

    private static AttributeConstraint constraint(OfferConstraints.AttributeConstraint constraint) {
        AttributeConstraint.Selector.Builder selector = AttributeConstraint.Selector.newBuilder();
        constraint
                .pseudo()
                .ifPresent(pseudo -> selector.setPseudoattributeType(
                        AttributeConstraint.Selector.PseudoattributeType.valueOf(pseudo.name())));
        constraint.attribute().ifPresent(selector::setAttributeName);
        String text = constraint.text().orElse("");
        var is = AttributeConstraint.Predicate.newBuilder();
        var predicate =
                switch (constraint.test()) {
                    case EXISTS -> is.setExists(AttributeConstraint.Predicate.Exists.getDefaultInstance());
                    case NOT_EXISTS -> is.setNotExists(AttributeConstraint.Predicate.NotExists.getDefaultInstance());
                    case TEXT_EQUALS ->
                        is.setTextEquals(AttributeConstraint.Predicate.TextEquals.newBuilder()
                                .setValue(text));
                    case TEXT_NOT_EQUALS ->
                        is.setTextNotEquals(AttributeConstraint.Predicate.TextNotEquals.newBuilder()
                                .setValue(text));
                    case TEXT_MATCHES ->
                        is.setTextMatches(AttributeConstraint.Predicate.TextMatches.newBuilder()
                                .setRegex(text));
                    case TEXT_NOT_MATCHES ->
                        is.setTextNotMatches(AttributeConstraint.Predicate.TextNotMatches.newBuilder()
                                .setRegex(text));
                };
        return AttributeConstraint.newBuilder()
                .setSelector(selector)
                .setPredicate(predicate)
                .build();
    }

    static List<Protos.Resource> resources(Resources resources, Optional<String> role) {
        return ResourceMessages.to(resources, Format.REFINED, role);
    }

    static Protos.TimeInfo time(Instant at) {
        return Protos.TimeInfo.newBuilder()
                .setNanoseconds(at.getEpochSecond() * 1_000_000_000L + at.getNano())
                .build();
    }

    private static Protos.AgentInfo info(AllocationDelta.Agent agent) {
        Protos.AgentInfo.Builder info = Protos.AgentInfo.newBuilder()
                .setHostname(agent.spec().hostname())
                .setPort(agent.spec().httpPort())
                .setId(Protos.AgentID.newBuilder().setValue(agent.spec().id().value()))
                .addAllResources(resources(agent.spec().total(), Optional.empty()));
        for (Map.Entry<String, String> attribute : new TreeMap<>(agent.spec().attributes()).entrySet()) {
            info.addAttributes(OfferMessages.attribute(attribute.getKey(), attribute.getValue()));
        }
        agent.spec().domain().ifPresent(domain -> info.setDomain(OfferMessages.to(domain)));
        return info.build();
    }

    private static Protos.DrainInfo drain(AllocationDelta.Drain drain) {
        Protos.DrainConfig.Builder config = Protos.DrainConfig.newBuilder().setMarkGone(drain.markGone());
        drain.maxGrace()
                .ifPresent(grace -> config.setMaxGracePeriod(
                        Protos.DurationInfo.newBuilder().setNanoseconds(grace.toNanos())));
        return Protos.DrainInfo.newBuilder()
                .setState(drain.drained() ? Protos.DrainState.DRAINED : Protos.DrainState.DRAINING)
                .setConfig(config)
                .build();
    }

    private static Protos.Offer offer(ClusterSnapshot.Framework framework, FrameworkOffers.Standing standing) {
        AllocationDelta.Agent agent = standing.agent();
        return Protos.Offer.newBuilder()
                .setId(Protos.OfferID.newBuilder()
                        .setValue(standing.offer().id().value()))
                .setFrameworkId(
                        Protos.FrameworkID.newBuilder().setValue(framework.id().value()))
                .setAgentId(
                        Protos.AgentID.newBuilder().setValue(agent.spec().id().value()))
                .setHostname(agent.spec().hostname())
                .setUrl(OfferMessages.url(agent.spec().hostname(), agent.spec().httpPort()))
                .setAllocationInfo(Protos.Resource.AllocationInfo.newBuilder()
                        .setRole(standing.offer().role()))
                .addAllResources(resources(
                        standing.offer().resources(),
                        Optional.of(standing.offer().role())))
                .build();
    }
}
