package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;

/** JSON as Marathon's clients know it: whole numbers without a fraction, times with three digits. */
final class Json {
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final double EXACT = 9e15;

    private Json() {}

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    static byte[] bytes(JsonNode node) {
        try {
            return MAPPER.writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of plain nodes must be writable", e);
        }
    }

    /** Throws {@link ApiFailure} 400 with the place of the error, without the text around it. */
    static JsonNode parse(byte[] bytes) {
        try {
            JsonNode node = MAPPER.readTree(bytes);
            if (node == null || node.isMissingNode()) {
                throw ApiFailure.badJson("the body is empty (expected: JSON)");
            }
            return node;
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            String where = at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
            throw ApiFailure.badJson("not valid JSON" + where);
        } catch (IOException e) {
            throw ApiFailure.badJson("not valid JSON");
        }
    }

    static JsonNode number(double value) {
        return value == Math.rint(value) && Math.abs(value) < EXACT
                ? LongNode.valueOf((long) value)
                : DoubleNode.valueOf(value);
    }

    static JsonNode seconds(Duration duration) {
        return number(duration.toMillis() / 1000.0);
    }

    static String time(Instant instant) {
        return TIME.format(instant);
    }

    /** Throws {@link ApiFailure} 422. */
    static Instant instant(String path, String text) {
        try {
            return DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from);
        } catch (DateTimeParseException e) {
            throw ApiFailure.rule(path, "'" + text + "' (expected: a time such as 2017-05-04T10:11:12.345Z)");
        }
    }
}
