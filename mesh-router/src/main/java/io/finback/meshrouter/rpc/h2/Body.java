package io.finback.meshrouter.rpc.h2;

import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What follows a head, piece by piece. Nothing is read from the other side before it is asked for, so a reader that waits makes the writer
 * wait. One reader, one {@link #next} at a time.
 */
public interface Body {
    /**
     * A piece.
     *
     * @param last nothing follows
     * @param trailers behind the last piece; null: there are none
     */
    record Piece(Bytes data, boolean last, @Nullable Http2Headers trailers) {}

    /** Some bytes. The array belongs to whoever has it. */
    final class Bytes {
        static final Bytes NONE = new Bytes(new byte[0]);

        private final byte[] array;

        public Bytes(byte[] array) {
            this.array = array;
        }

        public byte[] array() {
            return array;
        }
    }

    /** The next piece; fails when the other side gave up. Not to be called behind the last one. */
    Reply<Piece> next();

    /** The reader wants no more. */
    default void cancel(Throwable why) {}

    /** Tells {@code then} if whoever makes it gives it up while nobody asks for the next piece; most bodies never do. */
    default void onGivenUp(Consumer<Failure> then) {}

    /** Whether nothing follows the head. */
    default boolean isEmpty() {
        return false;
    }

    /** Nothing. */
    Body EMPTY = new Body() {
        @Override
        public Reply<Piece> next() {
            return Reply.of(new Piece(Bytes.NONE, true, null));
        }

        @Override
        public boolean isEmpty() {
            return true;
        }
    };

    /** One piece. */
    static Body of(byte[] data) {
        return () -> Reply.of(new Piece(new Bytes(data), true, null));
    }

    /** One piece, and trailers. */
    static Body of(byte[] data, Http2Headers trailers) {
        return () -> Reply.of(new Piece(new Bytes(data), true, trailers));
    }

    /** All of {@code body}, with its trailers if any; fails when that is more than {@code limit} bytes. */
    static Reply<Piece> whole(Body body, int limit) {
        return collect(body, limit, new ByteArrayOutputStream());
    }

    private static Reply<Piece> collect(Body body, int limit, ByteArrayOutputStream all) {
        return body.next().flatMap(piece -> {
            if (all.size() + piece.data().array().length > limit) {
                Failure tooLong = new Failure("body of more than " + limit + " bytes", 0);
                body.cancel(tooLong);
                return Reply.failed(tooLong);
            }
            all.writeBytes(piece.data().array());
            return piece.last()
                    ? Reply.of(new Piece(new Bytes(all.toByteArray()), true, piece.trailers()))
                    : collect(body, limit, all);
        });
    }
}
