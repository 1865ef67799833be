package io.finback.controlplane.mesosapi;

import akka.http.javadsl.model.HttpResponse;
import io.finback.controlplane.allocation.OperatorCommand;
import io.finback.controlplane.allocation.OperatorReply;
import io.finback.controlplane.allocator.Quota;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.controlplane.framework.CallAnswer;
import io.finback.mesos.translate.ResourceMessages;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Kind;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import io.finback.runtime.LogLevel;
import io.finback.security.Action;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.master.Protos.Call;

/**
 * Calls that change something: told to the entity that owns it, answered once that has journaled it. Codes as Mesos: 200, for changes of
 * resources 202; 400, 404, 409 and 503 by what the entity says. Made for who asks. Thread-safe.
 */
final class OperatorWrites {
    private static final int OK = 200;
    private static final int ACCEPTED = 202;
    private static final int BAD_REQUEST = 400;
    private static final int NOT_FOUND = 404;

    private final RuledCommands commands;
    private final LogLevel level;
    private final Set<FrameworkId> builtIn;

    /**
     * @param commands those of who asks
     * @param builtIn frameworks that are part of this system, and cannot be torn down
     */
    OperatorWrites(RuledCommands commands, LogLevel level, Set<FrameworkId> builtIn) {
        this.commands = commands;
        this.level = level;
        this.builtIn = Set.copyOf(builtIn);
    }

    @SuppressWarnings("deprecation") // SET_QUOTA and REMOVE_QUOTA, which old tools still speak
    CompletionStage<HttpResponse> answer(Call call) {
        return valid(() -> switch (call.getType()) {
            case SET_LOGGING_LEVEL -> setLevel(call.getSetLoggingLevel());
            case UPDATE_WEIGHTS -> setWeights(call.getUpdateWeights().getWeightInfosList());
            case RESERVE_RESOURCES -> reserve(call.getReserveResources());
            case UNRESERVE_RESOURCES ->
                change(
                        call.getUnreserveResources().getAgentId(),
                        ResourceOperation.Type.UNRESERVE,
                        "resources",
                        call.getUnreserveResources().getResourcesList());
            case CREATE_VOLUMES ->
                change(
                        call.getCreateVolumes().getAgentId(),
                        ResourceOperation.Type.CREATE,
                        "volumes",
                        call.getCreateVolumes().getVolumesList());
            case DESTROY_VOLUMES ->
                change(
                        call.getDestroyVolumes().getAgentId(),
                        ResourceOperation.Type.DESTROY,
                        "volumes",
                        call.getDestroyVolumes().getVolumesList());
            case GROW_VOLUME, SHRINK_VOLUME ->
                throw ApiFailure.badRequest(call.getType() + ": no agent has the capability RESIZE_VOLUME");
            case UPDATE_MAINTENANCE_SCHEDULE ->
                tell(new OperatorCommand.SetMaintenance(OperatorMessages.schedule(
                        call.getUpdateMaintenanceSchedule().getSchedule())));
            case START_MAINTENANCE ->
                tell(new OperatorCommand.MachinesDown(
                        OperatorMessages.machines(call.getStartMaintenance().getMachinesList())));
            case STOP_MAINTENANCE ->
                tell(new OperatorCommand.MachinesUp(
                        OperatorMessages.machines(call.getStopMaintenance().getMachinesList())));
            case DRAIN_AGENT -> drain(call.getDrainAgent());
            case DEACTIVATE_AGENT ->
                tell(new OperatorCommand.Deactivate(
                        agent(call.getDeactivateAgent().getAgentId())));
            case REACTIVATE_AGENT ->
                tell(new OperatorCommand.Reactivate(
                        agent(call.getReactivateAgent().getAgentId())));
            case MARK_AGENT_GONE ->
                tell(new OperatorCommand.MarkGone(agent(call.getMarkAgentGone().getAgentId())), OK, NOT_FOUND);
            case UPDATE_QUOTA ->
                setQuotas(
                        call.getUpdateQuota().getQuotaConfigsList().stream()
                                .map(OperatorMessages::quota)
                                .toList(),
                        call.getUpdateQuota().getForce());
            case SET_QUOTA -> setQuota(call.getSetQuota().getQuotaRequest());
            case REMOVE_QUOTA -> removeQuota(call.getRemoveQuota().getRole());
            case TEARDOWN -> teardown(call.getTeardown().getFrameworkId().getValue());
            default -> throw ApiFailure.of(501, call.getType() + " is not supported");
        });
    }

    CompletionStage<HttpResponse> setWeights(List<Protos.WeightInfo> infos) {
        Map<String, Double> weights = new LinkedHashMap<>();
        for (Protos.WeightInfo info : infos) {
            double weight = info.getWeight();
            if (!(weight > 0) || Double.isInfinite(weight)) {
                throw ApiFailure.badRequest(
                        "weight: " + weight + " of role '" + info.getRole() + "' (expected: a number > 0)");
            }
            if (info.getRole().isBlank() || weights.put(info.getRole(), weight) != null) {
                throw ApiFailure.badRequest("role: '" + info.getRole() + "' (expected: each role once, not empty)");
            }
        }
        return tell(new OperatorCommand.SetWeights(weights));
    }

    CompletionStage<HttpResponse> setQuota(org.apache.mesos.v1.quota.Protos.QuotaRequest request) {
        return setQuotas(List.of(OperatorMessages.quota(request)), request.getForce());
    }

    CompletionStage<HttpResponse> removeQuota(String role) {
        if (role.isBlank()) {
            throw ApiFailure.badRequest("role: '' (expected: the name of a role)");
        }
        return setQuotas(List.of(new Quota(role, new TreeMap<>(), new TreeMap<>())), true);
    }

    CompletionStage<HttpResponse> change(
            Protos.AgentID agent, ResourceOperation.Type type, String field, List<Protos.Resource> messages) {
        Resources resources = ResourceMessages.from(field, messages);
        boolean volumes = type == ResourceOperation.Type.CREATE || type == ResourceOperation.Type.DESTROY;
        Predicate<Kind> fits = volumes ? Kind::isPersistentVolume : Kind::isDynamicallyReserved;
        String expected = volumes ? "persistent volumes" : "dynamically reserved resources";
        if (resources.isEmpty()) {
            throw ApiFailure.badRequest(field + ": none (expected: " + expected + ")");
        }
        if (!resources.plain().isEmpty()
                || !resources.special().stream().map(Special::kind).allMatch(fits)) {
            throw ApiFailure.badRequest(field + ": " + resources + " (expected: " + expected + " only)");
        }
        ResourceOperation operation = new ResourceOperation(UUID.randomUUID().toString(), type, resources);
        return tell(
                new OperatorCommand.ChangeResources(agent(agent), List.of(operation), commands.principal()),
                ACCEPTED,
                BAD_REQUEST);
    }

    CompletionStage<HttpResponse> teardown(String framework) {
        FrameworkId id = id("framework_id", framework, FrameworkId::of);
        if (builtIn.contains(id)) {
            throw ApiFailure.of(
                    403,
                    "framework_id: " + framework + " is built in and cannot be torn down; delete its apps instead");
        }
        return commands.teardown(id).thenApply(answer -> {
            if (answer instanceof CallAnswer.Refused refused) {
                throw ApiFailure.of(
                        refused.why() == CallAnswer.Why.CONFLICT ? 409 : BAD_REQUEST,
                        "No framework found with specified ID: " + refused.message());
            }
            return Answers.empty(OK);
        });
    }

    /** Answers 200. */
    CompletionStage<HttpResponse> tell(OperatorCommand command) {
        return tell(command, OK, BAD_REQUEST);
    }

    /** What the decoding of a value says against it becomes a 400. */
    static <T> T valid(Supplier<T> work) {
        try {
            return work.get();
        } catch (IllegalArgumentException e) {
            throw ApiFailure.badRequest(String.valueOf(e.getMessage()));
        }
    }

    private CompletionStage<HttpResponse> reserve(Call.ReserveResources call) {
        if (call.getSourceCount() > 0) {
            throw ApiFailure.badRequest(
                    "source: updating a reservation in one step is not supported (expected: empty; unreserve first)");
        }
        return change(call.getAgentId(), ResourceOperation.Type.RESERVE, "resources", call.getResourcesList());
    }

    private CompletionStage<HttpResponse> drain(Call.DrainAgent call) {
        com.google.protobuf.Duration longest = call.getMaxGracePeriod();
        Optional<Duration> grace = call.hasMaxGracePeriod()
                ? Optional.of(Duration.ofSeconds(longest.getSeconds(), longest.getNanos()))
                : Optional.empty();
        if (grace.map(Duration::isNegative).orElse(false)) {
            throw ApiFailure.badRequest("max_grace_period: " + grace.get() + " (expected: >= 0)");
        }
        return tell(new OperatorCommand.Drain(agent(call.getAgentId()), grace, call.getMarkGone()));
    }

    private CompletionStage<HttpResponse> setQuotas(List<Quota> quotas, boolean force) {
        return tell(new OperatorCommand.SetQuotas(quotas, force));
    }

    private CompletionStage<HttpResponse> setLevel(Call.SetLoggingLevel call) {
        commands.require(Action.SET_LOG_LEVEL, Integer.toString(call.getLevel()));
        Duration duration = Duration.ofNanos(call.getDuration().getNanoseconds());
        ApiFailure.checked(() -> level.set(call.getLevel(), duration));
        return ClusterApi.now(Answers.empty(OK));
    }

    private CompletionStage<HttpResponse> tell(OperatorCommand command, int done, int unknown) {
        return commands.operate(command).thenApply(reply -> {
            if (reply instanceof OperatorReply.Refused refused) {
                throw ApiFailure.of(
                        switch (refused.why()) {
                            case INVALID -> BAD_REQUEST;
                            case NOT_FOUND -> unknown;
                            case CONFLICT, ABSENT -> 409;
                            case UNAVAILABLE -> 503;
                        },
                        refused.message());
            }
            return Answers.empty(done);
        });
    }

    private static AgentId agent(Protos.AgentID id) {
        return id("agent_id", id.getValue(), AgentId::of);
    }

    private static <I> I id(String field, String value, Function<String, I> of) {
        try {
            return of.apply(value);
        } catch (IllegalArgumentException e) {
            throw ApiFailure.badRequest(field + ": " + e.getMessage());
        }
    }
}
