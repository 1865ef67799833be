package io.finback.nodeagent.image;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The name of an image as {@code docker pull} takes it: {@code [host[:port]/]path[:tag][@digest]}. Source: distribution/reference.
 *
 * @param host where it comes from; empty: none is named
 * @param path the repository there, as it was written
 * @param tag {@code latest} when neither it nor a digest is named
 * @param digest {@code sha256:} and 64 hexadecimal digits; wins over the tag
 */
public record Reference(Optional<String> host, String path, String tag, Optional<String> digest) {
    private static final Pattern PATH =
            Pattern.compile("[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*");
    private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?");
    private static final int MAX_PATH = 255;
    private static final String LATEST = "latest";

    /** Throws {@link IllegalArgumentException} with the text and what was expected. */
    public static Reference parse(String text) {
        String rest = text;
        Optional<String> digest = Optional.empty();
        int at = rest.indexOf('@');
        if (at >= 0) {
            digest = Optional.of(rest.substring(at + 1));
            rest = rest.substring(0, at);
        }
        String tag = LATEST;
        int colon = rest.lastIndexOf(':');
        if (colon > rest.lastIndexOf('/')) {
            tag = rest.substring(colon + 1);
            rest = rest.substring(0, colon);
        }
        Optional<String> host = Optional.empty();
        int slash = rest.indexOf('/');
        String first = slash < 0 ? "" : rest.substring(0, slash);
        if (first.indexOf('.') >= 0 || first.indexOf(':') >= 0 || first.equals("localhost")) {
            host = Optional.of(first);
            rest = rest.substring(slash + 1);
        }
        boolean valid = PATH.matcher(rest).matches()
                && rest.length() <= MAX_PATH
                && TAG.matcher(tag).matches()
                && host.map(name -> HOST.matcher(name).matches()).orElse(true)
                && digest.map(Digest::isValid).orElse(true);
        if (!valid) {
            throw new IllegalArgumentException(
                    "'" + text
                            + "' (expected: a name such as busybox, team/web:1.2, registry.example:5000/web or web@sha256:<64 hex>)");
        }
        return new Reference(host, rest, tag, digest);
    }

    /** As a file below a directory of images is called: without the host, so that a copy from any registry serves. */
    String fileName() {
        return path + ":" + digest.orElse(tag);
    }

    /** What is asked of a registry: the digest if there is one, else the tag. */
    String version() {
        return digest.orElse(tag);
    }

    @Override
    public String toString() {
        return host.map(name -> name + "/").orElse("")
                + path
                + digest.map(hash -> "@" + hash).orElse(":" + tag);
    }
}
