package io.finback.resources;

/**
 * Names an offer. Chosen by the allocator; never reused, and worthless after the allocator recovers.
 *
 * @param value 1 to 255 characters; no control characters, no {@code /}
 */
public record OfferId(String value) implements Comparable<OfferId> {
    public OfferId {
        Ids.check("OfferId", value);
    }

    public static OfferId of(String value) {
        return new OfferId(value);
    }

    @Override
    public int compareTo(OfferId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
