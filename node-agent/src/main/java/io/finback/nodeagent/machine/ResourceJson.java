package io.finback.nodeagent.machine;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.finback.resources.Disk;
import io.finback.resources.Kind;
import io.finback.resources.Ranges;
import io.finback.resources.Reservation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Resources in Mesos' JSON form: {@code [{"name":"cpus","type":"SCALAR","scalar":{"value":4},"role":"eng"}]}, or with {@code
 * "reservations":[{"type":"STATIC","role":"eng"}]}, and for disks of their own {@code
 * "disk":{"source":{"type":"MOUNT","mount":{"root":"/mnt/d1"}}}}. What an agent's configuration cannot say (revocable, shared, dynamic,
 * volumes) is refused, and so is a field that is not known: it would be lost.
 */
final class ResourceJson {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Set<String> FIELDS =
            Set.of("name", "type", "scalar", "ranges", "set", "role", "reservations", "disk");

    private ResourceJson() {}

    static ResourceText.Written parse(String text) {
        JsonNode array;
        try {
            array = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "not JSON at line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr() + ": " + e.getOriginalMessage()
                            + " (expected: Mesos' text or JSON form)",
                    e);
        }
        Gathering gathering = new Gathering();
        for (int i = 0; i < array.size(); i++) {
            try {
                add(gathering, array.get(i));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("entry " + (i + 1) + ": " + e.getMessage(), e);
            }
        }
        return gathering.written();
    }

    private static void add(Gathering gathering, JsonNode entry) {
        if (!entry.isObject()) {
            throw Gathering.wrong("resource", entry.toString(), "an object with name and type");
        }
        Set<String> unknown = new TreeSet<>();
        entry.fieldNames().forEachRemaining(unknown::add);
        unknown.removeAll(FIELDS);
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    unknown + ": not for an agent's configuration (expected: " + new TreeSet<>(FIELDS) + ")");
        }
        String name = text(entry, "name");
        Kind kind = reservation(entry).withDisk(disk(name, entry));
        String type = text(entry, "type");
        switch (type) {
            case "SCALAR" -> gathering.scalar(name, kind, scalar(name, entry));
            case "RANGES" -> gathering.ranges(name, kind, ranges(name, entry));
            case "SET" -> gathering.set(name, kind, items(entry));
            default -> throw Gathering.wrong("type", "'" + type + "'", "SCALAR, RANGES or SET");
        }
    }

    private static double scalar(String name, JsonNode entry) {
        JsonNode value = entry.path("scalar").path("value");
        if (!value.isNumber()) {
            throw Gathering.wrong(name + ".scalar.value", value.toString(), "a number >= 0");
        }
        return ResourceText.amount(name, value.asText());
    }

    private static List<Ranges.Range> ranges(String name, JsonNode entry) {
        JsonNode given = array(entry, "ranges", "range");
        List<Ranges.Range> list = new ArrayList<>();
        for (JsonNode range : given) {
            if (!range.path("begin").isIntegralNumber() || !range.path("end").isIntegralNumber()) {
                throw Gathering.wrong("ranges.range", range.toString(), "whole numbers begin and end");
            }
            list.add(Gathering.range(
                    name, range.path("begin").asLong(), range.path("end").asLong()));
        }
        return list;
    }

    private static List<String> items(JsonNode entry) {
        List<String> items = new ArrayList<>();
        array(entry, "set", "item").forEach(item -> items.add(item.asText()));
        return items;
    }

    private static Kind reservation(JsonNode entry) {
        String role = entry.path("role").asText("*");
        if (!entry.has("reservations")) {
            return Gathering.reservedFor(role);
        }
        if (!role.equals("*")) {
            throw Gathering.wrong("role", "'" + role + "' and reservations", "only one of them");
        }
        Kind kind = Kind.PLAIN;
        for (JsonNode reservation : entry.path("reservations")) {
            String type = reservation.path("type").asText("");
            if (!type.equals("STATIC") || reservation.has("principal") || reservation.has("labels")) {
                throw Gathering.wrong("reservations", reservation.toString(), "type STATIC, and role");
            }
            Kind reserved = Gathering.reservedFor(text(reservation, "role"));
            kind = kind.reservedFurther(Reservation.fixed(
                    reserved.reservedTo().orElseThrow(() -> Gathering.wrong("role", "'*'", "a role"))));
        }
        return kind;
    }

    private static Optional<Disk> disk(String name, JsonNode entry) {
        if (!entry.has("disk")) {
            return Optional.empty();
        }
        JsonNode disk = entry.path("disk");
        JsonNode source = disk.path("source");
        if (!name.equals("disk") || disk.size() != 1 || !source.isObject()) {
            throw Gathering.wrong("disk", disk.toString(), "of a resource named disk, its source and nothing else");
        }
        String type = source.path("type").asText("");
        String root =
                switch (type) {
                    case "PATH" -> source.path("path").path("root").asText("");
                    case "MOUNT" -> source.path("mount").path("root").asText("");
                    default ->
                        throw Gathering.wrong(
                                "disk.source.type", "'" + type + "'", "PATH or MOUNT; there are no disk providers");
                };
        if (!root.startsWith("/")) {
            throw Gathering.wrong("disk.source root", "'" + root + "'", "an absolute path");
        }
        return Optional.of(new Disk(
                Optional.empty(), Optional.empty(), Optional.of(Disk.Source.of(Disk.SourceType.valueOf(type), root))));
    }

    private static JsonNode array(JsonNode entry, String field, String inner) {
        JsonNode array = entry.path(field).path(inner);
        if (!array.isArray()) {
            throw Gathering.wrong(field + "." + inner, array.toString(), "an array");
        }
        return array;
    }

    private static String text(JsonNode entry, String field) {
        JsonNode value = entry.path(field);
        if (!value.isTextual() || value.asText().isBlank()) {
            throw Gathering.wrong(field, value.toString(), "a text");
        }
        return value.asText().strip();
    }
}
