package io.finback.controlplane.mesosapi;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import io.finback.controlplane.view.Page;
import io.finback.controlplane.view.Pages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * JSON written into a {@link Rope}: lists of pages enter it as fragments that were written once, when their page was new. Not
 * thread-safe.
 */
final class JsonRope {
    /** Values one after the other are separated as in a list, for parts of lists. */
    private static final JsonFactory FACTORY =
            new JsonFactoryBuilder().rootValueSeparator(",").build();

    private final Rope.Builder rope = new Rope.Builder();
    private final JsonGenerator json;

    private JsonRope() throws IOException {
        json = FACTORY.createGenerator(rope.own());
    }

    /** How one value is written. */
    @FunctionalInterface
    interface ValueWriter<T> {
        void write(T value, JsonGenerator to) throws IOException;
    }

    /** How a whole document is written. */
    @FunctionalInterface
    interface DocumentWriter {
        void write(JsonRope to) throws IOException;
    }

    static Rope of(DocumentWriter document) {
        try {
            JsonRope to = new JsonRope();
            document.write(to);
            to.json.flush();
            return to.rope.build();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
    }

    /** The elements of a list without its brackets; empty bytes for no element. */
    static <T> Fragment elements(List<T> values, ValueWriter<T> writer) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512 * Math.max(1, values.size()));
        try (JsonGenerator to = FACTORY.createGenerator(bytes)) {
            for (T value : values) {
                writer.write(value, to);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
        return Fragment.of(bytes.toByteArray());
    }

    /** A page's elements, to be kept with the page. */
    static <T> Page.Derivation<T, Fragment> page(ValueWriter<T> writer) {
        return Page.Derivation.of(items -> elements(items, writer));
    }

    JsonGenerator json() {
        return json;
    }

    /** A field with a list. */
    <T> void list(String name, Pages<T> values, Page.Derivation<T, Fragment> written) throws IOException {
        json.writeArrayFieldStart(name);
        for (Page<T> page : values.pages()) {
            if (!page.items().isEmpty()) {
                add(page.derived(written));
            }
        }
        json.writeEndArray();
    }

    <T> void list(String name, Iterable<T> values, ValueWriter<T> writer) throws IOException {
        json.writeArrayFieldStart(name);
        for (T value : values) {
            writer.write(value, json);
        }
        json.writeEndArray();
    }

    private void add(Fragment elements) throws IOException {
        if (elements.raw().length > 0) {
            // Writes the comma that is due, and counts what follows as an element.
            json.writeRawValue("");
            json.flush();
            rope.add(elements);
        }
    }
}
