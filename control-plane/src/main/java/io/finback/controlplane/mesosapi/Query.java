package io.finback.controlplane.mesosapi;

import akka.http.javadsl.model.Uri;
import akka.http.scaladsl.model.IllegalUriException;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The parameters of a request, from its query or its form. What cannot be read is refused with 400 and named. Immutable. */
record Query(Map<String, String> values) {
    private static final Pattern CALLBACK = Pattern.compile("[A-Za-z_$][A-Za-z0-9_$.\\[\\]]{0,127}");

    Query {
        values = Map.copyOf(values);
    }

    static Query of(Uri uri) {
        try {
            return new Query(uri.query().toMap());
        } catch (IllegalUriException e) {
            throw ApiFailure.badRequest("query: " + e.getMessage() + " (expected: name=value pairs, percent-encoded)");
        }
    }

    /** Empty text counts as absent, as in Mesos. */
    Optional<String> text(String name) {
        String value = values.get(name);
        return value == null || value.isEmpty() ? Optional.empty() : Optional.of(value);
    }

    int number(String name, int otherwise) {
        Optional<String> value = text(name);
        if (value.isEmpty()) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(value.get());
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below, like a negative one.
        }
        throw ApiFailure.badRequest(name + ": " + value.get() + " (expected: a whole number >= 0)");
    }

    String oneOf(String name, String otherwise, String... allowed) {
        String value = text(name).orElse(otherwise);
        for (String each : allowed) {
            if (each.equals(value)) {
                return value;
            }
        }
        throw ApiFailure.badRequest(name + ": " + value + " (expected: " + String.join(" or ", allowed) + ")");
    }

    /** Refuses what would be refused only when the answer is there. */
    void check() {
        var unused = callback();
    }

    /** The name of a function that shall be called with the answer, for browsers of another time. */
    Optional<String> callback() {
        Optional<String> name = text("jsonp");
        if (name.isPresent() && !CALLBACK.matcher(name.get()).matches()) {
            throw ApiFailure.badRequest("jsonp: " + name.get() + " (expected: the name of a function)");
        }
        return name;
    }
}
