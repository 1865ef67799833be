package io.finback.controlplane.mesosapi;

import akka.NotUsed;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * A response body in fragments, of which most are shared with other responses. Streamed under back-pressure, never copied into one
 * piece. Immutable.
 */
final class Rope {
    /** Deflate's empty last block. */
    private static final byte[] LAST_BLOCK = {3, 0};

    private static final byte[] GZIP_HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 4, (byte) 0xff};

    /** What a connection takes in one write: Akka's buffer is as large. */
    private static final int PIECE = 128 * 1024;

    private final List<Fragment> fragments;
    private final long length;
    private volatile Optional<Gzipped> gzipped = Optional.empty();

    private Rope(List<Fragment> fragments) {
        this.fragments = List.copyOf(fragments);
        this.length =
                fragments.stream().mapToLong(fragment -> fragment.raw().length).sum();
    }

    private record Gzipped(ByteString trailer, long length) {}

    static Rope of(List<Fragment> fragments) {
        return new Rope(fragments);
    }

    static Rope of(byte[] bytes) {
        return new Rope(List.of(Fragment.of(bytes)));
    }

    List<Fragment> fragments() {
        return fragments;
    }

    long length() {
        return length;
    }

    Source<ByteString, NotUsed> source() {
        return Source.fromIterator(() -> pieces(strings(fragments.iterator())));
    }

    /** With {@link #gzip}. */
    long gzippedLength() {
        return gzip().length();
    }

    /** One gzip member (RFC 1952); only fragments never compressed before cost anything. */
    Source<ByteString, NotUsed> gzippedSource() {
        Gzipped form = gzip();
        return Source.fromIterator(() -> {
            List<ByteString> ends = List.of(form.trailer());
            return pieces(join(ByteString.fromArrayUnsafe(GZIP_HEADER), fragments.iterator(), ends.iterator()));
        });
    }

    /** In one piece, for what is known to be small. */
    byte[] bytes() {
        ByteArrayOutputStream all = new ByteArrayOutputStream(Math.toIntExact(length));
        fragments.forEach(fragment -> all.writeBytes(fragment.raw()));
        return all.toByteArray();
    }

    /** Compresses what is not yet; not for threads that must not wait. */
    private Gzipped gzip() {
        Optional<Gzipped> known = gzipped;
        if (known.isPresent()) {
            return known.get();
        }
        int crc = 0;
        long size = GZIP_HEADER.length + LAST_BLOCK.length + 8L;
        for (Fragment fragment : fragments) {
            Fragment.Packed packed = fragment.packed();
            crc = Crc.combine(crc, packed.shift(), packed.crc());
            size += packed.deflated().length;
        }
        byte[] trailer = new byte[LAST_BLOCK.length + 8];
        System.arraycopy(LAST_BLOCK, 0, trailer, 0, LAST_BLOCK.length);
        for (int i = 0; i < 4; i++) {
            trailer[LAST_BLOCK.length + i] = (byte) (crc >>> (8 * i));
            trailer[LAST_BLOCK.length + 4 + i] = (byte) (length >>> (8 * i));
        }
        Gzipped form = new Gzipped(ByteString.fromArrayUnsafe(trailer), size);
        gzipped = Optional.of(form);
        return form;
    }

    /** Neighbours together, without copying: each piece costs a message to the connection and back. */
    private static Iterator<ByteString> pieces(Iterator<ByteString> small) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return small.hasNext();
            }

            @Override
            public ByteString next() {
                ByteString piece = small.next();
                while (piece.length() < PIECE && small.hasNext()) {
                    piece = piece.concat(small.next());
                }
                return piece;
            }
        };
    }

    private static Iterator<ByteString> strings(Iterator<Fragment> fragments) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return fragments.hasNext();
            }

            @Override
            public ByteString next() {
                return ByteString.fromArrayUnsafe(fragments.next().raw());
            }
        };
    }

    private static Iterator<ByteString> join(ByteString head, Iterator<Fragment> fragments, Iterator<ByteString> ends) {
        List<ByteString> heads = new ArrayList<>(List.of(head));
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return !heads.isEmpty() || fragments.hasNext() || ends.hasNext();
            }

            @Override
            public ByteString next() {
                if (!heads.isEmpty()) {
                    return heads.remove(0);
                }
                return fragments.hasNext()
                        ? ByteString.fromArrayUnsafe(fragments.next().packed().deflated())
                        : ends.next();
            }
        };
    }

    /** Collects fragments. Bytes written between shared ones become fragments of their own. */
    static final class Builder {
        private final List<Fragment> fragments = new ArrayList<>();
        private final ByteArrayOutputStream own = new ByteArrayOutputStream();

        ByteArrayOutputStream own() {
            return own;
        }

        @CanIgnoreReturnValue
        Builder add(byte[] bytes) {
            own.writeBytes(bytes);
            return this;
        }

        @CanIgnoreReturnValue
        Builder add(Fragment shared) {
            cut();
            fragments.add(shared);
            return this;
        }

        @CanIgnoreReturnValue
        Builder add(Rope rope) {
            cut();
            fragments.addAll(rope.fragments());
            return this;
        }

        long length() {
            return own.size()
                    + fragments.stream()
                            .mapToLong(fragment -> fragment.raw().length)
                            .sum();
        }

        Rope build() {
            cut();
            return new Rope(fragments);
        }

        private void cut() {
            if (own.size() > 0) {
                fragments.add(Fragment.of(own.toByteArray()));
                own.reset();
            }
        }
    }
}
