package io.finback.verification.frameworks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** JSON, as a framework of today says it: several roles, refined reservations. */
final class JsonWire implements Wire {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Override
    public String mediaType() {
        return "application/json";
    }

    @Override
    public byte[] subscribe(String name, Optional<String> frameworkId) {
        ObjectNode call = JSON.createObjectNode().put("type", "SUBSCRIBE");
        ObjectNode info = call.putObject("subscribe").putObject("framework_info");
        info.put("user", System.getProperty("user.name"))
                .put("name", name)
                .put("failover_timeout", 3600.0)
                .put("checkpoint", true);
        info.putArray("roles").add("examples");
        ArrayNode capabilities = info.putArray("capabilities");
        for (String capability : List.of("MULTI_ROLE", "PARTITION_AWARE", "RESERVATION_REFINEMENT")) {
            capabilities.addObject().put("type", capability);
        }
        frameworkId.ifPresent(id -> {
            info.putObject("id").put("value", id);
            call.putObject("framework_id").put("value", id);
        });
        return bytes(call);
    }

    @Override
    public byte[] accept(String frameworkId, Offer offer, List<Task> tasks) {
        ObjectNode call = call(frameworkId, "ACCEPT");
        ObjectNode accept = call.putObject("accept");
        accept.putArray("offer_ids").addObject().put("value", offer.id());
        accept.putObject("filters").put("refuse_seconds", 0.0);
        ObjectNode operation = accept.putArray("operations").addObject().put("type", "LAUNCH");
        ArrayNode infos = operation.putObject("launch").putArray("task_infos");
        for (Task task : tasks) {
            ObjectNode info = infos.addObject().put("name", task.id());
            info.putObject("task_id").put("value", task.id());
            info.putObject("agent_id").put("value", offer.agent());
            info.putObject("command").put("value", task.command());
            ArrayNode resources = info.putArray("resources");
            scalar(resources, "cpus", ExampleFramework.CPUS);
            scalar(resources, "mem", ExampleFramework.MEM);
        }
        return bytes(call);
    }

    private static void scalar(ArrayNode resources, String name, double value) {
        resources
                .addObject()
                .put("name", name)
                .put("type", "SCALAR")
                .putObject("scalar")
                .put("value", value);
    }

    @Override
    public byte[] decline(String frameworkId, String offerId, double refuseSeconds) {
        ObjectNode call = call(frameworkId, "DECLINE");
        ObjectNode decline = call.putObject("decline");
        decline.putArray("offer_ids").addObject().put("value", offerId);
        decline.putObject("filters").put("refuse_seconds", refuseSeconds);
        return bytes(call);
    }

    @Override
    public byte[] revive(String frameworkId) {
        return bytes(call(frameworkId, "REVIVE"));
    }

    @Override
    public byte[] acknowledge(String frameworkId, Status status) {
        ObjectNode call = call(frameworkId, "ACKNOWLEDGE");
        ObjectNode acknowledge = call.putObject("acknowledge");
        acknowledge.putObject("agent_id").put("value", status.agent());
        acknowledge.putObject("task_id").put("value", status.task());
        acknowledge.put("uuid", status.uuid());
        return bytes(call);
    }

    @Override
    public byte[] reconcile(String frameworkId, List<String> tasks) {
        ObjectNode call = call(frameworkId, "RECONCILE");
        ArrayNode asked = call.putObject("reconcile").putArray("tasks");
        tasks.forEach(task -> asked.addObject().putObject("task_id").put("value", task));
        return bytes(call);
    }

    @Override
    public byte[] teardown(String frameworkId) {
        return bytes(call(frameworkId, "TEARDOWN"));
    }

    private static ObjectNode call(String frameworkId, String type) {
        ObjectNode call = JSON.createObjectNode().put("type", type);
        call.putObject("framework_id").put("value", frameworkId);
        return call;
    }

    @Override
    public Event read(byte[] record) throws IOException {
        JsonNode event = JSON.readTree(record);
        JsonNode subscribed = event.path("subscribed");
        List<Offer> offers = new ArrayList<>();
        event.path("offers")
                .path("offers")
                .forEach(offer -> offers.add(new Offer(
                        id(offer, "id"), id(offer, "agent_id"), amount(offer, "cpus"), amount(offer, "mem"))));
        JsonNode status = event.path("update").path("status");
        return new Event(
                event.path("type").asText(),
                id(subscribed, "framework_id"),
                subscribed.path("heartbeat_interval_seconds").asDouble(),
                offers,
                status.isMissingNode() ? Optional.empty() : Optional.of(status(status)),
                event.path("error").path("message").asText());
    }

    private static Status status(JsonNode status) {
        return new Status(
                id(status, "task_id"),
                id(status, "agent_id"),
                status.path("state").asText(),
                status.path("uuid").asText(),
                status.path("message").asText());
    }

    private static double amount(JsonNode offer, String name) {
        double sum = 0;
        for (JsonNode resource : offer.path("resources")) {
            if (resource.path("name").asText().equals(name)
                    && resource.path("reservations").isEmpty()) {
                sum += resource.path("scalar").path("value").asDouble();
            }
        }
        return sum;
    }

    private static String id(JsonNode parent, String field) {
        return parent.path(field).path("value").asText();
    }

    private static byte[] bytes(ObjectNode call) {
        try {
            return JSON.writeValueAsBytes(call);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
