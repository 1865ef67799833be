package io.finback.resources;

import java.util.List;
import java.util.Map;

/**
 * What keeps tasks apart on an agent, by Mesos' names: never more than is true.
 *
 * @param on those that work, in the agent's order
 * @param off those that do not, each with the reason; for people
 */
public record IsolatorReport(List<String> on, Map<String, String> off) {
    /** The agent has said nothing of it, as those of an earlier version. */
    public static final IsolatorReport UNKNOWN = new IsolatorReport(List.of(), Map.of());

    public IsolatorReport {
        on = List.copyOf(on);
        off = Map.copyOf(off);
    }

    public boolean isKnown() {
        return !on.isEmpty() || !off.isEmpty();
    }
}
