package io.finback.mesos.v1;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes messages in Mesos' JSON: names as they are declared, 64-bit numbers as numbers, bytes in base64, enums by name, maps as
 * objects, no empty lists; optional fields that are unset and have a default of their own are written, deprecated ones excepted.
 * Source: apache/mesos {@code 3rdparty/stout/include/stout/protobuf.hpp}.
 */
public final class JsonWriter {
    private static final JsonFactory FACTORY = new JsonFactory();
    private static final Map<Descriptor, Field[]> SHAPES = new ConcurrentHashMap<>();

    private JsonWriter() {}

    /** What is asked of a descriptor for every message of its type. */
    private record Field(FieldDescriptor descriptor, String name, boolean written, FieldDescriptor.Type type) {
        static Field of(FieldDescriptor field) {
            boolean always = !field.isRepeated()
                    && field.hasDefaultValue()
                    && !field.getOptions().getDeprecated();
            return new Field(field, field.getName(), always, field.getType());
        }
    }

    /** Writes one message; the stream is flushed and stays open. */
    public static void write(Message message, OutputStream out) throws IOException {
        try (JsonGenerator to = FACTORY.createGenerator(out)) {
            to.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
            write(message, to);
        }
    }

    /** Writes one message where the generator stands, for those who stream lists of them. */
    public static void write(Message message, JsonGenerator to) throws IOException {
        to.writeStartObject();
        for (Field field : shape(message.getDescriptorForType())) {
            if (field.descriptor().isRepeated()) {
                list(message, field, to);
            } else if (field.written() || message.hasField(field.descriptor())) {
                to.writeFieldName(field.name());
                value(message.getField(field.descriptor()), field, to);
            }
        }
        to.writeEndObject();
    }

    private static Field[] shape(Descriptor type) {
        return SHAPES.computeIfAbsent(
                type, of -> of.getFields().stream().map(Field::of).toArray(Field[]::new));
    }

    private static void list(Message message, Field field, JsonGenerator to) throws IOException {
        if (message.getRepeatedFieldCount(field.descriptor()) == 0) {
            return;
        }
        List<?> elements = (List<?>) message.getField(field.descriptor());
        to.writeFieldName(field.name());
        if (field.descriptor().isMapField()) {
            Field[] entry = shape(field.descriptor().getMessageType());
            to.writeStartObject();
            for (Object element : elements) {
                to.writeFieldName(String.valueOf(((Message) element).getField(entry[0].descriptor())));
                value(((Message) element).getField(entry[1].descriptor()), entry[1], to);
            }
            to.writeEndObject();
            return;
        }
        to.writeStartArray();
        for (Object element : elements) {
            value(element, field, to);
        }
        to.writeEndArray();
    }

    private static void value(Object value, Field field, JsonGenerator to) throws IOException {
        switch (field.type()) {
            case MESSAGE, GROUP -> write((Message) value, to);
            case ENUM -> to.writeString(((EnumValueDescriptor) value).getName());
            case BYTES -> to.writeBinary(((ByteString) value).toByteArray());
            case STRING -> to.writeString((String) value);
            case BOOL -> to.writeBoolean((Boolean) value);
            case DOUBLE -> to.writeNumber((Double) value);
            case FLOAT -> to.writeNumber((Float) value);
            case UINT32, FIXED32 -> to.writeNumber(Integer.toUnsignedLong((Integer) value));
            case UINT64, FIXED64 -> unsigned((Long) value, to);
            default -> to.writeNumber(((Number) value).longValue());
        }
    }

    private static void unsigned(long bits, JsonGenerator to) throws IOException {
        if (bits >= 0) {
            to.writeNumber(bits);
        } else {
            to.writeNumber(new BigInteger(Long.toUnsignedString(bits)));
        }
    }
}
