package io.finback.mesos.translate;

import static io.finback.mesos.translate.Labelled.wrong;

import io.finback.resources.Kind;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.mesos.v1.Protos.Resource;
import org.apache.mesos.v1.Protos.Value;

/**
 * Resources, in both of Mesos' formats: with a stack of {@code reservations} for frameworks that know of refinement, with {@code role}
 * and {@code reservation} for the others. Source: apache/mesos {@code src/common/resources_utils.cpp}, {@code src/common/resources.cpp}.
 */
public final class ResourceMessages {
    /** An agent has some tens; the arithmetic on more is not linear. */
    private static final int MAX_ENTRIES = 1_000;

    private static final int MAX_PARTS = 10_000;

    private ResourceMessages() {}

    /** How resources are written for one reader. */
    public enum Format {
        /** {@code role} and {@code reservation}; refined reservations cannot be said in it and are left out. */
        BEFORE_REFINEMENT,
        /** {@code reservations}, and no {@code role}. */
        REFINED
    }

    /** Both formats, mixed as they may be. {@code field} is the path for messages about what is wrong. */
    public static Resources from(String field, List<Resource> messages) {
        if (messages.size() > MAX_ENTRIES) {
            throw wrong(field, messages.size() + " resources", "at most " + MAX_ENTRIES);
        }
        Map<Kind, Resources> byKind = new HashMap<>();
        for (int i = 0; i < messages.size(); i++) {
            String at = field + "[" + i + "]";
            Resource message = messages.get(i);
            try {
                Kind kind = KindMessages.from(at, message);
                byKind.merge(kind, amount(at, message), Resources::plus);
            } catch (IllegalArgumentException e) {
                String said = String.valueOf(e.getMessage());
                throw said.startsWith(at) ? e : new IllegalArgumentException(at + ": " + said, e);
            }
        }
        Resources plain = byKind.getOrDefault(Kind.PLAIN, Resources.EMPTY);
        List<Special> special = new ArrayList<>();
        byKind.forEach((kind, amount) -> {
            if (!kind.isPlain() && !amount.isEmpty()) {
                special.add(new Special(kind, amount));
            }
        });
        return new Resources(plain.milli(), plain.ranges(), plain.sets(), special);
    }

    /** The one role these are allocated to, if they say so. Throws when they name several. */
    public static Optional<String> allocatedTo(String field, List<Resource> messages) {
        Optional<String> role = Optional.empty();
        for (Resource message : messages) {
            if (message.hasAllocationInfo() && message.getAllocationInfo().hasRole()) {
                String next = message.getAllocationInfo().getRole();
                if (role.isPresent() && !role.get().equals(next)) {
                    throw wrong(field, "allocated to " + role.get() + " and " + next, "one role");
                }
                role = Optional.of(next);
            }
        }
        return role;
    }

    /** Every kind, each scalar, range and set a message. {@code allocatedTo} is put into each, if present. */
    public static List<Resource> to(Resources resources, Format format, Optional<String> allocatedTo) {
        List<Resource> messages = new ArrayList<>();
        add(messages, resources.plain(), Kind.PLAIN, format, allocatedTo);
        resources.special().forEach(entry -> {
            if (format == Format.REFINED || !entry.kind().isRefined()) {
                add(messages, entry.amount(), entry.kind(), format, allocatedTo);
            }
        });
        return messages;
    }

    /** Scalars alone, summed over all kinds, as quotas and roles show them. */
    public static List<Resource> quantities(Map<String, Long> thousandths) {
        List<Resource> messages = new ArrayList<>();
        thousandths.forEach((name, milli) -> messages.add(Resource.newBuilder()
                .setName(name)
                .setType(Value.Type.SCALAR)
                .setScalar(scalar(milli))
                .build()));
        return messages;
    }

    public static Value.Scalar scalar(long thousandths) {
        return Value.Scalar.newBuilder().setValue(thousandths / 1000.0).build();
    }

    private static void add(
            List<Resource> messages, Resources amount, Kind kind, Format format, Optional<String> allocatedTo) {
        Resource.Builder common = KindMessages.to(kind, format);
        allocatedTo.ifPresent(role ->
                common.setAllocationInfo(Resource.AllocationInfo.newBuilder().setRole(role)));
        amount.milli()
                .forEach((name, milli) -> messages.add(common.clone()
                        .setName(name)
                        .setType(Value.Type.SCALAR)
                        .setScalar(scalar(milli))
                        .build()));
        amount.ranges()
                .forEach((name, ranges) -> messages.add(common.clone()
                        .setName(name)
                        .setType(Value.Type.RANGES)
                        .setRanges(to(ranges))
                        .build()));
        amount.sets()
                .forEach((name, items) -> messages.add(common.clone()
                        .setName(name)
                        .setType(Value.Type.SET)
                        .setSet(Value.Set.newBuilder().addAllItem(items))
                        .build()));
    }

    private static Value.Ranges to(Ranges ranges) {
        Value.Ranges.Builder message = Value.Ranges.newBuilder();
        ranges.ranges()
                .forEach(range -> message.addRange(
                        Value.Range.newBuilder().setBegin(range.begin()).setEnd(range.end())));
        return message.build();
    }

    private static Resources amount(String at, Resource message) {
        if (message.getName().isEmpty()) {
            throw wrong(at + ".name", "''", "a name");
        }
        if (message.hasProviderId()) {
            throw wrong(
                    at + ".provider_id", message.getProviderId().getValue(), "none: there are no resource providers");
        }
        return switch (message.getType()) {
            case SCALAR -> scalarAmount(at, message);
            case RANGES -> rangesAmount(at, message);
            case SET -> setAmount(at, message);
            case TEXT -> throw wrong(at + ".type", message.getType(), "SCALAR, RANGES or SET");
        };
    }

    private static Resources scalarAmount(String at, Resource message) {
        if (!message.hasScalar() || message.hasRanges() || message.hasSet()) {
            throw wrong(at, "a SCALAR with other values", "scalar alone");
        }
        TreeMap<String, Long> milli = new TreeMap<>();
        milli.put(
                message.getName(),
                Resources.thousandths(
                        at + "." + message.getName(), message.getScalar().getValue()));
        return new Resources(milli, Collections.emptySortedMap());
    }

    private static Resources rangesAmount(String at, Resource message) {
        if (!message.hasRanges() || message.hasScalar() || message.hasSet()) {
            throw wrong(at, "RANGES with other values", "ranges alone");
        }
        if (message.getRanges().getRangeCount() > MAX_PARTS) {
            throw wrong(at + ".ranges", message.getRanges().getRangeCount() + " ranges", "at most " + MAX_PARTS);
        }
        List<Ranges.Range> ranges = new ArrayList<>();
        for (Value.Range range : message.getRanges().getRangeList()) {
            if (range.getBegin() < 0 || range.getEnd() < range.getBegin()) {
                throw wrong(
                        at + ".ranges",
                        "[" + Long.toUnsignedString(range.getBegin()) + "-" + Long.toUnsignedString(range.getEnd())
                                + "]",
                        "begin <= end");
            }
            ranges.add(new Ranges.Range(range.getBegin(), range.getEnd()));
        }
        return Resources.EMPTY.withRanges(message.getName(), new Ranges(ranges));
    }

    private static Resources setAmount(String at, Resource message) {
        if (!message.hasSet() || message.hasScalar() || message.hasRanges()) {
            throw wrong(at, "a SET with other values", "set alone");
        }
        if (message.getSet().getItemCount() > MAX_PARTS) {
            throw wrong(at + ".set", message.getSet().getItemCount() + " items", "at most " + MAX_PARTS);
        }
        SortedSet<String> items = new TreeSet<>(message.getSet().getItemList());
        if (items.size() != message.getSet().getItemCount()) {
            throw wrong(at + ".set", "an item twice", "each item once");
        }
        return Resources.EMPTY.withSet(message.getName(), items);
    }

    /** True if a volume is among them that is gone with its task, which nobody offers. */
    public static boolean haveStrayVolumes(Resources resources) {
        return resources.special().stream().anyMatch(entry -> entry.kind()
                .disk()
                .map(disk -> disk.persistence().isEmpty() && disk.volume().isPresent())
                .orElse(false));
    }
}
