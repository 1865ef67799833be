package io.finback.nodeagent.api;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.resources.Disk;
import io.finback.resources.Kind;
import io.finback.resources.Ranges;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Resources as Mesos' agent shows them: summed up by name, by role, and (the {@code _full} ones) one by one. */
final class ResourceShapes {
    private static final JsonMapper MAPPER = new JsonMapper();

    private ResourceShapes() {}

    /** By name, over all kinds; the four well-known scalars always. Several disks and reservations are one sum here. */
    static ObjectNode summed(Resources resources) {
        ObjectNode shown = MAPPER.createObjectNode();
        for (String name : List.of(Resources.CPUS, Resources.GPUS, Resources.MEM, Resources.DISK)) {
            shown.put(name, 0.0);
        }
        resources.quantities().forEach((name, amount) -> shown.put(name, amount / 1000.0));
        Map<String, Ranges> ranges = new TreeMap<>(resources.ranges());
        Map<String, SortedSet<String>> sets = new TreeMap<>(resources.sets());
        for (Special special : resources.special()) {
            special.amount().ranges().forEach((name, more) -> ranges.merge(name, more, Ranges::plus));
            special.amount().sets().forEach((name, more) -> sets.merge(name, more, ResourceShapes::united));
        }
        ranges.forEach((name, all) -> shown.put(name, all.toString()));
        sets.forEach((name, all) -> shown.put(name, "{" + String.join(", ", all) + "}"));
        return shown;
    }

    /** What is reserved for each role, summed. */
    static ObjectNode reserved(Resources resources) {
        ObjectNode byRole = MAPPER.createObjectNode();
        roles(resources).forEach((role, mine) -> byRole.set(role, summed(mine)));
        return byRole;
    }

    /** What is reserved for each role, one by one. */
    static ObjectNode reservedFull(Resources resources) {
        ObjectNode byRole = MAPPER.createObjectNode();
        roles(resources).forEach((role, mine) -> byRole.set(role, full(mine)));
        return byRole;
    }

    static Resources unreserved(Resources resources) {
        return resources.filter(kind -> !kind.isReserved());
    }

    static ArrayNode full(Resources resources) {
        ArrayNode list = MAPPER.createArrayNode();
        add(list, Kind.PLAIN, resources.plain());
        resources.special().forEach(special -> add(list, special.kind(), special.amount()));
        return list;
    }

    private static Map<String, Resources> roles(Resources resources) {
        Map<String, Resources> roles = new TreeMap<>();
        for (Special special : resources.special()) {
            special.kind()
                    .reservedTo()
                    .ifPresent(
                            role -> roles.merge(role, Resources.of(special.kind(), special.amount()), Resources::plus));
        }
        return roles;
    }

    private static void add(ArrayNode list, Kind kind, Resources amount) {
        amount.milli()
                .forEach((name, milli) ->
                        entry(list, kind, name, "SCALAR").putObject("scalar").put("value", milli / 1000.0));
        amount.ranges().forEach((name, ranges) -> {
            ArrayNode all =
                    entry(list, kind, name, "RANGES").putObject("ranges").putArray("range");
            ranges.ranges()
                    .forEach(
                            range -> all.addObject().put("begin", range.begin()).put("end", range.end()));
        });
        amount.sets().forEach((name, items) -> {
            ArrayNode all = entry(list, kind, name, "SET").putObject("set").putArray("item");
            items.forEach(all::add);
        });
    }

    private static ObjectNode entry(ArrayNode list, Kind kind, String name, String type) {
        ObjectNode entry = list.addObject().put("name", name).put("type", type);
        if (!kind.isRefined()) {
            entry.put("role", kind.reservedTo().orElse("*"));
        }
        if (kind.isReserved()) {
            ArrayNode reservations = entry.putArray("reservations");
            for (Reservation reservation : kind.reservations()) {
                reservations.addObject().put("type", "STATIC").put("role", reservation.role());
            }
        }
        kind.disk().flatMap(Disk::source).ifPresent(source -> {
            ObjectNode shown = entry.putObject("disk")
                    .putObject("source")
                    .put("type", source.type().name());
            source.root().ifPresent(root -> shown.putObject(source.type() == Disk.SourceType.MOUNT ? "mount" : "path")
                    .put("root", root));
        });
        return entry;
    }

    private static SortedSet<String> united(SortedSet<String> some, SortedSet<String> more) {
        SortedSet<String> all = new TreeSet<>(some);
        all.addAll(more);
        return all;
    }
}
