package io.finback.controlplane.mesosapi;

import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import com.google.protobuf.Message;
import io.finback.controlplane.allocation.OperatorCommand;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.mesos.v1.BadMessageException;
import io.finback.mesos.v1.Encoding;
import io.finback.mesos.v1.Limits;
import java.io.ByteArrayOutputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.maintenance.Protos.Schedule;
import org.apache.mesos.v1.master.Protos.Call;
import org.apache.mesos.v1.quota.Protos.QuotaRequest;

/** Mesos' older endpoints that write: forms and plain JSON instead of calls. Source: apache/mesos {@code src/master/http.cpp}. */
final class WriteEndpoints {
    private static final String QUOTA = "/quota";

    private final RequestBodies bodies;
    private final Function<HttpRequest, OperatorWrites> writes;

    WriteEndpoints(RequestBodies bodies, Function<HttpRequest, OperatorWrites> writes) {
        this.bodies = bodies;
        this.writes = writes;
    }

    void addTo(ClusterApi api) {
        api.add(
                "/weights",
                "PUT",
                list(
                        "weight_infos",
                        Call.UpdateWeights.getDefaultInstance(),
                        (writes, weights) -> writes.setWeights(weights.getWeightInfosList())));
        api.post(QUOTA, json(QuotaRequest.getDefaultInstance(), OperatorWrites::setQuota));
        api.addBelow(
                QUOTA,
                "DELETE",
                request -> discarding(request, () -> writes.apply(request).removeQuota(role(request))));
        api.post(
                "/maintenance/schedule",
                json(
                        Schedule.getDefaultInstance(),
                        (writes, schedule) ->
                                writes.tell(new OperatorCommand.SetMaintenance(OperatorMessages.schedule(schedule)))));
        api.post(
                "/machine/down",
                list(
                        "machines",
                        Call.StartMaintenance.getDefaultInstance(),
                        (writes, call) -> writes.tell(
                                new OperatorCommand.MachinesDown(OperatorMessages.machines(call.getMachinesList())))));
        api.post(
                "/machine/up",
                list(
                        "machines",
                        Call.StopMaintenance.getDefaultInstance(),
                        (writes, call) -> writes.tell(
                                new OperatorCommand.MachinesUp(OperatorMessages.machines(call.getMachinesList())))));
        api.post("/reserve", change(ResourceOperation.Type.RESERVE, "resources"));
        api.post("/unreserve", change(ResourceOperation.Type.UNRESERVE, "resources"));
        api.post("/create-volumes", change(ResourceOperation.Type.CREATE, "volumes"));
        api.post("/destroy-volumes", change(ResourceOperation.Type.DESTROY, "volumes"));
        api.post("/teardown", request -> bodies.readForm(request)
                .thenCompose(form ->
                        OperatorWrites.valid(() -> writes.apply(request).teardown(required(form, "frameworkId")))));
    }

    /** {@code slaveId=...&resources=[...]}. */
    private ClusterApi.Handler change(ResourceOperation.Type type, String field) {
        return request -> bodies.readForm(request)
                .thenCompose(form -> OperatorWrites.valid(() -> {
                    Protos.AgentID agent = Protos.AgentID.newBuilder()
                            .setValue(required(form, "slaveId"))
                            .build();
                    byte[] json = required(form, field).getBytes(StandardCharsets.UTF_8);
                    List<Protos.Resource> resources = parse(
                                    field,
                                    wrapped("resources", field, json),
                                    Protos.Offer.Operation.Reserve.getDefaultInstance())
                            .getResourcesList();
                    return writes.apply(request).change(agent, type, field, resources);
                }));
    }

    private <M extends Message> ClusterApi.Handler json(
            M prototype, BiFunction<OperatorWrites, M, CompletionStage<HttpResponse>> handler) {
        return request -> bodies.read(request)
                .thenCompose(body -> OperatorWrites.valid(
                        () -> handler.apply(writes.apply(request), parse("body", body, prototype))));
    }

    /** A body that is the list of {@code field} alone. */
    private <M extends Message> ClusterApi.Handler list(
            String field, M prototype, BiFunction<OperatorWrites, M, CompletionStage<HttpResponse>> handler) {
        return request -> bodies.read(request)
                .thenCompose(body -> OperatorWrites.valid(() ->
                        handler.apply(writes.apply(request), parse("body", wrapped(field, "body", body), prototype))));
    }

    private static byte[] wrapped(String field, String name, byte[] list) {
        int start = 0;
        while (start < list.length && Character.isWhitespace(list[start])) {
            start++;
        }
        if (start == list.length || list[start] != '[') {
            throw ApiFailure.badRequest(name + ": no JSON array (expected: a JSON array)");
        }
        ByteArrayOutputStream object = new ByteArrayOutputStream(list.length + field.length() + 6);
        object.writeBytes(("{\"" + field + "\":").getBytes(StandardCharsets.US_ASCII));
        object.writeBytes(list);
        object.write('}');
        return object.toByteArray();
    }

    private static <M extends Message> M parse(String name, byte[] json, M prototype) {
        try {
            return Encoding.JSON.read(json, prototype, Limits.DEFAULT);
        } catch (BadMessageException e) {
            throw ApiFailure.of(e.isTooLarge() ? 413 : 400, name + ": " + e.reason());
        }
    }

    private static String required(Query form, String name) {
        return form.text(name)
                .orElseThrow(() -> ApiFailure.badRequest("Missing '" + name + "' query parameter in the request body"));
    }

    private CompletionStage<HttpResponse> discarding(
            HttpRequest request, Supplier<CompletionStage<HttpResponse>> handler) {
        return bodies.read(request).thenCompose(body -> OperatorWrites.valid(handler));
    }

    private static String role(HttpRequest request) {
        String path = ClusterApi.canonical(request.getUri().path());
        return URLDecoder.decode(path.substring(QUOTA.length() + 1).replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
