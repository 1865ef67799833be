package io.finback.controlplane.placement;

/** One rule of one waiting group, with what the group has placed so far. */
final class Check {
    private static final int ALL = -2;

    final Rule rule;
    final Field field;
    private final boolean[] allowed;
    private final Counts counts = new Counts();
    private final int number;
    private int pinned = ALL;
    private int smallest;

    Check(Rule rule, Board board, Iterable<Spot> placed) {
        this.rule = rule;
        this.field = board.field(rule.field());
        for (Spot spot : placed) {
            spot.field(rule.field()).ifPresent(value -> counts.add(field.number(value)));
        }
        this.smallest = counts.smallest();
        this.allowed = looksAtTheValueAlone(rule) ? field.allowed(rule) : new boolean[0];
        this.number = switch (rule.operator()) {
            case MAX_PER -> rule.number(0);
            case GROUP_BY -> rule.number(1);
            default -> 0;
        };
    }

    private static boolean looksAtTheValueAlone(Rule rule) {
        return switch (rule.operator()) {
            case LIKE, UNLIKE, IS -> true;
            case CLUSTER -> rule.value().isPresent();
            default -> false;
        };
    }

    /** One more instance may stand at this place. */
    boolean allows(int place) {
        int value = field.at(place);
        if (value == Field.ABSENT) {
            return rule.operator() == Rule.Operator.UNLIKE;
        }
        return allowed.length > 0 ? allowed[value] : allowsValue(value);
    }

    /** Of operators that count: one more instance may have this value. */
    boolean allowsValue(int value) {
        return switch (rule.operator()) {
            case UNIQUE -> counts.of(value) == 0;
            case MAX_PER -> counts.of(value) < number;
            case CLUSTER -> counts.distinct() > 0 ? counts.of(value) > 0 : pinned == ALL || pinned == value;
            case GROUP_BY -> counts.of(value) == 0 || (counts.distinct() >= number && counts.of(value) == smallest);
            default -> allowed.length > 0 && allowed[value];
        };
    }

    void placed(int place) {
        int value = field.at(place);
        if (value != Field.ABSENT) {
            counts.add(value);
            smallest = rule.operator() == Rule.Operator.GROUP_BY ? counts.smallest() : 0;
        }
    }

    void unpin() {
        pinned = ALL;
    }

    int count(int value) {
        return counts.of(value);
    }

    /** The first instance will decide for all; nobody has yet. */
    boolean isOpen() {
        return rule.operator() == Rule.Operator.CLUSTER && rule.value().isEmpty() && counts.distinct() == 0;
    }

    /** The value for all, where the first instance has a choice. */
    void pin(int value) {
        pinned = value;
    }

    /** What stands in the way at a place it does not allow. */
    String why(int place) {
        int value = field.at(place);
        if (value == Field.ABSENT) {
            return "has no " + rule.field();
        }
        String text = field.value(value);
        return switch (rule.operator()) {
            case UNIQUE -> "another instance is at " + rule.field() + " " + text;
            case MAX_PER -> counts.of(value) + " instances are at " + rule.field() + " " + text;
            case CLUSTER ->
                rule.field() + " is " + text + ", and the others are at "
                        + rule.value()
                                .orElseGet(() -> counts.distinct() > 0
                                        ? field.value(counts.any())
                                        : pinned >= 0 ? field.value(pinned) : "no one place");
            case GROUP_BY ->
                rule.field() + " " + text + " has " + counts.of(value) + " instances, others have " + smallest
                        + (counts.distinct() < number
                                ? ", and " + counts.distinct() + " of " + number + " values are used"
                                : "");
            default -> rule.field() + " is " + text;
        };
    }
}
