package io.finback.meshrouter.namers;

import com.google.protobuf.CodedInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A message of protobuf taken apart, without knowing its kind; absent fields have the defaults of proto3. The last of a field that is there
 * twice counts. What cannot be read, or is of another type than is asked for, is an IllegalStateException. Source: protobuf.dev, encoding.
 */
final class ProtoFields {
    private static final byte[] NOTHING = {};

    private record Field(int number, Object value) {}

    private final List<Field> fields = new ArrayList<>();

    static ProtoFields of(byte[] message) {
        ProtoFields all = new ProtoFields();
        CodedInputStream in = CodedInputStream.newInstance(message);
        try {
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                int number = tag >>> 3;
                switch (tag & 7) {
                    case 0 -> all.fields.add(new Field(number, in.readRawVarint64()));
                    case 1 -> all.fields.add(new Field(number, Double.longBitsToDouble(in.readRawLittleEndian64())));
                    case 2 -> all.fields.add(new Field(number, in.readByteArray()));
                    default -> {
                        if (!in.skipField(tag)) {
                            throw new IllegalStateException("not a protobuf message: a group ends that never began");
                        }
                    }
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException("not a protobuf message: " + e.getMessage(), e);
        }
        return all;
    }

    private <T> List<T> each(int number, Class<T> type) {
        List<T> found = new ArrayList<>();
        for (Field field : fields) {
            if (field.number() == number) {
                if (!type.isInstance(field.value())) {
                    throw new IllegalStateException("field " + number + " is of another type");
                }
                found.add(type.cast(field.value()));
            }
        }
        return found;
    }

    private <T> T last(int number, Class<T> type, T otherwise) {
        List<T> found = each(number, type);
        return found.isEmpty() ? otherwise : found.get(found.size() - 1);
    }

    boolean has(int number) {
        return fields.stream().anyMatch(field -> field.number() == number);
    }

    /** The number of the last field, of which kind a oneof is; 0 of an empty message. */
    int last() {
        return lastOf(1, Integer.MAX_VALUE);
    }

    int lastOf(int least, int most) {
        int last = 0;
        for (Field field : fields) {
            last = field.number() >= least && field.number() <= most ? field.number() : last;
        }
        return last;
    }

    byte[] bytes(int number) {
        return last(number, byte[].class, NOTHING);
    }

    List<byte[]> all(int number) {
        return each(number, byte[].class);
    }

    ProtoFields message(int number) {
        return of(bytes(number));
    }

    List<ProtoFields> messages(int number) {
        return all(number).stream().map(ProtoFields::of).toList();
    }

    String text(int number) {
        return new String(bytes(number), StandardCharsets.UTF_8);
    }

    long number(int number) {
        return last(number, Long.class, 0L);
    }

    double real(int number) {
        return last(number, Double.class, 0.0);
    }
}
