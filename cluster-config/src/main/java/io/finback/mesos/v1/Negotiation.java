package io.finback.mesos.v1;

import java.util.Locale;
import java.util.Optional;

/**
 * Which encoding a call comes in and which one its answer goes out in. Source: apache/mesos {@code src/master/http.cpp}: the content
 * type is compared as it stands, so that parameters are refused; JSON is preferred wherever it is accepted.
 */
public final class Negotiation {
    private Negotiation() {}

    /** The encoding of a body; nothing for any other media type, or for one of ours with parameters. */
    public static Optional<Encoding> contentType(String header) {
        for (Encoding encoding : Encoding.values()) {
            if (encoding.mediaType().equals(header)) {
                return Optional.of(encoding);
            }
        }
        return Optional.empty();
    }

    /** The encoding of the answer, given the text of all {@code Accept} headers, empty if there was none; nothing means 406. */
    public static Optional<Encoding> accept(String header) {
        if (header.isBlank()) {
            return Optional.of(Encoding.JSON);
        }
        for (Encoding encoding : Encoding.values()) {
            if (accepts(header, encoding.mediaType())) {
                return Optional.of(encoding);
            }
        }
        return Optional.empty();
    }

    private static boolean accepts(String header, String mediaType) {
        String wildcard = mediaType.substring(0, mediaType.indexOf('/')) + "/*";
        for (String range : header.split(",", -1)) {
            String[] parts = range.toLowerCase(Locale.ROOT).split(";", -1);
            String name = parts[0].trim();
            boolean matches = name.equals(mediaType) || name.equals("*/*") || name.equals(wildcard);
            if (matches && !isRefused(parts)) {
                return true;
            }
        }
        return false;
    }

    /** {@code q=0} says "anything but this". */
    private static boolean isRefused(String[] parts) {
        for (int i = 1; i < parts.length; i++) {
            if (parts[i].replace(" ", "").matches("q=0(\\.0{0,3})?")) {
                return true;
            }
        }
        return false;
    }
}
