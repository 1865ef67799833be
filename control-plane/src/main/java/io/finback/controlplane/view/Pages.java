package io.finback.controlplane.view;

import java.util.AbstractCollection;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;

/** An immutable collection in pages, which later snapshots share as far as nothing changed in them. The order says nothing. */
public final class Pages<T> extends AbstractCollection<T> {
    /** Items of a page: small enough that a change costs little, large enough that there are few. */
    static final int SIZE = 32;

    private final List<Page<T>> pages;
    private final int size;

    Pages(List<Page<T>> pages, int size) {
        this.pages = pages;
        this.size = size;
    }

    /** A collection of its own, such as for tests. */
    public static <T> Pages<T> of(Collection<T> items) {
        PagedMap<Integer, T> map = new PagedMap<>();
        items.forEach(item -> map.put(map.size(), item));
        return map.snapshot();
    }

    public List<Page<T>> pages() {
        return pages;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public Iterator<T> iterator() {
        return stream().iterator();
    }

    @Override
    public Stream<T> stream() {
        return pages.stream().flatMap(page -> page.items().stream());
    }

    @Override
    public Spliterator<T> spliterator() {
        return Spliterators.spliterator(iterator(), size, Spliterator.IMMUTABLE | Spliterator.NONNULL);
    }
}
