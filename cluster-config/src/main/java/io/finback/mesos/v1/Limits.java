package io.finback.mesos.v1;

/**
 * How much one message may hold. Its bytes are limited before it comes here.
 *
 * @param values messages, list elements and map entries in one message, all levels counted. Three bytes of JSON can stand for an
 *     object of a hundred bytes here: without it a body of a hundred megabytes would fill the heap
 * @param depth of messages in messages
 */
public record Limits(int values, int depth) {
    /** Protobuf's own limit of depth; the widest message Mesos' own tests know is far below this many values. */
    public static final Limits DEFAULT = new Limits(2_000_000, 100);

    public Limits {
        if (values < 1) {
            throw new IllegalArgumentException("values: " + values + " (expected: >= 1)");
        }
        if (depth < 1) {
            throw new IllegalArgumentException("depth: " + depth + " (expected: >= 1)");
        }
    }

    /** Counts down; one per message read. */
    Budget budget() {
        return new Budget(this);
    }

    /** What is left of the limits while one message is read. Not thread-safe. */
    static final class Budget {
        private final Limits limits;
        private int values;

        private Budget(Limits limits) {
            this.limits = limits;
        }

        void value() throws BadMessageException {
            values++;
            if (values > limits.values()) {
                throw BadMessageException.tooLarge(
                        "the message holds more than " + limits.values() + " values (expected: at most that many)");
            }
        }

        void depth(int depth) throws BadMessageException {
            if (depth > limits.depth()) {
                throw BadMessageException.of("the message is nested deeper than " + limits.depth()
                        + " levels (expected: at most that deep)");
            }
        }
    }
}
