package io.finback.meshrouter.rpc.mux;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.meshrouter.rpc.Params;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.collection.IntObjectHashMap;
import java.util.Objects;

/** Messages that have come in part, by tag, within limits: of one, of all, and of how many. On the connection's event loop. */
final class MuxFragments {
    private static final int MAX_PARTIAL = 10_000;

    private final int maxMessageBytes;
    private final long maxPartialBytes;
    private final IntObjectHashMap<ByteBuf> partial = new IntObjectHashMap<>();
    private long partialBytes;

    MuxFragments(Params params) {
        maxMessageBytes = params.get(MuxParams.MAX_MESSAGE_BYTES);
        maxPartialBytes = params.get(MuxParams.MAX_PARTIAL_BYTES);
    }

    /** Whether some of this message is here. */
    boolean has(int tag) {
        return !partial.isEmpty() && partial.containsKey(tag);
    }

    /** The next {@code length} bytes of {@code in} belong to it. Throws Failure.Protocol over a limit. */
    void add(int tag, ByteBuf in, int length, ByteBufAllocator alloc) {
        ByteBuf collected = partial.get(tag);
        int before = collected == null ? 0 : collected.readableBytes();
        if (before + (long) length > maxMessageBytes || partialBytes + length > maxPartialBytes) {
            throw MuxWire.bad("fragments of " + (before + (long) length) + " bytes (expected: at most "
                    + maxMessageBytes + ", and " + maxPartialBytes + " of all that are not complete)");
        }
        if (collected == null) {
            if (partial.size() >= MAX_PARTIAL) {
                throw MuxWire.bad("fragments of more than " + MAX_PARTIAL + " messages at a time");
            }
            collected = alloc.buffer(length);
            partial.put(tag, collected);
        }
        collected.writeBytes(in, length);
        partialBytes += length;
    }

    /** All of it, to be released by the caller. */
    ByteBuf take(int tag) {
        ByteBuf whole = Objects.requireNonNull(partial.remove(tag));
        partialBytes -= whole.readableBytes();
        return whole;
    }

    /** The other side gave this message up. Whether there was any of it. */
    @CanIgnoreReturnValue
    boolean forget(int tag) {
        if (!has(tag)) {
            return false;
        }
        take(tag).release();
        return true;
    }

    /** The connection is gone. */
    void release() {
        partial.values().forEach(ByteBuf::release);
        partial.clear();
    }
}
