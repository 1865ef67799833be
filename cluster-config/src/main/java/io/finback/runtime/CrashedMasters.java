package io.finback.runtime;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Addresses ({@code akka://finback@host:port}) of which {@link CrashWatch} of this process knows that no process listens there any more. All
 * systems of one process share it: it is a fact about the machine, not about a member. Thread-safe.
 */
final class CrashedMasters {
    private static final Set<String> ADDRESSES = ConcurrentHashMap.newKeySet();

    private CrashedMasters() {}

    static void add(String address) {
        ADDRESSES.add(address);
    }

    static void remove(String address) {
        ADDRESSES.remove(address);
    }

    static boolean contains(String address) {
        return ADDRESSES.contains(address);
    }
}
