package io.finback.mesos.v1;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.io.IOException;
import java.util.Optional;

/**
 * Reads Mesos' JSON straight into messages. Unknown fields and {@code null} are passed over; a name no enum has leaves an optional
 * field unset; a field given twice counts as given last; a single value may stand for a list of one. Required fields are not checked
 * here. Source: apache/mesos {@code 3rdparty/stout/include/stout/protobuf.hpp}.
 */
final class JsonReader {
    /** Deep enough for {@link Limits#depth} messages in lists; the sizes are limited before. */
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(250)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private final JsonParser in;
    private final Limits.Budget budget;

    private JsonReader(JsonParser in, Limits.Budget budget) {
        this.in = in;
        this.budget = budget;
    }

    static Message read(byte[] json, Message prototype, Limits limits) throws BadMessageException {
        try (JsonParser in = FACTORY.createParser(json)) {
            JsonReader reader = new JsonReader(in, limits.budget());
            if (in.nextToken() != JsonToken.START_OBJECT) {
                throw BadMessageException.of("not a JSON object");
            }
            Message.Builder into = prototype.newBuilderForType();
            reader.object(into, 1);
            if (in.nextToken() != null) {
                throw BadMessageException.of("something follows the JSON object (expected: nothing)");
            }
            return into.buildPartial();
        } catch (JsonProcessingException e) {
            // A limit of Jackson's own has no place.
            String place = e.getLocation() == null
                    ? ""
                    : " (line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr() + ")";
            throw BadMessageException.of("not JSON: " + e.getOriginalMessage() + place);
        } catch (IOException e) {
            // Text that is not UTF-8 is reported so.
            throw BadMessageException.of("not JSON: " + e.getMessage());
        }
    }

    private void object(Message.Builder into, int depth) throws IOException, BadMessageException {
        budget.depth(depth);
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            FieldDescriptor field = into.getDescriptorForType().findFieldByName(in.currentName());
            JsonToken token = in.nextToken();
            if (field == null) {
                in.skipChildren();
            } else if (token != JsonToken.VALUE_NULL) {
                budget.value();
                field(into, field, depth);
            }
        }
    }

    private void field(Message.Builder into, FieldDescriptor field, int depth) throws IOException, BadMessageException {
        if (!field.isRepeated()) {
            Optional<Object> value = value(into, field, depth);
            if (value.isPresent()) {
                into.setField(field, value.get());
            } else {
                into.clearField(field);
            }
            return;
        }
        into.clearField(field);
        if (field.isMapField()) {
            map(into, field, depth);
        } else if (in.currentToken() == JsonToken.START_ARRAY) {
            while (in.nextToken() != JsonToken.END_ARRAY) {
                budget.value();
                if (in.currentToken() != JsonToken.VALUE_NULL) {
                    value(into, field, depth).ifPresent(value -> into.addRepeatedField(field, value));
                }
            }
        } else {
            value(into, field, depth).ifPresent(value -> into.addRepeatedField(field, value));
        }
    }

    private void map(Message.Builder into, FieldDescriptor field, int depth) throws IOException, BadMessageException {
        if (in.currentToken() != JsonToken.START_OBJECT) {
            throw expected("an object");
        }
        FieldDescriptor key = field.getMessageType().findFieldByName("key");
        FieldDescriptor value = field.getMessageType().findFieldByName("value");
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            Message.Builder entry = into.newBuilderForField(field);
            entry.setField(key, in.currentName());
            if (in.nextToken() != JsonToken.VALUE_NULL) {
                budget.value();
                value(entry, value, depth).ifPresent(found -> entry.setField(value, found));
                into.addRepeatedField(field, entry.buildPartial());
            }
        }
    }

    /** The value at the current token; nothing for a name the enum does not have. */
    private Optional<Object> value(Message.Builder parent, FieldDescriptor field, int depth)
            throws IOException, BadMessageException {
        return switch (field.getJavaType()) {
            case MESSAGE -> Optional.of(message(parent, field, depth));
            case ENUM -> enumeration(field);
            default -> Optional.of(JsonScalars.read(this, in, field));
        };
    }

    private Message message(Message.Builder parent, FieldDescriptor field, int depth)
            throws IOException, BadMessageException {
        if (in.currentToken() != JsonToken.START_OBJECT) {
            throw expected("an object");
        }
        Message.Builder inner = parent.newBuilderForField(field);
        object(inner, depth + 1);
        return inner.buildPartial();
    }

    private Optional<Object> enumeration(FieldDescriptor field) throws IOException, BadMessageException {
        if (in.currentToken() != JsonToken.VALUE_STRING) {
            throw expected("a name of " + field.getEnumType().getFullName());
        }
        Optional<Object> value = Optional.ofNullable(field.getEnumType().findValueByName(in.getText()));
        if (value.isEmpty() && field.isRequired()) {
            throw expected("a name of " + field.getEnumType().getFullName());
        }
        return value;
    }

    /** Names the field and shows the value, shortened. */
    BadMessageException expected(String what) throws IOException {
        String shown =
                switch (in.currentToken()) {
                    case START_OBJECT -> "an object";
                    case START_ARRAY -> "a list";
                    default -> shortened(in.getText());
                };
        return BadMessageException.of(path() + ": " + shown + " (expected: " + what + ")");
    }

    private static String shortened(String text) {
        return text.length() > 60 ? text.substring(0, 60) + "..." : text;
    }

    private String path() {
        StringBuilder path = new StringBuilder();
        for (JsonPointer at = in.getParsingContext().pathAsPointer(); !at.matches(); at = at.tail()) {
            if (at.mayMatchElement()) {
                path.append('[').append(at.getMatchingIndex()).append(']');
            } else {
                path.append(path.length() == 0 ? "" : ".").append(at.getMatchingProperty());
            }
        }
        return path.toString();
    }
}
