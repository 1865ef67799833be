package io.finback.nodeagent.api;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.TreeMap;

/** {@code /flags}: the settings that have a name in Mesos, as texts. Source: apache/mesos {@code src/slave/flags.cpp}. */
final class Flags {
    private static final JsonMapper MAPPER = new JsonMapper();

    private Flags() {}

    static String json(AgentView view) {
        ObjectNode json = MAPPER.createObjectNode();
        json.set("flags", of(view));
        return json.toString();
    }

    static ObjectNode of(AgentView view) {
        ObjectNode flags = MAPPER.createObjectNode();
        new TreeMap<>(view.flags()).forEach(flags::put);
        flags.put("isolation", view.containment().flag());
        return flags;
    }
}
