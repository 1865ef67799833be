package io.finback.meshrouter.rpc;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What travels with a call, in the process and over the wire: deadline, trace, delegations, and entries of other programs that are passed
 * on unread. An immutable value that is handed from call to call explicitly: nothing hangs on a thread, so nothing is lost between threads.
 * {@link #local} values stay in the process.
 */
public final class Context {
    /** Nothing at all. */
    public static final Context EMPTY = new Context("", null, null, null, -1, false, List.of(), List.of(), Map.of());

    /**
     * One line of a delegation table, as text.
     *
     * @param prefix a path, such as {@code /svc/web}
     * @param tree a name tree, such as {@code /svc/web-v2 | ~}
     */
    public record Delegation(String prefix, String tree) {}

    /** The name of a value that stays in the process; two of the same name are two. */
    @SuppressWarnings("UnusedTypeParameter") // of the value
    public static final class Local<T> {
        private final String name;

        public Local(String name) {
            this.name = name;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** An entry of a program that this one does not know: passed on as it came. The arrays belong to it. */
    public static final class Entry {
        private final byte[] key;
        private final byte[] value;

        public Entry(byte[] key, byte[] value) {
            this.key = key;
            this.value = value;
        }

        public byte[] key() {
            return key;
        }

        public byte[] value() {
            return value;
        }

        boolean named(byte[] other) {
            return Broadcast.sameKey(key, other);
        }
    }

    private final String destination;
    private final @Nullable TraceId trace;
    private final @Nullable Deadline deadline;
    private final @Nullable String clientId;
    private final int retries;
    private final boolean backup;
    private final List<Delegation> delegations;
    private final List<Entry> entries;
    private final Map<Local<?>, Object> locals;

    Context(
            String destination,
            @Nullable TraceId trace,
            @Nullable Deadline deadline,
            @Nullable String clientId,
            int retries,
            boolean backup,
            List<Delegation> delegations,
            List<Entry> entries,
            Map<Local<?>, Object> locals) {
        this.destination = destination;
        this.trace = trace;
        this.deadline = deadline;
        this.clientId = clientId;
        this.retries = retries;
        this.backup = backup;
        this.delegations = delegations;
        this.entries = entries;
        this.locals = locals;
    }

    /** The name that is asked for, a path; empty when there is none. */
    public String destination() {
        return destination;
    }

    public Optional<TraceId> trace() {
        return Optional.ofNullable(trace);
    }

    /** {@link #trace} without an object of its own. */
    public @Nullable TraceId traceOrNull() {
        return trace;
    }

    public Optional<Deadline> deadline() {
        return Optional.ofNullable(deadline);
    }

    /** {@link #deadline} without an object of its own. */
    public @Nullable Deadline deadlineOrNull() {
        return deadline;
    }

    /** Who calls, by its own account. */
    public Optional<String> clientId() {
        return Optional.ofNullable(clientId);
    }

    /** Which repetition this is, 0 the first attempt; -1 when nobody said. */
    public int retries() {
        return retries;
    }

    /** Whether it is the second copy of a call that took long. */
    public boolean isBackup() {
        return backup;
    }

    /** What the caller wants delegated otherwise; later ones take precedence. */
    public List<Delegation> delegations() {
        return delegations;
    }

    public List<Entry> entries() {
        return entries;
    }

    /** The value of an entry, whatever the case of its key. */
    public Optional<byte[]> entry(String key) {
        byte[] wanted = key.getBytes(StandardCharsets.UTF_8);
        return entries.stream()
                .filter(entry -> entry.named(wanted))
                .map(Entry::value)
                .findFirst();
    }

    @SuppressWarnings("unchecked") // with() pairs them
    public <T> Optional<T> local(Local<T> key) {
        return Optional.ofNullable((T) locals.get(key));
    }

    public Context withDestination(String path) {
        return new Context(path, trace, deadline, clientId, retries, backup, delegations, entries, locals);
    }

    public Context withTrace(TraceId id) {
        return new Context(destination, id, deadline, clientId, retries, backup, delegations, entries, locals);
    }

    public Context withDeadline(Deadline other) {
        return new Context(destination, trace, other, clientId, retries, backup, delegations, entries, locals);
    }

    public Context withClientId(String name) {
        return new Context(destination, trace, deadline, name, retries, backup, delegations, entries, locals);
    }

    /**
     * As a repetition.
     *
     * @param count at least 0; -1 takes it away
     */
    public Context withRetries(int count) {
        return count == retries
                ? this
                : new Context(destination, trace, deadline, clientId, count, backup, delegations, entries, locals);
    }

    public Context asBackup() {
        return new Context(destination, trace, deadline, clientId, retries, true, delegations, entries, locals);
    }

    public Context withDelegations(List<Delegation> lines) {
        return new Context(
                destination, trace, deadline, clientId, retries, backup, List.copyOf(lines), entries, locals);
    }

    /** With one entry more, or another value of it. */
    public Context withEntry(String key, byte[] value) {
        Entry added = new Entry(key.getBytes(StandardCharsets.UTF_8), value);
        List<Entry> all = new ArrayList<>(entries);
        all.removeIf(entry -> entry.named(added.key()));
        all.add(added);
        return new Context(
                destination, trace, deadline, clientId, retries, backup, delegations, List.copyOf(all), locals);
    }

    public <T> Context with(Local<T> key, T value) {
        Map<Local<?>, Object> all = new HashMap<>(locals);
        all.put(key, value);
        return new Context(
                destination, trace, deadline, clientId, retries, backup, delegations, entries, Map.copyOf(all));
    }

    @Override
    public String toString() {
        return "Context(" + destination + " trace=" + trace + " deadline=" + deadline + " retries=" + retries + ")";
    }
}
