package io.finback.controlplane.mesosapi.subscribe;

import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.controlplane.framework.Caller;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.mesosapi.translate.ConstraintMessages;
import io.finback.controlplane.mesosapi.translate.FrameworkMessages;
import io.finback.controlplane.mesosapi.translate.OfferMessages;
import io.finback.mesos.translate.ExecutorMessages;
import io.finback.mesos.translate.ResourceMessages;
import io.finback.mesos.translate.StatusMessages;
import io.finback.mesos.translate.TaskMessages;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskGroup;
import io.finback.tasks.TaskInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.scheduler.Protos.Call;

/**
 * Calls, from v1 messages whose {@link Envelope} is right. An {@link IllegalArgumentException} says what cannot be understood; a single
 * task or operation that cannot be, is handed on as such, because the others of its call count.
 */
final class CallMessages {
    private static final AgentId NO_AGENT = AgentId.of("unknown");

    private CallMessages() {}

    /** Everything but SUBSCRIBE and UNKNOWN. */
    static SchedulerCall from(FrameworkId framework, Call call, Caller caller) {
        return switch (call.getType()) {
            case TEARDOWN -> new SchedulerCall.Teardown(caller, false);
            case ACCEPT -> accept(framework, call.getAccept(), caller);
            case DECLINE ->
                new SchedulerCall.Decline(
                        caller,
                        offers("decline.offer_ids", call.getDecline().getOfferIdsList()),
                        refuse(call.getDecline().hasFilters(), call.getDecline().getFilters()));
            case ACCEPT_INVERSE_OFFERS ->
                new SchedulerCall.AnswerInverse(
                        caller,
                        offers(
                                "accept_inverse_offers.inverse_offer_ids",
                                call.getAcceptInverseOffers().getInverseOfferIdsList()),
                        true,
                        refuse(
                                call.getAcceptInverseOffers().hasFilters(),
                                call.getAcceptInverseOffers().getFilters()));
            case DECLINE_INVERSE_OFFERS ->
                new SchedulerCall.AnswerInverse(
                        caller,
                        offers(
                                "decline_inverse_offers.inverse_offer_ids",
                                call.getDeclineInverseOffers().getInverseOfferIdsList()),
                        false,
                        refuse(
                                call.getDeclineInverseOffers().hasFilters(),
                                call.getDeclineInverseOffers().getFilters()));
            case REVIVE ->
                new SchedulerCall.Revive(caller, Set.copyOf(call.getRevive().getRolesList()));
            case SUPPRESS ->
                new SchedulerCall.Suppress(caller, Set.copyOf(call.getSuppress().getRolesList()));
            case KILL -> kill(call.getKill(), caller);
            case ACKNOWLEDGE ->
                new SchedulerCall.Acknowledge(
                        caller,
                        task(call.getAcknowledge().getTaskId()),
                        StatusMessages.uuid(call.getAcknowledge().getUuid()).orElseThrow());
            case ACKNOWLEDGE_OPERATION_STATUS ->
                new SchedulerCall.AcknowledgeOperation(
                        caller,
                        call.getAcknowledgeOperationStatus().getOperationId().getValue(),
                        StatusMessages.uuid(call.getAcknowledgeOperationStatus().getUuid())
                                .orElseThrow());
            case RECONCILE -> reconcile(call.getReconcile(), caller);
            case RECONCILE_OPERATIONS ->
                new SchedulerCall.ReconcileOperations(
                        caller,
                        call.getReconcileOperations().getOperationsList().stream()
                                .map(operation -> operation.getOperationId().getValue())
                                .toList());
            case UPDATE_FRAMEWORK -> update(call.getUpdateFramework(), caller);
            case SHUTDOWN ->
                new SchedulerCall.ShutdownExecutor(
                        caller,
                        AgentId.of(call.getShutdown().getAgentId().getValue()),
                        call.getShutdown().getExecutorId().getValue());
            case MESSAGE ->
                new SchedulerCall.Message(
                        caller,
                        AgentId.of(call.getMessage().getAgentId().getValue()),
                        call.getMessage().getExecutorId().getValue(),
                        ExecutorMessages.bytes(call.getMessage().getData()));
            case REQUEST -> new SchedulerCall.ToNobody(caller, call.getType().name());
            case SUBSCRIBE, UNKNOWN -> throw new IllegalStateException(call.getType() + " is not translated here");
        };
    }

    private static SchedulerCall accept(FrameworkId framework, Call.Accept accept, Caller caller) {
        List<SchedulerCall.Operation> operations = new ArrayList<>();
        for (Protos.Offer.Operation operation : accept.getOperationsList()) {
            operations.add(operation(framework, operation));
        }
        return new SchedulerCall.Accept(
                caller,
                offers("accept.offer_ids", accept.getOfferIdsList()),
                operations,
                refuse(accept.hasFilters(), accept.getFilters()));
    }

    private static SchedulerCall.Operation operation(FrameworkId framework, Protos.Offer.Operation message) {
        Optional<String> id = message.hasId() ? Optional.of(message.getId().getValue()) : Optional.empty();
        return switch (message.getType()) {
            case LAUNCH -> {
                List<SchedulerCall.Operation.Rejected> rejected = new ArrayList<>();
                List<TaskInfo> tasks = tasks(
                        message.getLaunch().getTaskInfosList(), rejected, task -> TaskMessages.from(framework, task));
                yield new SchedulerCall.Operation.Launch(tasks, rejected);
            }
            case LAUNCH_GROUP -> group(framework, message.getLaunchGroup());
            case RESERVE ->
                change(
                        id,
                        message,
                        ResourceOperation.Type.RESERVE,
                        message.getReserve().getResourcesList());
            case UNRESERVE ->
                change(
                        id,
                        message,
                        ResourceOperation.Type.UNRESERVE,
                        message.getUnreserve().getResourcesList());
            case CREATE ->
                change(
                        id,
                        message,
                        ResourceOperation.Type.CREATE,
                        message.getCreate().getVolumesList());
            case DESTROY ->
                change(
                        id,
                        message,
                        ResourceOperation.Type.DESTROY,
                        message.getDestroy().getVolumesList());
            case GROW_VOLUME, SHRINK_VOLUME, CREATE_DISK, DESTROY_DISK, UNKNOWN ->
                new SchedulerCall.Operation.Unsupported(id, message.getType().name());
        };
    }

    private static SchedulerCall.Operation change(
            Optional<String> id,
            Protos.Offer.Operation message,
            ResourceOperation.Type type,
            List<Protos.Resource> resources) {
        try {
            if (message.getReserve().getSourceCount() > 0) {
                throw new IllegalArgumentException("source: only operators may name it (expected: none)");
            }
            return new SchedulerCall.Operation.Change(
                    id,
                    new ResourceOperation(
                            UUID.randomUUID().toString(), type, ResourceMessages.from("resources", resources)));
        } catch (IllegalArgumentException e) {
            return new SchedulerCall.Operation.Unsupported(id, type + ": " + e.getMessage());
        }
    }

    /** An executor that is wrong makes every task of its group wrong. */
    private static SchedulerCall.Operation group(FrameworkId framework, Protos.Offer.Operation.LaunchGroup launch) {
        List<Protos.TaskInfo> messages = launch.getTaskGroup().getTasksList();
        List<SchedulerCall.Operation.Rejected> rejected = new ArrayList<>();
        if (messages.isEmpty()) {
            return new SchedulerCall.Operation.LaunchGroup(List.of(), rejected);
        }
        TaskGroup group = new TaskGroup(UUID.randomUUID().toString(), messages.size());
        List<TaskInfo> tasks = tasks(
                messages,
                rejected,
                task -> TaskMessages.ofGroup(
                        framework, task, ExecutorMessages.from(framework, launch.getExecutor(), true), group));
        return new SchedulerCall.Operation.LaunchGroup(tasks, rejected);
    }

    private static List<TaskInfo> tasks(
            List<Protos.TaskInfo> messages,
            List<SchedulerCall.Operation.Rejected> rejected,
            Function<Protos.TaskInfo, TaskInfo> translation) {
        List<TaskInfo> tasks = new ArrayList<>();
        for (Protos.TaskInfo message : messages) {
            try {
                tasks.add(translation.apply(message));
            } catch (IllegalArgumentException e) {
                rejected.add(new SchedulerCall.Operation.Rejected(
                        message.getTaskId().getValue(),
                        agentOrNone(message.getAgentId()),
                        String.valueOf(e.getMessage())));
            }
        }
        return tasks;
    }

    private static AgentId agentOrNone(Protos.AgentID id) {
        try {
            return AgentId.of(id.getValue());
        } catch (IllegalArgumentException e) {
            return NO_AGENT;
        }
    }

    private static SchedulerCall kill(Call.Kill kill, Caller caller) {
        Optional<Duration> grace = kill.hasKillPolicy() && kill.getKillPolicy().hasGracePeriod()
                ? Optional.of(TaskMessages.nanoseconds(
                        "kill.kill_policy.grace_period",
                        kill.getKillPolicy().getGracePeriod().getNanoseconds()))
                : Optional.empty();
        Optional<AgentId> agent =
                kill.hasAgentId() ? Optional.of(AgentId.of(kill.getAgentId().getValue())) : Optional.empty();
        return new SchedulerCall.Kill(caller, task(kill.getTaskId()), agent, grace);
    }

    private static SchedulerCall reconcile(Call.Reconcile reconcile, Caller caller) {
        List<SchedulerCall.Asked> asked = new ArrayList<>();
        for (Call.Reconcile.Task task : reconcile.getTasksList()) {
            Optional<AgentId> agent =
                    task.hasAgentId() ? Optional.of(AgentId.of(task.getAgentId().getValue())) : Optional.empty();
            asked.add(new SchedulerCall.Asked(task(task.getTaskId()), agent));
        }
        return new SchedulerCall.Reconcile(caller, asked);
    }

    private static SchedulerCall update(Call.UpdateFramework update, Caller caller) {
        return new SchedulerCall.Update(
                caller,
                FrameworkMessages.from(update.getFrameworkInfo()),
                Set.copyOf(update.getSuppressedRolesList()),
                ConstraintMessages.from(update.getOfferConstraints()));
    }

    private static List<OfferId> offers(String field, List<Protos.OfferID> ids) {
        List<OfferId> offers = new ArrayList<>();
        for (Protos.OfferID id : ids) {
            try {
                offers.add(OfferId.of(id.getValue()));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(field + ": " + e.getMessage(), e);
            }
        }
        return offers;
    }

    private static TaskId task(Protos.TaskID id) {
        return TaskId.of(id.getValue());
    }

    private static Duration refuse(boolean given, Protos.Filters filters) {
        return OfferMessages.refuse(given, filters);
    }
}
