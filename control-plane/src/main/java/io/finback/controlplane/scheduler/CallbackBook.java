package io.finback.controlplane.scheduler;

import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/** The URLs that events are posted to. */
public record CallbackBook(Set<String> urls) {
    public static final CallbackBook EMPTY = new CallbackBook(Set.of());

    public CallbackBook {
        urls = Collections.unmodifiableSet(new TreeSet<>(urls));
    }

    CallbackBook with(String url) {
        Set<String> more = new TreeSet<>(urls);
        more.add(url);
        return new CallbackBook(more);
    }

    CallbackBook without(String url) {
        Set<String> fewer = new TreeSet<>(urls);
        fewer.remove(url);
        return new CallbackBook(fewer);
    }
}
