package io.finback.resources;

/**
 * Names a framework. Given by the master on first subscription, or well known for the built-in schedulers.
 *
 * @param value 1 to 255 characters; no control characters, no {@code /}
 */
public record FrameworkId(String value) implements Comparable<FrameworkId> {
    public FrameworkId {
        Ids.check("FrameworkId", value);
    }

    public static FrameworkId of(String value) {
        return new FrameworkId(value);
    }

    @Override
    public int compareTo(FrameworkId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
