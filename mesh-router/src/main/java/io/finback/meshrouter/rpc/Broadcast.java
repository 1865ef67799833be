package io.finback.meshrouter.rpc;

import io.finback.meshrouter.rpc.Context.Delegation;
import io.finback.meshrouter.rpc.Context.Entry;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The entries in which a {@link Context} travels: key and value as bytes, numbers big endian, keys without regard to case. What cannot be
 * read is taken as absent; what is not known is kept and sent on. Source: twitter/finagle {@code context/MarshalledContext.scala},
 * {@code Deadline.scala}, {@code Retries.scala}, {@code BackupRequest.scala}, {@code tracing/Trace.scala}.
 */
public final class Broadcast {
    private static final byte[] DEADLINE = key("com.twitter.finagle.Deadline");
    private static final byte[] RETRIES = key("com.twitter.finagle.Retries");
    private static final byte[] BACKUP = key("com.twitter.finagle.BackupRequest");
    private static final byte[] TRACE = key("com.twitter.finagle.tracing.TraceContext");
    private static final byte[] CLIENT_ID = key("com.twitter.finagle.thrift.ClientIdContext");
    private static final byte[] NOTHING = {};

    private Broadcast() {}

    /** Takes what is written, entry by entry. */
    public interface Writer {
        void entry(byte[] key, byte[] value);

        /** An entry whose value is numbers of eight bytes. */
        void entry(byte[] key, long first, long second);

        /** A trace: span, parent, trace, flags, and the upper half unless it is 0. */
        void trace(byte[] key, TraceId trace);
    }

    /** How many entries {@link #write} will write. */
    public static int count(Context context) {
        return (context.deadlineOrNull() == null ? 0 : 1)
                + (context.retries() < 0 ? 0 : 1)
                + (context.isBackup() ? 1 : 0)
                + (context.traceOrNull() == null ? 0 : 1)
                + (context.clientId().isEmpty() ? 0 : 1)
                + context.entries().size();
    }

    /** All entries of {@code context}. */
    public static void write(Context context, Writer out) {
        TraceId trace = context.traceOrNull();
        if (trace != null) {
            out.trace(TRACE, trace);
        }
        Deadline deadline = context.deadlineOrNull();
        if (deadline != null) {
            out.entry(DEADLINE, deadline.timestampNanos(), deadline.deadlineNanos());
        }
        if (context.retries() >= 0) {
            out.entry(RETRIES, ByteBuffer.allocate(4).putInt(context.retries()).array());
        }
        if (context.isBackup()) {
            out.entry(BACKUP, NOTHING);
        }
        context.clientId().ifPresent(id -> out.entry(CLIENT_ID, id.getBytes(StandardCharsets.UTF_8)));
        for (Entry entry : context.entries()) {
            out.entry(entry.key(), entry.value());
        }
    }

    /** Collects what came with one call. */
    public static final class Reader {
        private @Nullable TraceId trace;
        private @Nullable Deadline deadline;
        private @Nullable String clientId;
        private int retries = -1;
        private boolean backup;
        private @Nullable List<Entry> entries;

        /** Takes one entry; the arrays are kept. */
        public void entry(byte[] key, byte[] value) {
            if (sameKey(key, TRACE)) {
                trace = traceOf(value);
            } else if (sameKey(key, DEADLINE)) {
                if (value.length == 16) {
                    ByteBuffer bytes = ByteBuffer.wrap(value);
                    deadline = new Deadline(bytes.getLong(), bytes.getLong());
                }
            } else if (sameKey(key, RETRIES)) {
                if (value.length == 4) {
                    retries = Math.max(-1, ByteBuffer.wrap(value).getInt());
                }
            } else if (sameKey(key, BACKUP)) {
                backup = true;
            } else if (sameKey(key, CLIENT_ID)) {
                clientId = new String(value, StandardCharsets.UTF_8);
            } else {
                if (entries == null) {
                    entries = new ArrayList<>();
                }
                entries.add(new Entry(key, value));
            }
        }

        /** The parent and flags that some protocols carry apart. */
        public void trace(TraceId id) {
            trace = id;
        }

        public void clientId(String name) {
            clientId = name;
        }

        public Context context(String destination, List<Delegation> delegations) {
            return new Context(
                    destination,
                    trace,
                    deadline,
                    clientId,
                    retries,
                    backup,
                    delegations,
                    entries == null ? List.of() : entries,
                    Map.of());
        }
    }

    private static @Nullable TraceId traceOf(byte[] value) {
        if (value.length != 32 && value.length != 40) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.wrap(value);
        long span = bytes.getLong();
        long parent = bytes.getLong();
        long trace = bytes.getLong();
        long flags = bytes.getLong();
        return new TraceId(bytes.hasRemaining() ? bytes.getLong() : 0, trace, parent, span, flags);
    }

    static boolean sameKey(byte[] a, byte[] b) {
        if (a.length != b.length) {
            return false;
        }
        // From the end: most keys begin alike.
        for (int i = a.length - 1; i >= 0; i--) {
            if (a[i] != b[i] && lower(a[i]) != lower(b[i])) {
                return false;
            }
        }
        return true;
    }

    private static int lower(byte b) {
        return b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b;
    }

    private static byte[] key(String name) {
        return name.getBytes(StandardCharsets.US_ASCII);
    }
}
