package io.finback.resources;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;

/**
 * A set of whole numbers kept as ranges, sorted, disjoint and merged, so that equal sets are equal values. Immutable.
 *
 * @param ranges inclusive on both ends; the constructor sorts and merges whatever it is given
 */
public record Ranges(List<Range> ranges) {
    public static final Ranges EMPTY = new Ranges(List.of());

    /** Both ends belong to the range. */
    public record Range(long begin, long end) {
        public Range {
            if (begin < 0 || begin > end) {
                throw new IllegalArgumentException("range: [" + begin + "-" + end + "] (expected: 0 <= begin <= end)");
            }
        }

        public long size() {
            return end - begin + 1;
        }
    }

    public Ranges {
        ranges = normalized(ranges);
    }

    public static Ranges of(long begin, long end) {
        return new Ranges(List.of(new Range(begin, end)));
    }

    /** The set of exactly these numbers. */
    public static Ranges ofValues(Iterable<? extends Number> values) {
        List<Range> list = new ArrayList<>();
        for (Number value : values) {
            list.add(new Range(value.longValue(), value.longValue()));
        }
        return new Ranges(list);
    }

    public boolean isEmpty() {
        return ranges.isEmpty();
    }

    /** How many numbers the set holds. */
    public long size() {
        long sum = 0;
        for (Range range : ranges) {
            sum += range.size();
        }
        return sum;
    }

    public boolean contains(long value) {
        for (Range range : ranges) {
            if (value >= range.begin() && value <= range.end()) {
                return true;
            }
        }
        return false;
    }

    public boolean contains(Ranges other) {
        return other.minus(this).isEmpty();
    }

    public Ranges plus(Ranges other) {
        List<Range> all = new ArrayList<>(ranges);
        all.addAll(other.ranges);
        return new Ranges(all);
    }

    public Ranges minus(Ranges other) {
        List<Range> left = new ArrayList<>();
        for (Range range : ranges) {
            long from = range.begin();
            for (Range cut : other.ranges) {
                if (cut.end() < from || cut.begin() > range.end()) {
                    continue;
                }
                if (cut.begin() > from) {
                    left.add(new Range(from, cut.begin() - 1));
                }
                from = cut.end() + 1;
                if (from > range.end()) {
                    break;
                }
            }
            if (from <= range.end()) {
                left.add(new Range(from, range.end()));
            }
        }
        return new Ranges(left);
    }

    public Ranges intersect(Ranges other) {
        return minus(minus(other));
    }

    /** The {@code index}-th smallest number, counted from 0; empty when the set is smaller. */
    public OptionalLong nth(long index) {
        long rest = index;
        for (Range range : ranges) {
            if (rest < range.size()) {
                return OptionalLong.of(range.begin() + rest);
            }
            rest -= range.size();
        }
        return OptionalLong.empty();
    }

    /** Every number in ascending order. Cost grows with {@link #size()}: for small sets. */
    public List<Long> values() {
        List<Long> values = new ArrayList<>();
        for (Range range : ranges) {
            for (long value = range.begin(); value <= range.end(); value++) {
                values.add(value);
            }
        }
        return values;
    }

    /** Mesos' form: {@code [31000-31005, 31007-31007]}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("[");
        for (Range range : ranges) {
            text.append(text.length() == 1 ? "" : ", ")
                    .append(range.begin())
                    .append('-')
                    .append(range.end());
        }
        return text.append(']').toString();
    }

    private static List<Range> normalized(List<Range> input) {
        if (input.size() <= 1) {
            return List.copyOf(input);
        }
        List<Range> sorted = new ArrayList<>(input);
        sorted.sort(Comparator.comparingLong(Range::begin));
        List<Range> merged = new ArrayList<>();
        Range last = sorted.get(0);
        for (Range next : sorted.subList(1, sorted.size())) {
            if (next.begin() <= last.end() + 1) {
                last = new Range(last.begin(), Math.max(last.end(), next.end()));
            } else {
                merged.add(last);
                last = next;
            }
        }
        merged.add(last);
        return List.copyOf(merged);
    }
}
