package io.finback.controlplane.mesosapi;

import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.mesosapi.translate.MasterMessages;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.mesos.translate.ResourceMessages;
import io.finback.runtime.LogLevel;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.master.Protos.Call;
import org.apache.mesos.v1.master.Protos.Response;

/** The small answers of the operator API. */
final class OperatorReads {
    private final ClusterApiParts parts;
    private final LogLevel level;
    private final EventStreams streams;

    OperatorReads(ClusterApiParts parts, LogLevel level, EventStreams streams) {
        this.parts = parts;
        this.level = level;
        this.streams = streams;
    }

    /** What needs no whole view. */
    Response always(Call call) {
        Response.Builder response = Response.newBuilder();
        MasterIdentity self = parts.self().get();
        return switch (call.getType()) {
            case GET_HEALTH ->
                response.setType(Response.Type.GET_HEALTH)
                        .setGetHealth(Response.GetHealth.newBuilder().setHealthy(true))
                        .build();
            case GET_FLAGS ->
                response.setType(Response.Type.GET_FLAGS).setGetFlags(flags()).build();
            case GET_VERSION ->
                response.setType(Response.Type.GET_VERSION)
                        .setGetVersion(Response.GetVersion.newBuilder()
                                .setVersionInfo(Protos.VersionInfo.newBuilder().setVersion(self.version())))
                        .build();
            case GET_METRICS ->
                response.setType(Response.Type.GET_METRICS)
                        .setGetMetrics(metrics())
                        .build();
            case GET_LOGGING_LEVEL ->
                response.setType(Response.Type.GET_LOGGING_LEVEL)
                        .setGetLoggingLevel(
                                Response.GetLoggingLevel.newBuilder().setLevel(level.current()))
                        .build();
            default ->
                response.setType(Response.Type.GET_MASTER)
                        .setGetMaster(Response.GetMaster.newBuilder()
                                .setMasterInfo(MasterMessages.to(self.id(), self.host(), self.port()))
                                .setStartTime(StateJson.seconds(self.startedAt()))
                                .setElectedTime(StateJson.seconds(self.startedAt())))
                        .build();
        };
    }

    Response ofView(Call call, Look look) {
        ClusterSnapshot view = look.shown();
        Response.Builder response = Response.newBuilder();
        return switch (call.getType()) {
            case GET_ROLES ->
                response.setType(Response.Type.GET_ROLES)
                        .setGetRoles(roles(look))
                        .build();
            case GET_WEIGHTS ->
                response.setType(Response.Type.GET_WEIGHTS)
                        .setGetWeights(weights(view.pool()))
                        .build();
            case GET_QUOTA ->
                response.setType(Response.Type.GET_QUOTA)
                        .setGetQuota(Response.GetQuota.newBuilder().setStatus(OperatorMessages.quota(view.pool())))
                        .build();
            case GET_MAINTENANCE_SCHEDULE ->
                response.setType(Response.Type.GET_MAINTENANCE_SCHEDULE)
                        .setGetMaintenanceSchedule(Response.GetMaintenanceSchedule.newBuilder()
                                .setSchedule(
                                        OperatorMessages.schedule(view.pool().schedule())))
                        .build();
            case GET_MAINTENANCE_STATUS ->
                response.setType(Response.Type.GET_MAINTENANCE_STATUS)
                        .setGetMaintenanceStatus(
                                Response.GetMaintenanceStatus.newBuilder().setStatus(OperatorMessages.status(look)))
                        .build();
            case GET_OPERATIONS ->
                response.setType(Response.Type.GET_OPERATIONS)
                        .setGetOperations(OperationMessages.all(view))
                        .build();
            default ->
                response.setType(Response.Type.GET_EXECUTORS)
                        .setGetExecutors(ViewMessages.executors(view))
                        .build();
        };
    }

    private Response.GetFlags flags() {
        Response.GetFlags.Builder flags = Response.GetFlags.newBuilder();
        parts.flags()
                .forEach((name, value) ->
                        flags.addFlags(Protos.Flag.newBuilder().setName(name).setValue(value)));
        return flags.build();
    }

    private Response.GetMetrics metrics() {
        Response.GetMetrics.Builder metrics = Response.GetMetrics.newBuilder();
        Metrics.mesos(parts, streams.count())
                .forEach((name, value) -> metrics.addMetrics(
                        Protos.Metric.newBuilder().setName(name).setValue(value)));
        return metrics.build();
    }

    private static Response.GetRoles roles(Look look) {
        ClusterSnapshot view = look.shown();
        RoleTally tally = RoleTally.of(look.whole());
        Response.GetRoles.Builder roles = Response.GetRoles.newBuilder();
        for (Map.Entry<String, Set<String>> entry :
                RolesJson.frameworks(look, tally).entrySet()) {
            String role = entry.getKey();
            Amounts has = new Amounts().add(tally.allocated(role)).add(tally.offered(role));
            Protos.Role.Builder message = Protos.Role.newBuilder()
                    .setName(role)
                    .setWeight(view.pool().weights().getOrDefault(role, 1.0))
                    .addAllResources(ResourceMessages.quantities(has.milli()));
            entry.getValue()
                    .forEach(id -> message.addFrameworks(
                            Protos.FrameworkID.newBuilder().setValue(id)));
            roles.addRoles(message);
        }
        return roles.build();
    }

    private static Response.GetWeights weights(AllocationDelta.Pool pool) {
        Response.GetWeights.Builder weights = Response.GetWeights.newBuilder();
        new TreeMap<>(pool.weights())
                .forEach((role, weight) -> weights.addWeightInfos(
                        Protos.WeightInfo.newBuilder().setRole(role).setWeight(weight)));
        return weights.build();
    }
}
