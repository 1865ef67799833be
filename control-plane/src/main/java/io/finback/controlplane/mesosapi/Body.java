package io.finback.controlplane.mesosapi;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import com.google.protobuf.WireFormat;
import io.finback.mesos.v1.Encoding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * One v1 message, written field by field into a {@link Rope} in either encoding: what is long comes as fragments that were encoded
 * before, so that a message of a hundred megabytes is neither built as objects nor copied. Not thread-safe.
 */
final class Body {
    private final Encoding encoding;
    private final Rope.Builder rope = new Rope.Builder();
    private boolean first = true;

    private Body(Encoding encoding) {
        this.encoding = encoding;
    }

    static Body of(Encoding encoding) {
        Body body = new Body(encoding);
        if (encoding == Encoding.JSON) {
            body.rope.own().write('{');
        }
        return body;
    }

    /** Every field of a partial message of the same type. */
    @CanIgnoreReturnValue
    Body fields(Message partial) {
        return written(encoding.write(partial));
    }

    /** The same, written before. */
    @CanIgnoreReturnValue
    Body written(byte[] bytes) {
        if (encoding == Encoding.PROTOBUF) {
            rope.add(bytes);
        } else if (bytes.length > 2) {
            comma();
            rope.own().write(bytes, 1, bytes.length - 2);
        }
        return this;
    }

    /** A field that Mesos does not have: in protobuf its old clients keep it among the unknown ones, in JSON they pass over it. */
    @CanIgnoreReturnValue
    Body foreign(String name, int number, String value) {
        if (encoding == Encoding.JSON) {
            name(name);
            rope.own().writeBytes(('"' + value + '"').getBytes(StandardCharsets.UTF_8));
        } else {
            byte[] text = value.getBytes(StandardCharsets.UTF_8);
            rope.add(head(number, text.length)).add(text);
        }
        return this;
    }

    /** A field that is a message, given as its whole text or bytes. */
    @CanIgnoreReturnValue
    Body message(String name, int number, Rope content) {
        if (encoding == Encoding.JSON) {
            name(name);
        } else {
            rope.add(head(number, content.length()));
        }
        rope.add(content);
        return this;
    }

    /** A repeated field; each fragment is what {@link #elements} gives. Nothing at all for no element, as Mesos. */
    @CanIgnoreReturnValue
    Body list(String name, List<Fragment> elements) {
        boolean begun = false;
        for (Fragment fragment : elements) {
            if (fragment.raw().length == 0) {
                continue;
            }
            if (encoding == Encoding.JSON) {
                if (begun) {
                    rope.own().write(',');
                } else {
                    name(name);
                    rope.own().write('[');
                }
            }
            begun = true;
            rope.add(fragment);
        }
        if (begun && encoding == Encoding.JSON) {
            rope.own().write(']');
        }
        return this;
    }

    Rope build() {
        if (encoding == Encoding.JSON) {
            rope.own().write('}');
        }
        return rope.build();
    }

    /** Messages as elements of the repeated field {@code number}. */
    static Fragment elements(Encoding encoding, int number, List<? extends Message> messages) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512 * Math.max(1, messages.size()));
        for (Message message : messages) {
            byte[] written = encoding.write(message);
            if (encoding == Encoding.PROTOBUF) {
                bytes.writeBytes(head(number, written.length));
            } else if (bytes.size() > 0) {
                bytes.write(',');
            }
            bytes.writeBytes(written);
        }
        return Fragment.of(bytes.toByteArray());
    }

    private void name(String name) {
        comma();
        rope.own().writeBytes(('"' + name + "\":").getBytes(StandardCharsets.US_ASCII));
    }

    private void comma() {
        if (!first) {
            rope.own().write(',');
        }
        first = false;
    }

    private static byte[] head(int number, long length) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(10);
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        try {
            out.writeTag(number, WireFormat.WIRETYPE_LENGTH_DELIMITED);
            out.writeUInt64NoTag(length);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
        return bytes.toByteArray();
    }
}
