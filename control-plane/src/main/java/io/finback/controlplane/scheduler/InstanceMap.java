package io.finback.controlplane.scheduler;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Instances by task id, in the order in which they came. Immutable: a change gives another map that shares with this one everything but
 * the few pages it touched, so that one report among 50,000 instances costs no copy of them all. Pages hold {@value #PAGE} places; what
 * was removed leaves a gap, and gaps are closed when they are half of all.
 */
final class InstanceMap extends AbstractMap<String, Instance> {
    private static final int PAGE = 128;
    private static final int CELLS = 256;
    private static final InstanceMap EMPTY = new InstanceMap(new @Nullable Seat[0][], emptyCells(), 0, 0, Census.EMPTY);

    private record Seat(String id, Instance instance) {}

    /** Where the task ids of one hash are: a short list, searched from end to end. */
    private static final class Cell {
        static final Cell NONE = new Cell(new String[0], new int[0]);

        private final String[] ids;
        private final int[] slots;

        Cell(String[] ids, int[] slots) {
            this.ids = ids;
            this.slots = slots;
        }

        int slot(String id) {
            for (int i = 0; i < ids.length; i++) {
                if (ids[i].hashCode() == id.hashCode() && ids[i].equals(id)) {
                    return slots[i];
                }
            }
            return -1;
        }

        Cell with(String id, int slot) {
            String[] moreIds = Arrays.copyOf(ids, ids.length + 1);
            int[] moreSlots = Arrays.copyOf(slots, slots.length + 1);
            moreIds[ids.length] = id;
            moreSlots[slots.length] = slot;
            return new Cell(moreIds, moreSlots);
        }

        Cell without(String id) {
            List<String> keptIds = new ArrayList<>(ids.length);
            int[] keptSlots = new int[ids.length];
            for (int i = 0; i < ids.length; i++) {
                if (!ids[i].equals(id)) {
                    keptSlots[keptIds.size()] = slots[i];
                    keptIds.add(ids[i]);
                }
            }
            return new Cell(keptIds.toArray(String[]::new), Arrays.copyOf(keptSlots, keptIds.size()));
        }
    }

    private final @Nullable Seat[][] pages;
    private final Cell[] cells;
    private final int used;
    private final int size;
    private final Census census;

    private InstanceMap(@Nullable Seat[][] pages, Cell[] cells, int used, int size, Census census) {
        this.census = census;
        this.pages = pages;
        this.cells = cells;
        this.used = used;
        this.size = size;
    }

    static InstanceMap of(Map<String, Instance> map) {
        if (map instanceof InstanceMap same) {
            return same;
        }
        Editor editor = EMPTY.edit();
        map.forEach(editor::put);
        return editor.done();
    }

    Editor edit() {
        return new Editor(this);
    }

    Census census() {
        return census;
    }

    /**
     * Names every instance of {@code before} that is not in {@code after} as it was, and then every one of {@code after} that was not
     * in {@code before} as it is, in order. One that changed is named both times. Costs as much as the pages that differ have places.
     */
    static void difference(InstanceMap before, InstanceMap after, Consumer<Instance> gone, Consumer<Instance> come) {
        before.eachBut(after, gone);
        after.eachBut(before, come);
    }

    // A seat is never changed: another object may still say the same, and is named although nothing is new. That is
    // allowed and rare.
    @SuppressWarnings("ReferenceEquality")
    private void eachBut(InstanceMap other, Consumer<Instance> each) {
        for (int number = 0; number < pages.length; number++) {
            @Nullable Seat[] mine = pages[number];
            @Nullable Seat[] others = number < other.pages.length ? other.pages[number] : null;
            if (mine == others) {
                continue;
            }
            for (int i = 0; i < PAGE; i++) {
                Seat seat = mine[i];
                if (seat != null && (others == null || seat != others[i])) {
                    each.accept(seat.instance());
                }
            }
        }
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public @Nullable Instance get(@Nullable Object key) {
        if (!(key instanceof String id)) {
            return null;
        }
        int slot = cells[cell(id)].slot(id);
        Seat seat = slot < 0 ? null : pages[slot / PAGE][slot % PAGE];
        return seat == null ? null : seat.instance();
    }

    @Override
    public boolean containsKey(@Nullable Object key) {
        return get(key) != null;
    }

    @Override
    public Set<Map.Entry<String, Instance>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public int size() {
                return size;
            }

            @Override
            public Iterator<Map.Entry<String, Instance>> iterator() {
                return new Walk();
            }
        };
    }

    private final class Walk implements Iterator<Map.Entry<String, Instance>> {
        private int next = following(0);

        private int following(int from) {
            int slot = from;
            while (slot < used && pages[slot / PAGE][slot % PAGE] == null) {
                slot++;
            }
            return slot;
        }

        @Override
        public boolean hasNext() {
            return next < used;
        }

        @Override
        public Map.Entry<String, Instance> next() {
            if (next >= used) {
                throw new NoSuchElementException();
            }
            Seat seat = Optional.ofNullable(pages[next / PAGE][next % PAGE]).orElseThrow();
            next = following(next + 1);
            return Map.entry(seat.id(), seat.instance());
        }
    }

    /** Several changes at the price of few. Confined to whoever asked for it; of no use after {@link #done}. */
    static final class Editor {
        private @Nullable Seat[][] pages;
        private final Cell[] cells;
        private final BitSet own = new BitSet();
        private final Census.Counter counter;
        private int used;
        private int size;

        private Editor(InstanceMap of) {
            this.pages = of.pages.clone();
            this.cells = of.cells.clone();
            this.used = of.used;
            this.size = of.size;
            this.counter = of.census.counter();
        }

        /** Adds it at the end, or in the place of the one with its id. */
        void put(Instance instance) {
            put(instance.taskId(), instance);
        }

        private void put(String id, Instance instance) {
            int slot = cells[cell(id)].slot(id);
            if (slot < 0) {
                slot = used++;
                size++;
                cells[cell(id)] = cells[cell(id)].with(id, slot);
            }
            @Nullable Seat[] page = page(slot / PAGE);
            Seat before = page[slot % PAGE];
            if (before != null) {
                counter.remove(before.instance());
            }
            counter.add(instance);
            page[slot % PAGE] = new Seat(id, instance);
        }

        /** Changes one that is there. */
        void change(String id, UnaryOperator<Instance> change) {
            int slot = cells[cell(id)].slot(id);
            if (slot >= 0) {
                @Nullable Seat[] page = page(slot / PAGE);
                Seat seat = Optional.ofNullable(page[slot % PAGE]).orElseThrow();
                Instance changed = change.apply(seat.instance());
                counter.remove(seat.instance());
                counter.add(changed);
                page[slot % PAGE] = new Seat(id, changed);
            }
        }

        void remove(String id) {
            int slot = cells[cell(id)].slot(id);
            if (slot >= 0) {
                @Nullable Seat[] page = page(slot / PAGE);
                counter.remove(
                        Optional.ofNullable(page[slot % PAGE]).orElseThrow().instance());
                page[slot % PAGE] = null;
                cells[cell(id)] = cells[cell(id)].without(id);
                size--;
            }
        }

        InstanceMap done() {
            if (used >= 2 * PAGE && size < used / 2) {
                Editor closed = EMPTY.edit();
                new InstanceMap(pages, cells, used, size, Census.EMPTY).forEach(closed::put);
                return closed.done();
            }
            return new InstanceMap(pages, cells, used, size, counter.done());
        }

        private @Nullable Seat[] page(int number) {
            if (number >= pages.length) {
                pages = Arrays.copyOf(pages, number + 1);
                pages[number] = new Seat[PAGE];
                own.set(number);
            } else if (!own.get(number)) {
                pages[number] = pages[number].clone();
                own.set(number);
            }
            return pages[number];
        }
    }

    private static int cell(String id) {
        int hash = id.hashCode();
        return (hash ^ (hash >>> 16)) & (CELLS - 1);
    }

    private static Cell[] emptyCells() {
        Cell[] cells = new Cell[CELLS];
        Arrays.fill(cells, Cell.NONE);
        return cells;
    }
}
