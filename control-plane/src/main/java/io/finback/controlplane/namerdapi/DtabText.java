package io.finback.controlplane.namerdapi;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.finback.names.Dtab;
import io.finback.names.NamesJson;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** A dtab in the two forms namerd speaks, and its versions as ETags. Source: linkerd/linkerd namerd/iface/control-http. */
final class DtabText {
    private static final ObjectMapper JSON = new ObjectMapper();

    private DtabText() {}

    /** The two forms. */
    enum Form {
        JSON,
        TEXT
    }

    /** The form of a media type; empty for any other. */
    static Optional<Form> form(String mediaType) {
        return switch (mediaType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT)) {
            case "application/json" -> Optional.of(Form.JSON);
            case "application/dtab", "text/plain" -> Optional.of(Form.TEXT);
            default -> Optional.empty();
        };
    }

    /** Throws IllegalArgumentException saying what is wrong. */
    static Dtab read(Form form, String body) {
        if (form == Form.TEXT) {
            return Dtab.parse(body);
        }
        JsonNode all;
        try {
            all = JSON.readTree(body);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("body: " + e.getOriginalMessage() + " (expected: JSON)", e);
        }
        if (!all.isArray()) {
            throw new IllegalArgumentException("body: no list (expected: [{\"prefix\": ..., \"dst\": ...}])");
        }
        StringBuilder text = new StringBuilder();
        for (JsonNode entry : all) {
            if (!entry.path("prefix").isTextual() || !entry.path("dst").isTextual()) {
                throw new IllegalArgumentException("body: " + entry + " (expected: prefix and dst, both texts)");
            }
            Dtab one = Dtab.parse(
                    entry.path("prefix").asText() + " => " + entry.path("dst").asText());
            if (one.entries().size() != 1) {
                throw new IllegalArgumentException("body: " + entry + " (expected: one rule)");
            }
            text.append(one.show()).append(';');
        }
        return Dtab.parse(text.toString());
    }

    static String write(Form form, Dtab dtab) {
        return form == Form.TEXT ? dtab.show() : json(NamesJson.dtab(dtab));
    }

    static String json(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Eight bytes in base64. */
    static String etag(long version) {
        return Base64.getEncoder()
                .encodeToString(ByteBuffer.allocate(8).putLong(version).array());
    }

    /** The version of an ETag, with quotes or without; one that is none of ours is -1, which no table has. */
    static OptionalLong version(String etag) {
        String bare = etag.strip().replaceFirst("^W/", "").replace("\"", "");
        try {
            byte[] bytes = Base64.getDecoder().decode(bare);
            return OptionalLong.of(bytes.length == 8 ? ByteBuffer.wrap(bytes).getLong() : -1);
        } catch (IllegalArgumentException e) {
            return OptionalLong.of(-1);
        }
    }
}
