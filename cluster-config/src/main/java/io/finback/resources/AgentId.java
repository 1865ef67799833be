package io.finback.resources;

/**
 * Names an agent. Chosen by the agent on its first start and kept in its data directory; survives restarts of either side.
 *
 * @param value 1 to 255 characters; no control characters, no {@code /}
 */
public record AgentId(String value) implements Comparable<AgentId> {
    public AgentId {
        Ids.check("AgentId", value);
    }

    public static AgentId of(String value) {
        return new AgentId(value);
    }

    @Override
    public int compareTo(AgentId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
