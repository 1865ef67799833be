package io.finback.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import io.finback.resources.Ranges;
import io.finback.runtime.StartFailure;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives each agent of a dev cluster its part of the one machine they all run on, so that together they offer no more than there is.
 * What a person names in {@code finback.agent.resources} reaches each agent as it is; the rest is divided. Pure.
 */
final class AgentShare {
    private AgentShare() {}

    /**
     * The {@code finback.agent.resources} of each agent.
     *
     * @param given Mesos' text ({@code cpus:4;mem:1024}) or JSON form; may be empty
     * @param ports divided in equal, disjoint parts
     */
    static List<String> of(String given, Machine machine, Ranges ports, int agents) {
        List<Ranges> parts = split(ports, agents);
        List<String> texts = new ArrayList<>();
        for (Ranges part : parts) {
            Map<String, String> rest = new LinkedHashMap<>();
            rest.put("cpus", thousandths(machine.cpus() * 1000L / agents));
            rest.put("mem", String.valueOf(machine.memMib() / agents));
            rest.put("disk", String.valueOf(machine.diskMib() / agents));
            rest.put("ports", part.toString());
            texts.add(given.strip().startsWith("[") ? json(given, rest) : text(given, rest));
        }
        return List.copyOf(texts);
    }

    private static String text(String given, Map<String, String> rest) {
        List<String> entries = new ArrayList<>();
        for (String entry : given.split(";", -1)) {
            if (!entry.isBlank()) {
                entries.add(entry.strip());
                // "cpus(role):4" names cpus, too.
                rest.remove(entry.replaceFirst("[(:].*", "").strip());
            }
        }
        rest.forEach((name, value) -> entries.add(name + ":" + value));
        return String.join(";", entries);
    }

    private static String json(String given, Map<String, String> rest) {
        List<ConfigValue> entries = new ArrayList<>();
        try {
            Config parsed = ConfigFactory.parseString("resources = " + given);
            for (ConfigValue entry : parsed.getList("resources")) {
                entries.add(entry);
                if (entry instanceof ConfigObject object && object.containsKey("name")) {
                    rest.remove(object.toConfig().getString("name"));
                }
            }
        } catch (ConfigException e) {
            throw new StartFailure("finback.agent.resources: " + given + " (expected: Mesos' text or JSON form)", e);
        }
        rest.forEach((name, value) -> entries.add(ConfigValueFactory.fromMap(
                value.startsWith("[")
                        ? Map.of("name", name, "type", "RANGES", "ranges", Map.of("range", pairs(value)))
                        : Map.of("name", name, "type", "SCALAR", "scalar", Map.of("value", Double.valueOf(value))))));
        return ConfigValueFactory.fromIterable(
                        entries.stream().map(ConfigValue::unwrapped).toList())
                .render(ConfigRenderOptions.concise());
    }

    private static List<Map<String, Object>> pairs(String ranges) {
        List<Map<String, Object>> pairs = new ArrayList<>();
        for (String range : ranges.replaceAll("[\\[\\] ]", "").split(",", -1)) {
            String[] ends = range.split("-", -1);
            pairs.add(Map.of("begin", Long.valueOf(ends[0]), "end", Long.valueOf(ends[1])));
        }
        return pairs;
    }

    static List<Ranges> split(Ranges all, int parts) {
        List<Ranges> result = new ArrayList<>();
        long each = all.size() / parts;
        Ranges left = all;
        for (int i = 0; i < parts; i++) {
            List<Ranges.Range> taken = new ArrayList<>();
            long missing = each;
            for (Ranges.Range range : left.ranges()) {
                if (missing == 0) {
                    break;
                }
                long size = Math.min(missing, range.size());
                taken.add(new Ranges.Range(range.begin(), range.begin() + size - 1));
                missing -= size;
            }
            Ranges part = new Ranges(taken);
            result.add(part);
            left = left.minus(part);
        }
        return result;
    }

    private static String thousandths(long milli) {
        return BigDecimal.valueOf(milli, 3).stripTrailingZeros().toPlainString();
    }
}
