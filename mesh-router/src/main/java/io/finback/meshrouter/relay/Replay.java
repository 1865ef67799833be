package io.finback.meshrouter.relay;

import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.h2.Body;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A body that can be sent again: what was read of it is kept, up to a limit of bytes. Beyond that it goes on once, to whoever reads it
 * then. On one event loop.
 */
final class Replay {
    private final Body source;
    private final int limit;
    private final List<Body.Piece> kept = new ArrayList<>(2);
    private long bytes;
    private boolean tooLong;
    private boolean ended;
    private @Nullable Reply<Body.Piece> reading;
    private @Nullable Copy latest;

    Replay(Body source, int limit) {
        this.source = source;
        this.limit = limit;
    }

    /** Bytes read of it so far. */
    long bytes() {
        return bytes;
    }

    boolean isRepeatable() {
        return !tooLong;
    }

    /** Whether all of it has been read. */
    boolean isRead() {
        return ended || source.isEmpty();
    }

    /** Reads it from the beginning; those before get nothing any more. */
    Body again() {
        if (source.isEmpty()) {
            return Body.EMPTY;
        }
        if (tooLong) {
            throw new IllegalStateException("longer than what is kept");
        }
        Copy copy = new Copy();
        latest = copy;
        return copy;
    }

    private Reply<Body.Piece> read() {
        Reply<Body.Piece> now = reading;
        if (now == null) {
            now = source.next().tapped((piece, failure) -> {
                reading = null;
                if (failure == null) {
                    keep(piece);
                }
            });
            reading = now.isDone() ? null : now;
        }
        return now;
    }

    private void keep(Body.Piece piece) {
        ended |= piece.last();
        bytes += piece.data().array().length;
        if (tooLong || bytes > limit) {
            tooLong = true;
            kept.clear();
        } else {
            kept.add(piece);
        }
    }

    private final class Copy implements Body {
        private int at;

        @Override
        @SuppressWarnings("ReferenceEquality") // this very reader
        public Reply<Piece> next() {
            if (latest != this) {
                return Reply.failed(new Failure("given up", Failure.INTERRUPTED));
            }
            if (!tooLong && at < kept.size()) {
                return Reply.of(kept.get(at++));
            }
            return read().map(piece -> {
                at++;
                return piece;
            });
        }

        // Whoever gives up one attempt does not speak for the next one: the client's stream ends with its call.
    }
}
